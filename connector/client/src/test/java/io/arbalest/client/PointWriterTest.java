package io.arbalest.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.protocol.TokenCodec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

@Timeout(60)
class PointWriterTest {
    private static final PointWriter.RejectionHandler FAIL = PointWriter.RejectionHandler.FAIL;

    private static Point point(String key, long version) {
        return Point.upsert(
                PointKey.of(key),
                new float[] {version, 0.5f, -1, 0},
                Map.of("section", "net", "size", version),
                new Version(0, version, 0));
    }

    private static WriterOptions options(int batchRows, long maxBytes, Duration retryTimeout) {
        return new WriterOptions(
                "", 0, 0, batchRows, Duration.ofMillis(2), maxBytes, retryTimeout, false);
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the test did not open the gate");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void everyRowReachesTheNodeThatOwnsItsShard() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 3);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages", options(64, 1 << 20, Duration.ofSeconds(20)), FAIL)) {
            for (int number = 0; number < 1000; number++) {
                writer.write(point("key-" + number, 1));
            }
            Token token = writer.flush().get();

            assertThat(cluster.nodes.get(0).rows.size() + cluster.nodes.get(1).rows.size())
                    .isEqualTo(1000);
            assertThat(cluster.nodes.get(0).rows)
                    .doesNotContainKeys(
                            cluster.nodes.get(1).rows.keySet().toArray(PointKey[]::new));
            assertThat(TokenCodec.fromBytes(token.bytes()).positions()).containsOnlyKeys(0, 1, 2);
            assertThat(writer.unacknowledged()).isZero();
            assertThat(writer.statistics().applied()).isEqualTo(1000);
            Map<PointKey, FakeNode.Row> stored = new HashMap<>(cluster.nodes.get(0).rows);
            stored.putAll(cluster.nodes.get(1).rows);
            FakeNode.Row row = Objects.requireNonNull(stored.get(PointKey.of("key-7")));
            assertThat(row.metadata()).isEqualTo(Map.of("section", "net", "size", 1L));
            assertThat(row.vector()).isEqualTo(point("key-7", 1).vector());
        }
    }

    @Test
    void rowsOfOneKeyArriveInOrder() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 2);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages", options(7, 1 << 20, Duration.ofSeconds(20)), FAIL)) {
            List<PointKey> expected = new ArrayList<>();
            for (int number = 0; number < 500; number++) {
                writer.write(point("a", number)); // one key: any disorder would show as a stale row
                expected.add(PointKey.of("a"));
            }
            Token unused = writer.flush().get();
            assertThat(writer.statistics().stale()).isZero();
            assertThat(writer.statistics().applied()).isEqualTo(500);
            assertThat(cluster.nodes.get(0).arrivals).containsExactlyElementsOf(expected);
        }
    }

    @Test
    void aStreamThatFailsIsOpenedAgainAndItsUnacknowledgedBatchesAreSentInOrder() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 1);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages", options(10, 1 << 20, Duration.ofSeconds(20)), FAIL)) {
            FakeNode node = cluster.nodes.get(0);
            node.beforeStore =
                    (batch, command) -> {
                        if (batch == 3) {
                            throw FakeNode.error(
                                    ErrorCode.SHUTTING_DOWN); // nothing of it is stored
                        }
                        return batch == 9 ? FakeNode.error(ErrorCode.NOT_OWNER) : null;
                    };
            node.afterStore =
                    batch -> {
                        if (batch == 6) {
                            throw FakeNode.error(
                                    ErrorCode.UNREACHABLE); // stored, and nobody was told
                        }
                    };
            for (int number = 0; number < 300; number++) {
                writer.write(point("k" + number % 50, number));
            }
            Token unused = writer.flush().get();

            PointWriter.Statistics statistics = writer.statistics();
            assertThat(statistics.retries()).isEqualTo(3);
            assertThat(statistics.applied() + statistics.duplicates()).isEqualTo(300);
            assertThat(statistics.stale()).isZero();
            // the batch that was stored and never acknowledged: full, or cut short by its delay
            assertThat(statistics.duplicates()).isBetween(1L, 10L);
            for (int key = 0; key < 50; key++) {
                assertThat(node.versionOf("k" + key)).isEqualTo(250 + key);
            }
        }
    }

    @Test
    void aNodeThatRestartsLosesNothingAndAMovedShardIsFollowed() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 1);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages", options(10, 1 << 20, Duration.ofSeconds(30)), FAIL)) {
            writer.write(point("a", 1));
            Token first = writer.flush().get();
            cluster.restart(0);
            writer.write(point("a", 2));
            Token second = writer.flush().get();
            assertThat(cluster.nodes.get(0).versionOf("a")).isEqualTo(2);
            assertThat(second).isNotNull().isNotSameAs(first);

            cluster.assign(new UUID(1, 1), List.of("node-1"));
            cluster.nodes.get(0).beforeStore =
                    (batch, command) -> FakeNode.error(ErrorCode.NOT_OWNER);
            writer.write(point("b", 3));
            Token third = writer.flush().get();
            assertThat(third).isNotNull();
            assertThat(cluster.nodes.get(1).rows).containsOnlyKeys(PointKey.of("b"));
        }
    }

    @Test
    void aFieldThatIsAddedWhileAWriterIsOpenIsWritten() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 3);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages", options(10, 1 << 20, Duration.ofSeconds(20)), FAIL)) {
            Point colored = // of a field that nobody has
                    Point.upsert(
                            PointKey.of("colored"),
                            new float[] {1, 0, 0, 0},
                            Map.of("section", "net", "color", "red"),
                            new Version(0, 1, 0));
            assertThatThrownBy(() -> writer.write(colored))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_FIELD));
            for (int number = 0; number < 100; number++) {
                writer.write(point("k" + number, 1)); // some are queued, some are on their way
            }
            cluster.addField(new Field("color", FieldType.STRING));
            writer.write(colored);
            for (int number = 0; number < 100; number++) {
                writer.write(point("k" + number, 2));
            }
            Token unused = writer.flush().get();

            Map<PointKey, FakeNode.Row> stored = new HashMap<>(cluster.nodes.get(0).rows);
            stored.putAll(cluster.nodes.get(1).rows);
            assertThat(Objects.requireNonNull(stored.get(PointKey.of("colored"))).metadata())
                    .isEqualTo(Map.of("section", "net", "color", "red"));
            assertThat(stored).hasSize(101);
            assertThat(writer.statistics().applied()).isEqualTo(201);
            assertThat(writer.statistics().stale()).isZero();
        }
    }

    @Test
    void aSlowNodeHoldsTheWriterBackByBytes() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (FakeCluster cluster = new FakeCluster(1, 1);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages", options(10, 20_000, Duration.ofSeconds(30)), FAIL)) {
            FakeNode node = cluster.nodes.get(0);
            node.beforeStore =
                    (batch, command) -> {
                        await(gate);
                        return null;
                    };
            CountDownLatch written = new CountDownLatch(1000);
            Thread producer =
                    new Thread(
                            () -> {
                                try {
                                    for (int number = 0; number < 1000; number++) {
                                        writer.write(point("k" + number, 1));
                                        written.countDown();
                                    }
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            },
                            "producer");
            producer.setDaemon(true);
            producer.start();
            while (producer.getState() != Thread.State.TIMED_WAITING && producer.isAlive()) {
                Thread.onSpinWait(); // until it waits for budget
            }
            long held = writer.unacknowledged();
            assertThat(held).isGreaterThan(10).isLessThan(20_000 / 64 + 1);
            gate.countDown();
            assertThat(written.await(30, TimeUnit.SECONDS)).isTrue();
            Token unused = writer.flush().get();
            assertThat(writer.statistics().applied()).isEqualTo(1000);
        }
    }

    @Test
    void atMostTheWindowIsInFlightPerLane() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (FakeCluster cluster = new FakeCluster(1, 1);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages", options(1, 1 << 20, Duration.ofSeconds(30)), FAIL)) {
            FakeNode node = cluster.nodes.get(0);
            CountDownLatch firstArrived = new CountDownLatch(1);
            node.afterStore =
                    batch -> {
                        firstArrived.countDown();
                        await(gate);
                    };
            for (int number = 0; number < 100; number++) {
                writer.write(point("k" + number, 1));
            }
            await(firstArrived);
            assertThat(writer.unacknowledged()).isEqualTo(100);
            assertThat(writer.statistics().batches()).isZero();
            gate.countDown();
            Token unused = writer.flush().get();
            assertThat(node.batchesSeen.get()).isEqualTo(100);
        }
    }

    @Test
    void refusedRowsGoToTheHandlerAndTheRestOfTheBatchIsKept() throws Exception {
        ConcurrentLinkedQueue<String> refused = new ConcurrentLinkedQueue<>();
        try (FakeCluster cluster = new FakeCluster(1, 2);
                ArbalestClient client = cluster.connect();
                PointWriter writer =
                        client.openWriter(
                                "packages",
                                options(64, 1 << 20, Duration.ofSeconds(20)),
                                (point, error) ->
                                        refused.add(point.key() + " " + error.code().label()))) {
            cluster.nodes.get(0).rowFault =
                    key ->
                            key.toString().endsWith("7")
                                    ? FakeNode.error(ErrorCode.VERSION_BELOW_HORIZON)
                                    : null;
            for (int number = 0; number < 100; number++) {
                writer.write(point("k" + number, 1));
            }
            Token unused = writer.flush().get();
            assertThat(refused)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, 10)
                                    .mapToObj(n -> "k" + (n == 0 ? "" : n) + "7 ARB-1112")
                                    .toList());
            assertThat(writer.statistics().rejected()).isEqualTo(10);
            assertThat(writer.statistics().applied()).isEqualTo(90);
        }
    }

    @Test
    void aRefusedRowFailsAWriterThatSaysSo() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 1);
                ArbalestClient client = cluster.connect()) {
            cluster.nodes.get(0).rowFault = key -> FakeNode.error(ErrorCode.VERSION_BELOW_HORIZON);
            PointWriter writer = client.openWriter("packages", WriterOptions.DEFAULT, FAIL);
            writer.write(point("a", 1));
            assertThatThrownBy(() -> writer.flush().get())
                    .isInstanceOf(ExecutionException.class)
                    .hasRootCauseInstanceOf(ArbalestException.class)
                    .hasMessageContaining("ARB-1112");
            assertThatThrownBy(() -> writer.write(point("b", 1))).hasMessageContaining("ARB-1112");
            writer.close(); // what was told once is not thrown again
        }
    }

    @Test
    void aNodeThatStaysAwayFailsTheWriterWithinItsRetryTimeout() throws Exception {
        try (FakeCluster cluster = new FakeCluster(2, 1);
                ArbalestClient client = cluster.connect()) {
            PointWriter writer =
                    client.openWriter(
                            "packages", options(10, 1 << 20, Duration.ofMillis(300)), FAIL);
            cluster.nodes.get(0).beforeStore =
                    (batch, command) -> FakeNode.error(ErrorCode.SHARD_NOT_READY);
            writer.write(point("a", 1));
            assertThatThrownBy(() -> writer.flush().get())
                    .hasMessageContaining("ARB-2005")
                    .hasMessageContaining("gave up");
            writer.close();
        }
    }

    @Test
    void aRecreatedCollectionFailsTheWriter() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 1);
                ArbalestClient client = cluster.connect()) {
            PointWriter writer =
                    client.openWriter(
                            "packages", options(10, 1 << 20, Duration.ofSeconds(20)), FAIL);
            cluster.assign(new UUID(9, 9), List.of("node-0"));
            cluster.nodes.get(0).beforeStore =
                    (batch, command) -> FakeNode.error(ErrorCode.STALE_INCARNATION);
            writer.write(point("a", 1));
            assertThatThrownBy(() -> writer.flush().get()).hasMessageContaining("ARB-1304");
            writer.close();
        }
    }

    @Test
    void whatDoesNotFitTheCollectionIsRefusedBeforeItIsQueued() throws Exception {
        try (FakeCluster cluster = new FakeCluster(1, 1);
                ArbalestClient client = cluster.connect();
                PointWriter writer = client.openWriter("packages", WriterOptions.DEFAULT, FAIL)) {
            PointKey key = PointKey.of("a");
            refused(
                    writer,
                    ErrorCode.DIMENSION_MISMATCH,
                    Point.upsert(key, new float[3], Map.of(), null));
            refused(
                    writer,
                    ErrorCode.VECTOR_NOT_FINITE,
                    Point.upsert(key, new float[] {0, Float.NaN, 0, 0}, Map.of(), null));
            refused(
                    writer,
                    ErrorCode.VECTOR_OUT_OF_RANGE,
                    Point.upsert(key, new float[] {0, 1e6f, 0, 0}, Map.of(), null));
            refused(
                    writer,
                    ErrorCode.KEY_TYPE_MISMATCH,
                    Point.upsert(PointKey.of(1), new float[4], Map.of(), null));
            refused(
                    writer,
                    ErrorCode.UNKNOWN_FIELD,
                    Point.upsert(key, new float[4], Map.of("nope", 1L), null));
            refused(
                    writer,
                    ErrorCode.VALUE_TYPE_MISMATCH,
                    Point.upsert(key, new float[4], Map.of("size", "1"), null));
            assertThat(writer.unacknowledged()).isZero();
        }
    }

    private static void refused(PointWriter writer, ErrorCode code, Point point) {
        assertThatThrownBy(() -> writer.write(point))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void aClientThatIsClosedFirstReleasesItsWriters() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        try (FakeCluster cluster = new FakeCluster(1, 1)) {
            ArbalestClient client = cluster.connect();
            PointWriter writer =
                    client.openWriter(
                            "packages", options(1, 1 << 20, Duration.ofSeconds(20)), FAIL);
            cluster.nodes.get(0).afterStore = batch -> await(gate);
            for (int number = 0; number < 20; number++) {
                writer.write(point("k" + number, 1));
            }
            client.close(); // fails if Arrow memory is left
            gate.countDown();
            assertThatThrownBy(() -> writer.write(point("a", 1))).hasMessageContaining("ARB-2106");
        }
    }
}
