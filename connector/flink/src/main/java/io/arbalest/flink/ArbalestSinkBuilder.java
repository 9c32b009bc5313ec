package io.arbalest.flink;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.util.InstantiationUtil;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Builds an {@link ArbalestSink}. Endpoints, collection and serializer are required.
 *
 * <p>Confined to one thread.
 *
 * @param <T> the stream's elements
 */
@PublicEvolving
public final class ArbalestSinkBuilder<T> {
    private static final Pattern ENDPOINT =
            Pattern.compile("[^\\s:/]+:\\d{1,5}|\\[[0-9a-fA-F:.]+]:\\d{1,5}");

    private List<String> endpoints = List.of();
    private String collection = "";
    private @Nullable PointSerializer<T> serializer;
    private DeliveryGuarantee guarantee = DeliveryGuarantee.AT_LEAST_ONCE;
    private int batchRows = WriterOptions.DEFAULT.batchRows();
    private Duration batchDelay = WriterOptions.DEFAULT.batchDelay();
    private long maxUnacknowledgedBytes = WriterOptions.DEFAULT.maxUnacknowledgedBytes();
    private Duration retryTimeout = WriterOptions.DEFAULT.retryTimeout();
    private boolean acceptOlder = WriterOptions.DEFAULT.acceptOlder();
    private ClientFactory clients = ArbalestClient::connect;

    ArbalestSinkBuilder() {}

    /** Nodes to start from, {@code host:port} of Flight; the others are learnt from them. */
    public ArbalestSinkBuilder<T> setEndpoints(String... hostsAndPorts) {
        return setEndpoints(List.of(hostsAndPorts));
    }

    /** As {@link #setEndpoints(String...)}. */
    public ArbalestSinkBuilder<T> setEndpoints(List<String> hostsAndPorts) {
        this.endpoints = List.copyOf(hostsAndPorts);
        return this;
    }

    /** The collection to write to; it must exist when the job starts. */
    public ArbalestSinkBuilder<T> setCollection(String name) {
        this.collection = name;
        return this;
    }

    /** What makes points of elements. */
    public ArbalestSinkBuilder<T> setSerializer(PointSerializer<T> points) {
        this.serializer = points;
        return this;
    }

    /** AT_LEAST_ONCE (default) or NONE. */
    public ArbalestSinkBuilder<T> setDeliveryGuarantee(DeliveryGuarantee deliveryGuarantee) {
        this.guarantee = deliveryGuarantee;
        return this;
    }

    /** Most points in a message; default 512. */
    public ArbalestSinkBuilder<T> setBatchRows(int rows) {
        this.batchRows = rows;
        return this;
    }

    /** Longest that a point waits for its message to fill; default 5 ms. */
    public ArbalestSinkBuilder<T> setBatchDelay(Duration delay) {
        this.batchDelay = delay;
        return this;
    }

    /**
     * How much a subtask may have sent without acknowledgement before it holds the stream back;
     * default 16 MiB.
     */
    public ArbalestSinkBuilder<T> setMaxUnacknowledgedBytes(long bytes) {
        this.maxUnacknowledgedBytes = bytes;
        return this;
    }

    /** How long a shard that does not answer is retried before the job fails; default 2 minutes. */
    public ArbalestSinkBuilder<T> setRetryTimeout(Duration timeout) {
        this.retryTimeout = timeout;
        return this;
    }

    /**
     * Whether versions below the tombstone horizon are accepted, as a backfill needs; default
     * false.
     */
    public ArbalestSinkBuilder<T> setAcceptOlder(boolean accept) {
        this.acceptOlder = accept;
        return this;
    }

    ArbalestSinkBuilder<T> setClientFactory(ClientFactory factory) {
        this.clients = factory;
        return this;
    }

    /**
     * The sink.
     *
     * @throws ArbalestException INVALID_CONFIGURATION, naming the setting that is missing or wrong
     */
    public ArbalestSink<T> build() {
        check(!endpoints.isEmpty(), "no endpoints", "call setEndpoints(\"host:7400\")");
        for (String endpoint : endpoints) {
            check(
                    ENDPOINT.matcher(endpoint).matches(),
                    "endpoint '" + endpoint + "', which is not host:port",
                    "write it like index-0:7400");
        }
        check(!collection.isEmpty(), "no collection", "call setCollection(\"name\")");
        check(batchRows >= 1, "batch rows " + batchRows, "use at least 1");
        check(!batchDelay.isNegative(), "batch delay " + batchDelay, "use zero or more");
        check(
                maxUnacknowledgedBytes >= 1,
                "max unacknowledged bytes " + maxUnacknowledgedBytes,
                "use at least 1");
        check(
                retryTimeout.compareTo(Duration.ZERO) > 0,
                "retry timeout " + retryTimeout,
                "use a positive duration");
        check(
                guarantee != DeliveryGuarantee.EXACTLY_ONCE,
                "delivery guarantee EXACTLY_ONCE, which is not offered yet",
                "use AT_LEAST_ONCE: points with versions make replays harmless, only visibility is"
                        + " not atomic");
        PointSerializer<T> points = serializer;
        if (points == null) {
            throw invalid("no serializer", "call setSerializer(...)");
        }
        check(
                InstantiationUtil.isSerializable(points),
                "serializer " + points.getClass().getName() + ", which cannot be serialized",
                "keep only serializable fields and make the others in open()");
        return new ArbalestSink<>(
                endpoints,
                collection,
                points,
                guarantee,
                new ArbalestSink.Batching(
                        batchRows, batchDelay, maxUnacknowledgedBytes, retryTimeout, acceptOlder),
                clients);
    }

    private static void check(boolean holds, String what, String fix) {
        if (!holds) {
            throw invalid(what, fix);
        }
    }

    private static ArbalestException invalid(String what, String fix) {
        return new ArbalestException(ErrorCode.INVALID_CONFIGURATION, "the sink has " + what, fix);
    }
}
