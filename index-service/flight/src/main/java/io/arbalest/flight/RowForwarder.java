package io.arbalest.flight;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.OperationKind;
import io.arbalest.protocol.TokenCodec;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Sends rows on to the nodes that own them, with the client and so one hop only: the client's
 * streams name their shard, and a stream that names its shard is never forwarded. One writer a
 * stream, opened with the first row that needs it.
 *
 * <p>{@link #forward} and {@link #close} are confined to the call's thread; refusals arrive on the
 * client's threads.
 */
final class RowForwarder implements AutoCloseable {
    /** A writer that waits for a forwarded batch is told so before its own patience ends. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Supplier<ArbalestClient> client;
    private final CollectionDefinition collection;
    private final boolean acceptOlder;
    private final FlightTelemetry telemetry;

    /** Where a refused point is to be reported; guarded by itself. */
    private final IdentityHashMap<Point, Origin> origins = new IdentityHashMap<>();

    private @Nullable PointWriter writer;

    private record Origin(PutOutcome outcome, int row) {}

    RowForwarder(
            Supplier<ArbalestClient> client,
            CollectionDefinition collection,
            boolean acceptOlder,
            FlightTelemetry telemetry) {
        this.client = client;
        this.collection = collection;
        this.acceptOlder = acceptOlder;
        this.telemetry = telemetry;
    }

    /** Sends rows; completes when their nodes have acknowledged them. Never throws. */
    CompletableFuture<?> forward(IncomingRows rows, int[] positions, PutOutcome outcome) {
        Point[] points = new Point[positions.length];
        CompletableFuture<?> acknowledged;
        try {
            PointWriter open = writer();
            for (int index = 0; index < positions.length; index++) {
                points[index] = point(rows, positions[index]);
                synchronized (origins) {
                    origins.put(points[index], new Origin(outcome, positions[index]));
                }
                write(open, points[index]);
            }
            telemetry.forwardedRows.add(positions.length);
            acknowledged =
                    open.flush()
                            .thenAccept(token ->
                                    TokenCodec.fromBytes(token.bytes())
                                            .positions()
                                            .forEach(outcome::reached));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            acknowledged = CompletableFuture.failedFuture(OpenCalls.shuttingDown());
        } catch (RuntimeException e) {
            acknowledged = CompletableFuture.failedFuture(e);
        }
        return acknowledged.whenComplete((_, _) -> forget(points));
    }

    private void write(PointWriter open, Point point) throws InterruptedException {
        try {
            open.write(point);
        } catch (ArbalestException e) {
            if (e.code().retryable()) {
                throw e;
            }
            rejected(point, e); // this row cannot be written; the others can
        }
    }

    private static Point point(IncomingRows rows, int row) {
        OperationKind operation = rows.operation(row);
        short[] vector = rows.vector(row);
        if (vector == null && operation == OperationKind.UPSERT) {
            return Point.updateMetadata(rows.key(row), rows.metadata(row), rows.version(row));
        }
        return new Point(rows.key(row), operation, vector, rows.metadata(row), rows.version(row));
    }

    private PointWriter writer() {
        if (writer == null) {
            WriterOptions defaults = WriterOptions.DEFAULT;
            WriterOptions options =
                    new WriterOptions(
                            "",
                            0,
                            0,
                            defaults.batchRows(),
                            defaults.batchDelay(),
                            defaults.maxUnacknowledgedBytes(),
                            PATIENCE,
                            acceptOlder);
            writer =
                    Peers.knowing(client.get(), collection)
                            .openWriter(collection.name(), options, this::rejected);
        }
        return writer;
    }

    private void rejected(Point point, ArbalestException error) {
        Origin origin;
        synchronized (origins) {
            origin = origins.get(point);
        }
        if (origin != null) {
            origin.outcome.reject(origin.row, error);
        }
    }

    private void forget(@Nullable Point[] points) {
        synchronized (origins) {
            for (Point point : points) {
                origins.remove(point);
            }
        }
    }

    @Override
    public void close() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
    }
}
