package io.arbalest.flink;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.PointWriter;
import io.arbalest.model.ArbalestException;

import org.apache.flink.annotation.Internal;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

import java.io.IOException;
import java.util.concurrent.ExecutionException;

/**
 * The writer of one subtask. Batching, retries and back-pressure are the client's: {@link #write}
 * blocks while too much is unacknowledged, and a failure of the client's surfaces at the next write
 * or flush and fails the task. Nothing is kept in Flink state: a flush before a checkpoint waits
 * until everything is acknowledged.
 *
 * <p>Metrics: Flink's {@code numRecordsSend}, {@code numBytesSend}, {@code numRecordsSendErrors},
 * {@code currentSendTime} (ms that the last flush waited), and in the group {@code arbalest} the
 * gauges {@code inFlight}, {@code staleDropped}, {@code duplicatesDropped}, {@code rejected} and
 * {@code retries}.
 *
 * <p>Confined to the task's thread; gauges are read from others.
 *
 * @param <T> the stream's elements
 */
@Internal
final class ArbalestSinkWriter<T> implements SinkWriter<T> {
    private static final String GROUP = "arbalest";
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final ArbalestClient client;
    private final PointWriter points;
    private final PointSerializer<T> serializer;
    private final DeliveryGuarantee guarantee;
    private final Counter recordsSend;
    private final Counter bytesSend;
    private final Counter sendErrors;
    private volatile long lastSendMillis;
    private boolean closed;

    ArbalestSinkWriter(
            ArbalestClient client,
            PointWriter points,
            PointSerializer<T> serializer,
            DeliveryGuarantee guarantee,
            SinkWriterMetricGroup metrics) {
        this.client = client;
        this.points = points;
        this.serializer = serializer;
        this.guarantee = guarantee;
        this.recordsSend = metrics.getNumRecordsSendCounter();
        this.bytesSend = metrics.getNumBytesSendCounter();
        this.sendErrors = metrics.getNumRecordsSendErrorsCounter();
        metrics.setCurrentSendTimeGauge(() -> lastSendMillis);
        MetricGroup own = metrics.addGroup(GROUP);
        own.gauge("inFlight", points::unacknowledged);
        own.gauge("staleDropped", () -> points.statistics().stale());
        own.gauge("duplicatesDropped", () -> points.statistics().duplicates());
        own.gauge("rejected", () -> points.statistics().rejected());
        own.gauge("retries", () -> points.statistics().retries());
    }

    @Override
    public void write(T element, Context context) throws IOException, InterruptedException {
        try {
            points.write(serializer.serialize(element, context));
            recordsSend.inc();
        } catch (ArbalestException e) {
            sendErrors.inc();
            throw e;
        } finally {
            countBytes();
        }
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
        if (guarantee == DeliveryGuarantee.NONE && !endOfInput) {
            return;
        }
        long start = System.nanoTime();
        try {
            points.flush().get();
        } catch (ExecutionException e) {
            sendErrors.inc();
            if (e.getCause() instanceof ArbalestException failure) {
                throw failure;
            }
            throw new IOException("points were not acknowledged", e.getCause());
        } finally {
            lastSendMillis = (System.nanoTime() - start) / NANOS_PER_MILLI;
            countBytes();
        }
    }

    /**
     * Brings Flink's counter up to the client's count; a counter must not be changed from another
     * thread.
     */
    private void countBytes() {
        bytesSend.inc(points.statistics().bytes() - bytesSend.getCount());
    }

    /**
     * Ends the streams and the client's threads. After a failure the client goes first: what is
     * unacknowledged will be written again from the last checkpoint, and waiting for it would only
     * hold up the restart.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (points.unacknowledged() > 0) {
                OpenClients.close(client);
            }
        } finally {
            try {
                points.close();
            } finally {
                OpenClients.close(client);
            }
        }
    }
}
