package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
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
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * What a feed of metadata writes beside one that deletes and inserts the same points: bytes of the
 * log and of segment files, on the simulated disk, and bytes handed to the store.
 */
final class MetadataFeedTest {
    private static final int DIMENSION = 768;
    private static final int POINTS = 1200;
    private static final int BATCH = 200;
    private static final Path DIRECTORY = Path.of("/data/shards/x/0");
    private static final List<Field> FIELDS =
            List.of(
                    new Field("color", FieldType.STRING),
                    new Field("price", FieldType.DOUBLE),
                    new Field("stock", FieldType.LONG, false));

    private final SimClock clock = new SimClock();
    private final SimDisk disk = new SimDisk(1);
    private final SimScheduler scheduler = new SimScheduler(clock, null);
    private final CountingStore store = new CountingStore();
    private final Counters counters = new Counters();
    private final ShardCore shard = open();

    private ShardCore open() {
        EngineOptions options = EngineOptions.DEFAULT.withGrowingSegmentRows(300);
        CollectionDefinition definition =
                new CollectionDefinition(
                        "things",
                        new UUID(7, 11),
                        KeyType.STRING,
                        DIMENSION,
                        Metric.L2,
                        new HnswParams(8, 32, 16),
                        FIELDS,
                        1,
                        1);
        Env env =
                new Env(
                        clock,
                        scheduler,
                        RandomCases.random(1),
                        disk,
                        ReplicaTransport.NONE,
                        _ -> store,
                        counters);
        ShardCore opened =
                new ShardCore(
                        definition,
                        new ShardSite(
                                new ShardId(definition.incarnation(), 0),
                                1,
                                DIRECTORY,
                                options,
                                env,
                                new FileLogs(options, env),
                                new ShardWorkers(
                                        scheduler.parallel("indexer", 1),
                                        scheduler.parallel("merger", 2)),
                                new DiskReserve(env, DIRECTORY, options.diskReserveBytes())));
        opened.open();
        return opened;
    }

    private void write(Batches batch) {
        CompletableFuture<WriteResult> future = shard.write(0, batch.build());
        scheduler.runUntil(future::isDone, Duration.ofMinutes(1));
        assertThat(future.join().statuses()).containsOnly(RowStatus.APPLIED);
    }

    private static PointKey key(int point) {
        return PointKey.of("point-" + point);
    }

    private static float[] vector(int point) {
        SplittableRandom random = new SplittableRandom(point);
        float[] vector = new float[DIMENSION];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = random.nextInt(-64, 64) / 16f;
        }
        return vector;
    }

    private static @Nullable Object[] values(int point, int round) {
        return new @Nullable Object[] {
            "color-" + (point + round) % 20, (point + round) % 500 / 4.0, (long) point * round
        };
    }

    /** A feed over all points. */
    @FunctionalInterface
    private interface Feed {
        void add(Batches batch, int point);
    }

    /** Bytes that a feed wrote, once all that follows from it is done. */
    private long written(Feed feed) {
        scheduler.runUntilIdle();
        long before = disk.writtenBytes() + store.bytes;
        for (int from = 0; from < POINTS; from += BATCH) {
            Batches batch = Batches.of(DIMENSION, FIELDS.size());
            for (int point = from; point < from + BATCH; point++) {
                feed.add(batch, point);
            }
            write(batch);
        }
        scheduler.runUntilIdle();
        return disk.writtenBytes() + store.bytes - before;
    }

    @Test
    void aFeedOfMetadataWritesNoVectorNoGraphAndATenthOfTheBytes() throws IOException {
        long _ =
                written((batch, point) ->
                        batch.upsert(key(point), null, vector(point), values(point, 0)));
        List<String> segments = disk.list(DIRECTORY.resolve("segments"));
        assertThat(segments).as("sealed").isNotEmpty();
        ShardStatistics before = shard.statistics();
        long vectorBytes = counters.value("arbalest_engine_vector_bytes_total");
        assertThat(vectorBytes).isEqualTo(2L * DIMENSION * POINTS);

        long patched =
                written((batch, point) ->
                        batch.row(OperationKind.PATCH, key(point), null, null, values(point, 1)));
        long updated =
                written((batch, point) -> batch.upsert(key(point), null, null, values(point, 2)));

        assertThat(counters.value("arbalest_engine_rows_updated_in_place_total"))
                .isEqualTo(2L * POINTS);
        assertThat(counters.value("arbalest_engine_vector_bytes_total")).isEqualTo(vectorBytes);
        assertThat(disk.list(DIRECTORY.resolve("segments"))).isEqualTo(segments);
        assertThat(shard.statistics().linkedPoints()).isEqualTo(before.linkedPoints());
        assertThat(shard.statistics().tailPoints()).isZero();

        long replaced =
                written((batch, point) ->
                        batch.delete(key(point), null)
                                .upsert(key(point), null, vector(point), values(point, 3)));
        assertThat(counters.value("arbalest_engine_vector_bytes_total")).isEqualTo(2 * vectorBytes);
        assertThat(replaced)
                .as("delete and insert, beside patches %s and updates %s", patched, updated)
                .isGreaterThanOrEqualTo(10 * Math.max(patched, updated));
    }

    /** A store that counts the bytes of keys and values that it is given. */
    private static final class CountingStore extends ForwardingStore {
        private long bytes;

        @Override
        void before(List<Change> changes) {
            for (Change change : changes) {
                byte[] value = change.value();
                bytes += change.key().length + (value == null ? 0 : value.length);
            }
        }
    }
}
