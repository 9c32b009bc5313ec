package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.Metrics;
import io.arbalest.io.BlockFile;
import io.arbalest.metadata.InMemoryStore;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HashRange;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;
import io.arbalest.testkit.RandomCases;
import io.arbalest.testkit.SimClock;
import io.arbalest.testkit.SimDisk;
import io.arbalest.testkit.SimScheduler;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

final class NodeEngineTest {
    private static final Path DATA = Path.of("/data");
    private static final UUID FIRST = new UUID(1, 1);
    private static final UUID SECOND = new UUID(2, 2);
    private static final String GOLDEN_FIELDS =
            "d95f2986020000000000000001000000000000000101020001030473697a"
                    + "650c000101000007000000000000000500056578747261";

    private final SimClock clock = new SimClock();
    private final SimDisk disk = new SimDisk(5);
    private SimScheduler scheduler = new SimScheduler(clock);

    private NodeEngine start() {
        scheduler = new SimScheduler(clock);
        Env env =
                new Env(
                        clock,
                        scheduler,
                        RandomCases.random(1),
                        disk,
                        ReplicaTransport.NONE,
                        _ -> new InMemoryStore(),
                        Metrics.NONE);
        return new NodeEngine("n0", DATA, EngineOptions.DEFAULT.withGrowingSegmentRows(100), env);
    }

    /** Shards alternate between this node and another. */
    private static ClusterImage.Collection collection(UUID incarnation, int shards, long term) {
        CollectionDefinition definition =
                new CollectionDefinition(
                        "c" + incarnation.getMostSignificantBits(),
                        incarnation,
                        KeyType.INT64,
                        2,
                        Metric.L2,
                        HnswParams.DEFAULT,
                        List.of(),
                        shards,
                        1);
        List<ShardAssignment> assignments = new ArrayList<>();
        for (int i = 0; i < shards; i++) {
            String node = "n" + i % 2;
            assignments.add(
                    new ShardAssignment(
                            new ShardId(incarnation, i),
                            HashRange.ofEqualParts(i, shards),
                            term,
                            1,
                            node,
                            List.of(node),
                            List.of()));
        }
        return new ClusterImage.Collection(definition, assignments);
    }

    private static ClusterImage image(long index, ClusterImage.Collection... collections) {
        Map<String, ClusterImage.Collection> byName = new TreeMap<>();
        for (ClusterImage.Collection collection : collections) {
            byName.put(collection.definition().name(), collection);
        }
        return new ClusterImage(index, Map.of(), byName);
    }

    private void write(Shard shard, long key) {
        RowBatch batch =
                Batches.of(2, 0).upsert(PointKey.of(key), null, new float[] {key, 1}).build();
        CompletableFuture<WriteResult> write = shard.write(0, batch);
        assertThat(scheduler.runUntil(write::isDone, Duration.ofMinutes(1))).isTrue();
        assertThat(write.join().errors()).isEmpty();
    }

    private static long live(Engine engine, String collection, int number) {
        return engine.shard(collection, number).orElseThrow().statistics().livePoints();
    }

