package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;

import org.apache.arrow.memory.BufferAllocator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One connection a node, opened when first needed.
 *
 * <p>Thread-safe.
 */
final class NodeConnections implements AutoCloseable {
    /** More nodes than this are not one cluster. */
    private static final int MAX_CONNECTIONS = 1024;

    private final BufferAllocator allocator;
    private final ClientThreads threads;
    private final Duration connectTimeout;
    private final Map<Endpoint, NodeConnection> connections = new HashMap<>();
    private boolean closed;

    NodeConnections(BufferAllocator allocator, ClientThreads threads, Duration connectTimeout) {
        this.allocator = allocator;
        this.threads = threads;
        this.connectTimeout = connectTimeout;
    }

    synchronized NodeConnection to(Endpoint endpoint) {
        if (closed) {
            throw new ArbalestException(
                    ErrorCode.SHUTTING_DOWN,
                    "this client is closed",
                    "use it before it is closed, or connect another");
        }
        NodeConnection found = connections.get(endpoint);
        if (found != null) {
            return found;
        }
        if (connections.size() >= MAX_CONNECTIONS) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "this client is connected to " + connections.size() + " nodes",
                    "use one client per cluster");
        }
        NodeConnection made = new NodeConnection(endpoint, allocator, threads, connectTimeout);
        connections.put(endpoint, made);
        return made;
    }

    /** The connection to a node of this name; UNREACHABLE if it has not registered. */
    NodeConnection toNode(ClusterImage image, String name) {
        return to(
                Endpoint.of(
                        image.node(name)
                                .orElseThrow(() ->
                                        new ArbalestException(
                                                ErrorCode.UNREACHABLE,
                                                "node '"
                                                        + name
                                                        + "' has not registered with the cluster",
                                                "start the node; there are "
                                                        + image.nodes().keySet()))));
    }

    @Override
    public void close() {
        List<NodeConnection> open;
        synchronized (this) {
            closed = true;
            open = new ArrayList<>(connections.values());
            connections.clear();
        }
        open.forEach(NodeConnection::close);
    }
}
