package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.metadata.RocksDbEnvironment;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.ShardId;
import io.arbalest.model.Version;
import io.arbalest.testkit.RandomCases;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;

/**
 * Writers, searchers, linking and a restart at the same time, on real threads, RocksDB and files.
 */
final class ShardThreadsTest {
    private static final int DIMENSION = 32;
    private static final int KEYS = 800;
    private static final int WRITERS = 3;
    private static final int BATCHES = 40;
    private static final int BATCH_ROWS = 50;
    private static final int ROWS = WRITERS * BATCHES * BATCH_ROWS;
    private static final ShardId ID = new ShardId(new UUID(3, 4), 0);

    @TempDir Path directory;

    private final CollectionDefinition definition =
            new CollectionDefinition(
                    "things",
                    ID.incarnation(),
                    KeyType.INT64,
                    DIMENSION,
                    Metric.COSINE,
                    new HnswParams(8, 40, 40),
                    List.of(new Field("parity", FieldType.LONG)),
                    1,
                    1);
    private final Map<PointKey, Version> newest = new ConcurrentHashMap<>();

    private ShardCore open(SystemScheduler scheduler, RocksDbEnvironment rocks) {
        EngineOptions options =
                EngineOptions.DEFAULT
                        .withGrowingSegmentRows(2000)
                        .withUnlinkedTailRows(300)
                        .withIndexerThreads(2);
        Env env =
                new Env(
                        Clock.SYSTEM,
                        scheduler,
                        RandomCases.random(1),
                        new FileChannelDisk(),
                        ReplicaTransport.NONE,
                        rocks::open,
                        Metrics.NONE);
        ShardCore shard =
                new ShardCore(
                        definition,
                        new ShardSite(
                                ID,
                                1,
                                directory.resolve("shard"),
                                options,
                                env,
                                new FileLogs(options, env),
                                new ShardWorkers(
                                        scheduler.parallel("indexer", 2),
                                        scheduler.parallel("merger", 2)),
                                new DiskReserve(env, directory, options.diskReserveBytes())));
        shard.open();
        assertThat(shard.statistics().error()).isEmpty();
        assertThat(shard.state()).isEqualTo(ShardState.SERVING);
        return shard;
    }

    private void write(Shard shard, long seed) {
        RandomGenerator random = RandomCases.random(seed);
        for (int i = 0; i < BATCHES; i++) {
            Batches batch = Batches.of(DIMENSION, 1);
            List<PointKey> keys = new ArrayList<>();
            List<Version> versions = new ArrayList<>();
            for (int row = 0; row < BATCH_ROWS; row++) {
                long key = random.nextInt(KEYS);
                keys.add(PointKey.of(key));
                versions.add(new Version(0, random.nextInt(1_000_000), seed));
                batch.upsert(keys.get(row), versions.get(row), vector(random), key % 2);
            }
            WriteResult result =
                    shard.write(1, batch.build()).orTimeout(60, TimeUnit.SECONDS).join();
            assertThat(result.statuses()).doesNotContain(RowStatus.REJECTED);
            for (int row = 0; row < BATCH_ROWS; row++) {
                newest.merge(
                        keys.get(row), versions.get(row), (a, b) -> a.compareTo(b) > 0 ? a : b);
            }
            FoundRow found =
                    shard.get(
                                    keys.subList(0, 1),
                                    List.of(),
                                    false,
                                    result.sequenceNumber(),
                                    Long.MAX_VALUE)
                            .getFirst();
            assertThat(Objects.requireNonNull(found).version())
                    .isGreaterThanOrEqualTo(versions.getFirst());
        }
    }

    private static void search(Shard shard, long seed, AtomicBoolean done) {
        RandomGenerator random = RandomCases.random(seed);
        long before = 0;
        while (!done.get()) {
            long parity = random.nextInt(2);
            Filter filter = random.nextBoolean() ? null : new Filter.Equal("parity", parity);
            SearchSpec spec =
                    new SearchSpec(
                            10,
                            0,
                            random.nextInt(4) == 0,
                            false,
                            filter,
                            Double.NEGATIVE_INFINITY,
                            List.of("parity"),
                            false,
                            before,
                            Long.MAX_VALUE);
            before = shard.statistics().appliedSequenceNumber();
            List<FoundRow> rows = shard.search(List.of(vector(random)), spec).rows().getFirst();
            assertThat(rows).isSortedAccordingTo(FoundRow.BEST_FIRST);
            assertThat(rows).extracting(FoundRow::key).doesNotHaveDuplicates();
            if (before > 5 * KEYS) { // by then every parity has enough keys
                assertThat(rows).hasSize(10);
            }
            assertThat(rows)
                    .allMatch(row -> Objects.equals(row.metadata()[0], row.key().asLong() % 2));
            assertThat(
                            filter == null
                                    || rows.stream()
                                            .allMatch(row -> row.key().asLong() % 2 == parity))
                    .isTrue();
        }
    }

    private static float[] vector(RandomGenerator random) {
        float[] vector = new float[DIMENSION];
        for (int i = 0; i < DIMENSION; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    @Test
    void everyAcknowledgedRowIsThereDuringAndAfter() {
        try (SystemScheduler scheduler = new SystemScheduler();
                RocksDbEnvironment rocks = new RocksDbEnvironment();
                ShardCore shard = open(scheduler, rocks)) {
            Executor callers = scheduler.parallel("callers", WRITERS + 2);
            AtomicBoolean done = new AtomicBoolean();
            List<CompletableFuture<Void>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                long seed = i + 1L;
                writers.add(CompletableFuture.runAsync(() -> write(shard, seed), callers));
            }
            List<CompletableFuture<Void>> searchers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                long seed = 100L + i;
                searchers.add(CompletableFuture.runAsync(() -> search(shard, seed, done), callers));
            }
            CompletableFuture<Void> written =
                    CompletableFuture.allOf(writers.toArray(CompletableFuture[]::new));
            try {
                written.orTimeout(120, TimeUnit.SECONDS).join();
            } finally {
                done.set(true);
            }
            CompletableFuture.allOf(searchers.toArray(CompletableFuture[]::new)).join();
            assertThat(shard.statistics().appliedSequenceNumber()).isEqualTo(ROWS);
            assertNewest(shard);
        }
        try (SystemScheduler scheduler = new SystemScheduler();
                RocksDbEnvironment rocks = new RocksDbEnvironment();
                ShardCore shard = open(scheduler, rocks)) {
            assertThat(shard.statistics().appliedSequenceNumber()).isEqualTo(ROWS);
            assertNewest(shard);
        }
    }

    private void assertNewest(Shard shard) {
        newest.forEach((key, version) -> {
            FoundRow found =
                    shard.get(List.of(key), List.of(), false, 0, Long.MAX_VALUE).getFirst();
            assertThat(Objects.requireNonNull(found).version()).isEqualTo(version);
        });
        assertThat(shard.statistics().livePoints()).isEqualTo(newest.size());
    }
}