    @Test
    void opensWhatItOwnsAndKeepsItOverARestart() {
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 3, 1)));
            assertThat(engine.ready()).isFalse();
            assertThat(engine.shards("")).hasSize(2);
            assertThat(engine.shard("c1", 1)).isEmpty();
            scheduler.runUntilIdle();
            assertThat(engine.ready()).isTrue();
            write(engine.shard("c1", 0).orElseThrow(), 1);
            write(engine.shard("c1", 2).orElseThrow(), 2);
            write(engine.shard("c1", 2).orElseThrow(), 3);
        }
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 3, 1)));
            scheduler.runUntilIdle();
            assertThat(live(engine, "c1", 0)).isEqualTo(1);
            assertThat(live(engine, "c1", 2)).isEqualTo(2);
        }
    }

    @Test
    void removesTheFilesOfADroppedCollectionButNotThoseOfOneThatTheImageDoesNotKnowYet()
            throws IOException {
        Path first = DATA.resolve("shards").resolve(FIRST.toString());
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.runUntilIdle();
            write(engine.shard("c1", 0).orElseThrow(), 1);
        }
        try (NodeEngine engine = start()) {
            engine.follow(image(1));
            engine.follow(image(2, collection(SECOND, 1, 1)));
            scheduler.runUntilIdle();
            assertThat(disk.exists(first)).isTrue();
            engine.follow(image(3, collection(FIRST, 1, 1), collection(SECOND, 1, 1)));
            scheduler.runUntilIdle();
            assertThat(live(engine, "c1", 0)).isEqualTo(1);
            engine.follow(image(4, collection(SECOND, 1, 1)));
            assertThat(engine.shard("c1", 0)).isEmpty();
            scheduler.runUntilIdle();
            assertThat(disk.exists(first)).isFalse();
            assertThat(live(engine, "c2", 0)).isZero();
        }
    }

    @Test
    void removesWhatWasDroppedWhileItWasDown() throws IOException {
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.runUntilIdle();
        }
        try (NodeEngine engine = start()) {
            engine.follow(image(9));
            scheduler.runUntilIdle();
            assertThat(disk.list(DATA.resolve("shards"))).isEmpty();
        }
    }

    private static ClusterImage.Collection grown(UUID incarnation, Field... fields) {
        ClusterImage.Collection before = collection(incarnation, 1, 1);
        return new ClusterImage.Collection(
                before.definition().withFields(List.of(fields)), before.shards());
    }

    private @Nullable Object[] metadata(NodeEngine engine, long key, String... fields) {
        List<@Nullable FoundRow> rows =
                engine.shard("c1", 0)
                        .orElseThrow()
                        .get(List.of(PointKey.of(key)), List.of(fields), false, 0, Long.MAX_VALUE);
        return Objects.requireNonNull(rows.getFirst()).metadata();
    }

    @Test
    void aRestartThatSeesTheImageBeforeAFieldWasAddedFirstReadsTheRowsThatHaveIt() {
        Field size = new Field("size", FieldType.LONG, true, 7L);
        Field name = new Field("name", FieldType.STRING);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.runUntilIdle();
            write(engine.shard("c1", 0).orElseThrow(), 1);
            CompletableFuture<Void> known = engine.shard("c1", 0).orElseThrow().fieldsKnown(2);
            engine.follow(image(4, grown(FIRST, size)));
            engine.follow(image(5, grown(FIRST, size, name)));
            assertThat(known).isNotDone();
            scheduler.runUntilIdle();
            assertThat(known).isDone();
            write(engine.shard("c1", 0).orElseThrow(), 2); // of a writer that knows neither
            RowBatch batch =
                    Batches.of(2, 2)
                            .upsert(PointKey.of(3L), null, new float[] {3, 1}, 8L, "three")
                            .build();
            CompletableFuture<WriteResult> write =
                    engine.shard("c1", 0).orElseThrow().write(0, batch);
            assertThat(scheduler.runUntil(write::isDone, Duration.ofMinutes(1))).isTrue();
            assertThat(metadata(engine, 1, "size", "name")).containsExactly(7L, null);
            assertThat(metadata(engine, 2, "size", "name")).containsExactly(7L, null);
            assertThat(metadata(engine, 3, "size", "name")).containsExactly(8L, "three");
        }
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.runUntilIdle();
            assertThat(metadata(engine, 1, "size", "name")).containsExactly(7L, null);
            assertThat(metadata(engine, 3, "size", "name")).containsExactly(8L, "three");
            engine.follow(image(5, grown(FIRST, size, name)));
            scheduler.runUntilIdle();
            assertThat(metadata(engine, 3, "name", "size")).containsExactly("three", 8L);
        }
    }

    @Test
    void aDamagedFileOfFieldsFailsTheShardAndSaysSo() throws IOException {
        Field size = new Field("size", FieldType.LONG);
        Path file = DATA.resolve("shards").resolve(FIRST.toString()).resolve("fields");
        try (NodeEngine engine = start()) {
            engine.follow(image(3, grown(FIRST, size)));
            scheduler.runUntilIdle();
        }
        byte[] bytes = disk.readAll(file);
        bytes[bytes.length - 1] ^= 1;
        disk.publish(file, bytes);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, grown(FIRST, size)));
            scheduler.runUntilIdle();
            ShardStatistics statistics = engine.shard("c1", 0).orElseThrow().statistics();
            assertThat(statistics.state()).isEqualTo(ShardState.FAILED);
            assertThat(statistics.error()).contains("ARB-3005").contains("checksum");
        }
    }

    @Test
    void writesTheGoldenBytesOfItsFieldsAndReadsThem() {
        CollectionDefinition definition =
                grown(
                                FIRST,
                                new Field("size", FieldType.LONG, true, 7L),
                                new Field("extra", FieldType.JSON, false))
                        .definition();
        byte[] golden = HexFormat.of().parseHex(GOLDEN_FIELDS);
        assertThat(HexFormat.of().formatHex(FieldsFile.encode(definition)))
                .isEqualTo(GOLDEN_FIELDS);
        assertThat(FieldsFile.decode(golden, grown(FIRST).definition())).isEqualTo(definition);
        for (int bit = 0; bit < 8 * golden.length; bit++) {
            byte[] flipped = golden.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> FieldsFile.decode(flipped, definition))
                    .isInstanceOf(ArbalestException.class);
        }
    }

    @Test
    void aNewTermReopensTheShard() {
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.runUntilIdle();
            write(engine.shard("c1", 0).orElseThrow(), 1);
            engine.follow(image(4, collection(FIRST, 1, 2)));
            scheduler.runUntilIdle();
            assertThat(engine.shard("c1", 0).orElseThrow().statistics().term()).isEqualTo(2);
            assertThat(live(engine, "c1", 0)).isEqualTo(1);
        }
    }

    private static ShardStatistics statistics(NodeEngine engine) {
        return engine.shard("c1", 0).orElseThrow().statistics();
    }

    private static void assertNoRoomToOpen(NodeEngine engine) {
        assertThat(statistics(engine).state()).isEqualTo(ShardState.FAILED);
        assertThat(statistics(engine).error())
                .contains("ARB-3003", "opened by itself")
                .doesNotContain("restart");
        assertThat(engine.ready()).as("others may be served").isTrue();
    }

    @Test
    void whatFindsNoRoomToBeOpenedIsOpenedOnceThereIsSome() throws IOException {
        disk.capacity(BlockFile.BLOCK_BYTES);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.advance(Duration.ofSeconds(10));
            assertNoRoomToOpen(engine);
            disk.capacity(Long.MAX_VALUE);
            scheduler.advance(Duration.ofSeconds(2));
            assertThat(statistics(engine).state()).isEqualTo(ShardState.SERVING);
            assertThat(statistics(engine).error()).isEmpty();
            write(engine.shard("c1", 0).orElseThrow(), 1);
            engine.follow(image(4));
            scheduler.runUntilIdle();
            assertThat(disk.exists(DATA.resolve("shards").resolve(FIRST.toString()))).isFalse();
        }
    }

    @Test
    void whatWasOpenBeforeIsServedFromAFullDisk() {
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.runUntilIdle();
            for (int key = 0; key < 5; key++) {
                write(engine.shard("c1", 0).orElseThrow(), key);
            }
        }
        disk.capacity(0);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.advance(Duration.ofSeconds(10));
            assertThat(statistics(engine).state()).isEqualTo(ShardState.READ_ONLY);
            assertThat(live(engine, "c1", 0)).isEqualTo(5);
            disk.capacity(Long.MAX_VALUE);
            scheduler.advance(Duration.ofSeconds(2));
            assertThat(statistics(engine).state()).isEqualTo(ShardState.SERVING);
            write(engine.shard("c1", 0).orElseThrow(), 5);
            assertThat(live(engine, "c1", 0)).isEqualTo(6);
        }
    }

    @Test
    void aShardThatWaitsForRoomIsNotOpenedOnceItIsNotWantedAnyMore() throws IOException {
        disk.capacity(BlockFile.BLOCK_BYTES);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.advance(Duration.ofSeconds(3));
            engine.follow(image(4));
            disk.capacity(Long.MAX_VALUE);
            scheduler.advance(Duration.ofSeconds(10));
            assertThat(engine.shard("c1", 0)).isEmpty();
            assertThat(disk.exists(DATA.resolve("shards").resolve(FIRST.toString()))).isFalse();
        }
    }

    @Test
    void aShardThatWaitsForRoomIsOpenedInTheTermThatIsWantedThen() {
        disk.capacity(BlockFile.BLOCK_BYTES);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.advance(Duration.ofSeconds(3));
            engine.follow(image(4, collection(FIRST, 1, 2)));
            scheduler.advance(Duration.ofSeconds(3));
            disk.capacity(Long.MAX_VALUE);
            scheduler.advance(Duration.ofSeconds(10));
            assertThat(statistics(engine).term()).isEqualTo(2);
            write(engine.shard("c1", 0).orElseThrow(), 1);
        }
    }

    @Test
    void nothingIsOpenedAfterTheEngineEnded() throws IOException {
        disk.capacity(BlockFile.BLOCK_BYTES);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.advance(Duration.ofSeconds(3));
        }
        long used = BlockFile.BLOCK_BYTES - disk.usableBytes(DATA);
        disk.capacity(1L << 40);
        scheduler.advance(Duration.ofMinutes(5));
        assertThat(disk.usableBytes(DATA)).isEqualTo((1L << 40) - used);
    }

    /** It is no reason to say nothing of what else is wrong. */
    @Test
    void aShardThatWaitedForRoomSaysWhatElseItMeetsThen() throws IOException {
        disk.capacity(BlockFile.BLOCK_BYTES);
        Path file = DATA.resolve("shards").resolve(FIRST.toString()).resolve("fields");
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.advance(Duration.ofSeconds(3));
            assertNoRoomToOpen(engine);
            disk.capacity(Long.MAX_VALUE);
            byte[] bytes = disk.readAll(file);
            bytes[bytes.length - 1] ^= 1;
            disk.publish(file, bytes);
            scheduler.advance(Duration.ofMinutes(1));
            assertThat(statistics(engine).state()).isEqualTo(ShardState.FAILED);
            assertThat(statistics(engine).error()).contains("ARB-3005", "checksum");
        }
    }

    /** An attempt may leave a file of the log behind. */
    @Test
    void noRoomIsNotLookedForWithFilesOfTheLog() throws IOException {
        disk.capacity(BlockFile.BLOCK_BYTES);
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.advance(Duration.ofSeconds(3));
            disk.capacity(EngineOptions.DEFAULT.walFileBytes()); // too little to go on
            long usable = disk.usableBytes(DATA);
            scheduler.advance(Duration.ofMinutes(5));
            assertNoRoomToOpen(engine);
            assertThat(disk.usableBytes(DATA)).isEqualTo(usable);
            disk.capacity(Long.MAX_VALUE);
            scheduler.advance(Duration.ofSeconds(2));
            assertThat(statistics(engine).state()).isEqualTo(ShardState.SERVING);
        }
    }

    @Test
    void aFieldThatIsAddedWhileTheDiskIsFullIsKnownOnceThereIsRoom() {
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 1, 1)));
            scheduler.runUntilIdle();
            disk.capacity(0);
            CompletableFuture<Void> known = engine.shard("c1", 0).orElseThrow().fieldsKnown(1);
            CompletableFuture<Void> both = engine.shard("c1", 0).orElseThrow().fieldsKnown(2);
            Field size = new Field("size", FieldType.LONG);
            engine.follow(image(4, grown(FIRST, size)));
            scheduler.advance(Duration.ofSeconds(5));
            engine.follow(image(5, grown(FIRST, size, new Field("name", FieldType.STRING))));
            scheduler.advance(Duration.ofSeconds(5));
            assertThat(known).isNotDone();
            assertThat(both).isNotDone();
            assertThat(statistics(engine).state()).isNotEqualTo(ShardState.FAILED);
            disk.capacity(Long.MAX_VALUE);
            scheduler.advance(Duration.ofSeconds(2));
            assertThat(known).isDone();
            assertThat(both).isDone();
            assertThat(statistics(engine).state()).isEqualTo(ShardState.SERVING);
        }
    }

    @Test
    void aDamagedLogFailsItsShardOnly() throws IOException {
        Path log = DATA.resolve("shards").resolve(FIRST.toString()).resolve("0").resolve("wal");
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 3, 1)));
            scheduler.runUntilIdle();
            for (int i = 0; i < 5; i++) {
                write(engine.shard("c1", 0).orElseThrow(), i);
                write(engine.shard("c1", 2).orElseThrow(), i);
            }
        }
        for (String file : disk.list(log)) {
            if (disk.dump(log.resolve(file)).length > 2 * BlockFile.BLOCK_BYTES) {
                disk.flipBit(log.resolve(file), 2 * BlockFile.BLOCK_BYTES + 100, 3);
            }
        }
        try (NodeEngine engine = start()) {
            engine.follow(image(3, collection(FIRST, 3, 1)));
            scheduler.runUntilIdle();
            assertThat(engine.ready()).isTrue();
            ShardStatistics failed = engine.shard("c1", 0).orElseThrow().statistics();
            assertThat(failed.state()).isEqualTo(ShardState.FAILED);
            assertThat(failed.error()).contains("ARB-3002", "at offset");
            assertThat(live(engine, "c1", 2)).isEqualTo(5);
        }
    }

    @Test
    void aSecondEngineIsKeptOutOfTheDirectory() {
        try (NodeEngine engine = start()) {
            assertThat(engine.ready()).isTrue();
            assertThatThrownBy(this::start)
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.DIRECTORY_IN_USE));
        }
        start().close();
    }
}
