package io.arbalest.flink;

import io.arbalest.client.ArbalestClient;

import org.apache.flink.annotation.Internal;
import org.apache.flink.util.UserCodeClassLoader;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The clients that this class loader has open. A writer closes its own; what a crashed task left
 * behind is closed before Flink releases the class loader, lest the client's threads run on in
 * unloaded code.
 *
 * <p>Thread-safe.
 */
@Internal
final class OpenClients {
    private static final String HOOK = "arbalest-clients";
    private static final Set<ArbalestClient> OPEN = ConcurrentHashMap.newKeySet();

    private OpenClients() {}

    static ArbalestClient add(ArbalestClient client, UserCodeClassLoader loader) {
        OPEN.add(client);
        loader.registerReleaseHookIfAbsent(HOOK, () -> OPEN.forEach(OpenClients::close));
        return client;
    }

    static void close(ArbalestClient client) {
        if (OPEN.remove(client)) {
            client.close();
        }
    }
}
