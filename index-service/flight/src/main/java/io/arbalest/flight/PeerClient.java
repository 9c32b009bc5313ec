package io.arbalest.flight;

import io.arbalest.client.ArbalestClient;
import io.arbalest.engine.ClusterCatalog;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Supplier;

/**
 * The client with which this node talks to the others. Made when it is first needed: a node that
 * only serves clients which route for themselves never needs it.
 *
 * <p>Thread-safe.
 */
final class PeerClient implements Supplier<ArbalestClient>, AutoCloseable {
    private final ClusterCatalog catalog;
    private @Nullable ArbalestClient client; // guarded by this
    private boolean closed; // guarded by this

    PeerClient(ClusterCatalog catalog) {
        this.catalog = catalog;
    }

    @Override
    public synchronized ArbalestClient get() {
        if (closed) {
            throw OpenCalls.shuttingDown();
        }
        if (client == null) {
            List<String> endpoints =
                    catalog.image().nodes().values().stream()
                            .map(node -> node.host() + ":" + node.flightPort())
                            .toList();
            if (endpoints.isEmpty()) {
                throw new ArbalestException(
                        ErrorCode.METADATA_UNAVAILABLE,
                        "this node knows no member of the cluster yet",
                        "retry when /readyz answers 200");
            }
            client = ArbalestClient.connect(endpoints);
        }
        return client;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (client != null) {
            client.close();
            client = null;
        }
    }
}
