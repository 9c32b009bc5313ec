package io.arbalest.cli;

import io.arbalest.model.NodeInfo;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Asks a node's HTTP port how it is. Uses the JDK's old HTTP client because it starts in a few
 * milliseconds.
 *
 * <p>Thread-safe: no state.
 */
final class NodeHealth {
    static final String READY = "ready";
    static final String NOT_READY = "not ready";
    static final String UNREACHABLE = "unreachable";

    private static final int TIMEOUT_MILLIS = 1_500;
    private static final int MAX_BODY_BYTES = 1 << 20;

    private NodeHealth() {}

    /** {@link #READY}, {@link #NOT_READY} or {@link #UNREACHABLE}. */
    static String state(NodeInfo node) {
        try {
            HttpURLConnection connection = open(node.host(), node.httpPort(), "/readyz");
            try {
                return connection.getResponseCode() == HttpURLConnection.HTTP_OK
                        ? READY
                        : NOT_READY;
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return UNREACHABLE;
        }
    }

    /** The details that a node tells about itself, as JSON text; empty if it does not answer. */
    static Optional<String> details(String host, int httpPort) {
        try {
            HttpURLConnection connection = open(host, httpPort, "/healthz");
            try (InputStream body = connection.getInputStream()) {
                return Optional.of(
                        new String(body.readNBytes(MAX_BODY_BYTES), StandardCharsets.UTF_8));
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static HttpURLConnection open(String host, int port, String path) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection)
                        URI.create("http://" + host + ":" + port + path).toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        return connection;
    }
}
