package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.Metrics;
import io.arbalest.metadata.InMemoryStore;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
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

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Collections that are created, filled and dropped leave the process as large as it was. */
class DroppedCollectionsTest {
    private static final int DIMENSION = 4096;
    private static final int ROWS = 300; // three growing segments, two of them sealed; 2.4 MB
    private static final int ROUNDS = 60;
    private static final long MOST_BYTES =
            48L << 20; // a third of what the vectors alone would leave

    private final SimClock clock = new SimClock();
    private final SimScheduler scheduler = new SimScheduler(clock, null);

    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryStaysAsItWas() throws IOException {
        Env env =
                new Env(
                        clock,
                        scheduler,
                        RandomCases.random(1),
                        new SimDisk(1),
                        ReplicaTransport.NONE,
                        _ -> new InMemoryStore(),
                        Metrics.NONE);
        EngineOptions options = EngineOptions.DEFAULT.withGrowingSegmentRows(100);
        try (NodeEngine engine = new NodeEngine("n0", Path.of("/data"), options, env)) {
            createAndDrop(engine, 0, 10);
            long before = anonymousBytes();
            createAndDrop(engine, 10, 10 + ROUNDS);
            assertThat(anonymousBytes() - before)
                    .as("bytes left by %s collections", ROUNDS)
                    .isLessThan(MOST_BYTES);
        }
    }

    private void createAndDrop(NodeEngine engine, int from, int to) {
        float[] vector = new float[DIMENSION];
        for (int round = from; round < to; round++) {
            UUID incarnation = new UUID(1, round);
            engine.follow(new ClusterImage(2L * round + 1, Map.of(), Map.of("c", of(incarnation))));
            scheduler.runUntilIdle();
            Shard shard = engine.shard("c", 0).orElseThrow();
            for (int key = 0; key < ROWS; key++) {
                vector[key % DIMENSION] += 1;
                RowBatch row =
                        Batches.of(DIMENSION, 0)
                                .upsert(PointKey.of((long) key), null, vector)
                                .build();
                CompletableFuture<WriteResult> write = shard.write(0, row);
                assertThat(scheduler.runUntil(write::isDone, Duration.ofMinutes(1))).isTrue();
            }
            scheduler.runUntilIdle();
            assertThat(shard.statistics().livePoints()).isEqualTo(ROWS);
            engine.follow(new ClusterImage(2L * round + 2, Map.of(), Map.of()));
            scheduler.runUntilIdle();
        }
    }

    private static ClusterImage.Collection of(UUID incarnation) {
        CollectionDefinition definition =
                new CollectionDefinition(
                        "c",
                        incarnation,
                        KeyType.INT64,
                        DIMENSION,
                        Metric.L2,
                        new HnswParams(4, 8, 8),
                        List.of(),
                        1,
                        1);
        ShardAssignment only =
                new ShardAssignment(
                        new ShardId(incarnation, 0),
                        HashRange.ofEqualParts(0, 1),
                        1,
                        1,
                        "n0",
                        List.of("n0"),
                        List.of());
        return new ClusterImage.Collection(definition, List.of(only));
    }

    /** What the process holds that is no file, after the heap was cleaned and given back. */
    private static long anonymousBytes() throws IOException {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("RssAnon:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("/proc/self/status names no RssAnon");
    }
}
