package io.arbalest.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

class ArbalestSinkWriterTest {
    private static final SinkWriter.Context CONTEXT =
            new SinkWriter.Context() {
                @Override
                public long currentWatermark() {
                    return Long.MIN_VALUE;
                }

                @Override
                public @Nullable Long timestamp() {
                    return 7L;
                }
            };

    private final RecordingClient client = new RecordingClient();
    private final RecordingMetrics metrics = new RecordingMetrics();

    private ArbalestSinkWriter<String> writer(DeliveryGuarantee guarantee) {
        PointWriter points =
                client.openWriter("c", WriterOptions.DEFAULT, PointWriter.RejectionHandler.FAIL);
        PointSerializer<String> serializer = ArbalestSinkWriterTest::point;
        return new ArbalestSinkWriter<>(client, points, serializer, guarantee, metrics);
    }

    private static Point point(String element, SinkWriter.Context context) {
        Long timestamp = context.timestamp();
        Version version = new Version(0, timestamp == null ? 0 : timestamp, 0);
        return Point.upsert(PointKey.of(element), new float[] {1}, Map.of(), version);
    }

    @Test
    void aCheckpointWaitsForAcknowledgement() throws Exception {
        ArbalestSinkWriter<String> writer = writer(DeliveryGuarantee.AT_LEAST_ONCE);
        client.hold();
        writer.write("a", CONTEXT);
        writer.write("b", CONTEXT);
        CompletableFuture<Void> flush = CompletableFuture.runAsync(() -> flush(writer));
        assertThatThrownBy(() -> flush.get(50, TimeUnit.MILLISECONDS))
                .isInstanceOf(TimeoutException.class);
        client.release();
        flush.get(10, TimeUnit.SECONDS);
        assertThat(client.acknowledged)
                .extracting(point -> point.key().toString())
                .containsExactly("a", "b");
        assertThat(client.acknowledged.get(0).version()).isEqualTo(new Version(0, 7, 0));
    }

    private static void flush(SinkWriter<String> writer) {
        try {
            writer.flush(false);
        } catch (Exception e) {
            throw new CompletionException(e);
        }
    }

    @Test
    void withoutGuaranteeOnlyTheEndOfInputWaits() throws Exception {
        ArbalestSinkWriter<String> writer = writer(DeliveryGuarantee.NONE);
        client.hold();
        writer.write("a", CONTEXT);
        writer.flush(false);
        assertThat(client.acknowledged).isEmpty();
        client.release();
        writer.flush(true);
        assertThat(client.acknowledged).hasSize(1);
    }

    @Test
    void aFailureSurfacesAtTheNextWriteAndFlush() throws Exception {
        ArbalestSinkWriter<String> writer = writer(DeliveryGuarantee.AT_LEAST_ONCE);
        writer.write("a", CONTEXT);
        client.fail(ErrorCode.DIMENSION_MISMATCH);
        assertThatThrownBy(() -> writer.write("b", CONTEXT))
                .isInstanceOf(ArbalestException.class)
                .hasMessageStartingWith("ARB-1101");
        assertThatThrownBy(() -> writer.flush(false))
                .isInstanceOf(ArbalestException.class)
                .hasMessageStartingWith("ARB-1101");
        assertThat(metrics.errors.getCount()).isEqualTo(2);
    }

    @Test
    void countsWhatFlinkAndTheUserExpect() throws Exception {
        ArbalestSinkWriter<String> writer = writer(DeliveryGuarantee.AT_LEAST_ONCE);
        writer.write("a", CONTEXT);
        writer.write("b", CONTEXT);
        assertThat(metrics.value("arbalest.inFlight")).isEqualTo(2L);
        writer.flush(false);
        assertThat(metrics.records.getCount()).isEqualTo(2);
        assertThat(metrics.bytes.getCount()).isEqualTo(20);
        assertThat(metrics.errors.getCount()).isZero();
        assertThat(metrics.value("currentSendTime")).isInstanceOf(Long.class);
        assertThat(metrics.value("arbalest.inFlight")).isEqualTo(0L);
        assertThat(metrics.value("arbalest.duplicatesDropped")).isEqualTo(2L);
        assertThat(metrics.value("arbalest.staleDropped")).isEqualTo(3L);
        assertThat(metrics.value("arbalest.rejected")).isEqualTo(4L);
        assertThat(metrics.value("arbalest.retries")).isEqualTo(5L);
    }

    @Test
    void closeEndsWriterAndClient() throws Exception {
        OpenClients.add(client, new HookCollector());
        ArbalestSinkWriter<String> writer = writer(DeliveryGuarantee.AT_LEAST_ONCE);
        writer.write("never acknowledged", CONTEXT);
        writer.close();
        writer.close();
        assertThat(client.writerClosed()).isTrue();
        assertThat(client.closed()).isTrue();
        assertThat(client.acknowledged).isEmpty();
    }

    @Test
    void aForgottenClientIsClosedWithItsClassLoader() {
        HookCollector loader = new HookCollector();
        OpenClients.add(client, loader);
        RecordingClient second = new RecordingClient();
        OpenClients.add(second, loader);
        loader.release();
        assertThat(client.closed()).isTrue();
        assertThat(second.closed()).isTrue();
    }
}
