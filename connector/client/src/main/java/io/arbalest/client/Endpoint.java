package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.NodeInfo;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a node's Flight port is.
 *
 * <p>Immutable.
 */
record Endpoint(String host, int port) {
    private static final Pattern TEXT =
            Pattern.compile("(?:\\[([^\\]]+)\\]|([^:\\[\\]]+)):(\\d{1,5})");
    private static final int MAX_PORT = 65_535;

    /** Reads {@code host:port} or {@code [ipv6]:port}; refused with INVALID_CONFIGURATION. */
    static Endpoint parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (matcher.matches()) {
            String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
            int port = Integer.parseInt(matcher.group(3));
            if (host != null && port > 0 && port <= MAX_PORT) {
                return new Endpoint(host, port);
            }
        }
        throw new ArbalestException(
                ErrorCode.INVALID_CONFIGURATION,
                "endpoint '" + text + "' is not host:port",
                "give the Flight address of a node, for example 127.0.0.1:7400");
    }

    static Endpoint of(NodeInfo node) {
        return new Endpoint(node.host(), node.flightPort());
    }

    @Override
    public String toString() {
        return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
    }
}
