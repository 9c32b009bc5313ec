package io.arbalest.server;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * Looks at ports before anything slow is started, so that a stale one costs one line and no
 * half-started node.
 *
 * <p>Thread-safe: no state.
 */
final class Ports {
    private Ports() {}

    /** The port itself if it can be bound, or a free one for 0; refused with PORT_IN_USE. */
    static int probe(String host, int port, ConfigKey key) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(
                    true); // as the servers do: connections of a former process may linger
            socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
            return socket.getLocalPort();
        } catch (IOException e) {
            throw inUse(host, port, key, e);
        }
    }

    static ArbalestException inUse(
            String host, int port, ConfigKey key, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.PORT_IN_USE,
                key.path()
                        + ": cannot listen on "
                        + host
                        + ":"
                        + port
                        + (cause == null ? "" : " (" + cause.getMessage() + ")"),
                "stop the process that uses the port (ss -ltnp), or choose another with "
                        + key.path()
                        + " or "
                        + key.environmentName(),
                cause);
    }
}
