package io.arbalest.client;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What this client knows of the cluster: the newest image that any node has told, and whom to ask
 * for another.
 *
 * <p>Thread-safe.
 */
final class ClusterView {
    private static final Duration RETRY_PAUSE = Duration.ofMillis(100);

    private final List<Endpoint> seeds;
    private final NodeConnections connections;
    private final ClientOptions options;
    private volatile @Nullable ClusterImage image;

    ClusterView(List<Endpoint> seeds, NodeConnections connections, ClientOptions options) {
        this.seeds = seeds;
        this.connections = connections;
        this.options = options;
    }

    /** The cached image, asked for if there is none. */
    ClusterImage image() {
        ClusterImage known = image;
        return known != null ? known : refresh();
    }

    /**
     * Asks nodes, one after the other, until one answers.
     *
     * @throws ArbalestException UNREACHABLE, naming all that were tried
     */
    ClusterImage refresh() {
        List<String> failures = new ArrayList<>();
        for (Endpoint endpoint : endpoints()) {
            try {
                return learn(connections.to(endpoint).image(options.connectTimeout()));
            } catch (ArbalestException e) {
                failures.add(endpoint + " (" + e.code().label() + " " + e.detail() + ")");
            }
        }
        throw unreachable(failures);
    }

    /**
     * The collection of this name, asked for again if the cached image does not have it; refused
     * with UNKNOWN_COLLECTION.
     */
    ClusterImage.Collection collection(String name) {
        ClusterImage.Collection known = image().collections().get(name);
        return known != null ? known : refresh().requireCollection(name);
    }

    /**
     * Waits until some node tells of a collection that was just created: the one asked may lag
     * behind.
     */
    void awaitCollection(CollectionDefinition definition) {
        long deadline = System.nanoTime() + options.callTimeout().toNanos();
        while (true) {
            ClusterImage.Collection known = refresh().collections().get(definition.name());
            if (known != null
                    && known.definition().incarnation().equals(definition.incarnation())) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new ArbalestException(
                        ErrorCode.METADATA_UNAVAILABLE,
                        "collection '"
                                + definition.name()
                                + "' was created, but no node knows of it yet",
                        "check that the nodes reach each other");
            }
            pause();
        }
    }

    /**
     * Waits until every node that answers knows the fields of a collection: a write with a field
     * that was added just now may go to any of them.
     */
    void awaitFields(CollectionDefinition definition) {
        long deadline = System.nanoTime() + options.callTimeout().toNanos();
        refresh();
        for (Endpoint endpoint : endpoints()) {
            while (lags(endpoint, definition)) {
                if (System.nanoTime() > deadline) {
                    throw new ArbalestException(
                            ErrorCode.METADATA_UNAVAILABLE,
                            "a field was added to collection '"
                                    + definition.name()
                                    + "', but "
                                    + endpoint
                                    + " does not know it yet",
                            "check that the nodes reach each other; adding it again does no harm");
                }
                pause();
            }
        }
    }

    private boolean lags(Endpoint endpoint, CollectionDefinition definition) {
        try {
            ClusterImage told = connections.to(endpoint).image(options.connectTimeout());
            learn(told);
            ClusterImage.Collection known = told.collections().get(definition.name());
            return known == null || !known.definition().extendsFieldsOf(definition);
        } catch (ArbalestException e) {
            return false; // it learns of the field before it serves again
        }
    }

    /**
     * Keeps the newer of this image and the cached one, and returns it: a node may lag behind what
     * another has told.
     */
    synchronized ClusterImage learn(ClusterImage told) {
        ClusterImage known = image;
        if (known == null || told.index() >= known.index()) {
            image = told;
            return told;
        }
        return known;
    }

    /**
     * Calls an action on any node: the next is tried if one does not answer; all are tried again,
     * until the call timeout, if one answered that it cannot now.
     */
    <M extends Message> M callAny(String action, Message body, Parser<M> answer) {
        byte[] bytes = body.toByteArray();
        long deadline = System.nanoTime() + options.callTimeout().toNanos();
        while (true) {
            List<String> failures = new ArrayList<>();
            @Nullable ArbalestException refusal = null;
            for (Endpoint endpoint : endpoints()) {
                try {
                    return connections
                            .to(endpoint)
                            .call(action, bytes, answer, remaining(deadline));
                } catch (ArbalestException e) {
                    if (!e.code().retryable()) {
                        throw e;
                    }
                    failures.add(endpoint + " (" + e.code().label() + " " + e.detail() + ")");
                    refusal = e.code() == ErrorCode.UNREACHABLE ? refusal : e;
                }
            }
            if (refusal == null) {
                throw unreachable(failures);
            }
            if (deadline - System.nanoTime() < RETRY_PAUSE.toNanos()) {
                throw refusal;
            }
            pause();
        }
    }

    /** The seeds first, then every registered node. */
    private Set<Endpoint> endpoints() {
        Set<Endpoint> endpoints = new LinkedHashSet<>(seeds);
        ClusterImage known = image;
        if (known != null) {
            known.nodes().values().forEach(node -> endpoints.add(Endpoint.of(node)));
        }
        return endpoints;
    }

    private static Duration remaining(long deadline) {
        return Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
    }

    private static void pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(RETRY_PAUSE.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ArbalestException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "interrupted while waiting for the cluster",
                    "call again",
                    e);
        }
    }

    private static ArbalestException unreachable(List<String> failures) {
        return new ArbalestException(
                ErrorCode.UNREACHABLE,
                "no node answered; tried " + String.join(", ", failures),
                "check that the nodes run and that the endpoints are their Flight ports");
    }
}
