package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.metadata.InMemoryStore;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.testkit.RandomCases;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** What sealing and merging leave on disk and in the log, and what a restart makes of it. */
final class SealAndMergeTest {
    private static final int UNIT = 50;
    private static final Path SEGMENTS = SimulatedShard.DIRECTORY.resolve("segments");

    private final SimulatedShard sim =
            new SimulatedShard(
                    EngineOptions.DEFAULT.withGrowingSegmentRows(UNIT), Metric.L2, null, false);

    private void write(int from, int to, long version) {
        for (int i = from; i < to; i++) {
            Batches batch = sim.batch();
            batch.upsert(SimulatedShard.key(i), new Version(0, version, 0), vector(i), "red", 1L);
            sim.write(batch);
        }
        sim.scheduler.runUntilIdle();
    }

    private static float[] vector(int i) {
        float[] vector = new float[SimulatedShard.DIMENSION];
        vector[i % vector.length] = 1 + i / vector.length;
        return vector;
    }

    private List<PointKey> nearest(int i, int k) {
        return sim.search(vector(i), k, false, null).stream().map(FoundRow::key).toList();
    }

    @Test
    void aFullSegmentIsSealedAndTheLogLetsItsRowsGo() throws IOException {
        write(0, UNIT + 10, 1);
        assertThat(sim.disk.list(SEGMENTS)).containsExactly("1");
        assertThat(sim.medium.released).isEqualTo(UNIT + 1);
        for (int i = 0; i < UNIT + 10; i++) {
            assertThat(nearest(i, 1)).containsExactly(SimulatedShard.key(i));
        }
    }

    @Test
    void aRestartReadsOnlyWhatIsNotSealed() {
        write(0, 3 * UNIT + 10, 1);
        sim.medium.records.removeIf(r -> r.first() < sim.medium.released);
        assertThat(sim.medium.records).hasSize(10);
        sim.crash();
        assertThat(sim.shard.statistics().error()).isEmpty();
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(3 * UNIT + 10);
        for (int i = 0; i < 3 * UNIT + 10; i++) {
            assertThat(nearest(i, 1)).containsExactly(SimulatedShard.key(i));
            assertThat(sim.require(SimulatedShard.key(i)).version())
                    .isEqualTo(new Version(0, 1, 0));
        }
    }

    @Test
    void segmentsOfOneSizeBecomeOne() throws IOException {
        write(0, MergePolicy.FACTOR * UNIT + 1, 1);
        assertThat(sim.disk.list(SEGMENTS)).hasSize(1);
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(MergePolicy.FACTOR * UNIT + 1);
        for (int i = 0; i < MergePolicy.FACTOR * UNIT; i++) {
            assertThat(nearest(i, 1)).containsExactly(SimulatedShard.key(i));
        }
    }

    @Test
    void deadRowsGoWithAMergeAndDoNotComeBack() throws IOException {
        write(0, 2 * UNIT, 1);
        Batches deletes = sim.batch();
        for (int i = 0; i < UNIT; i += 2) {
            deletes.delete(SimulatedShard.key(i), new Version(0, 2, 0));
        }
        sim.write(deletes);
        write(2 * UNIT, 4 * UNIT, 1);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 4 * UNIT; i++) {
                boolean deleted = i < UNIT && i % 2 == 0;
                assertThat(sim.get(SimulatedShard.key(i)) == null).isEqualTo(deleted);
            }
            assertThat(nearest(0, 4 * UNIT)).hasSize(4 * UNIT - UNIT / 2);
            assertThat(sim.shard.statistics().linkedPoints()).isLessThan(4 * UNIT);
            sim.crash();
        }
    }

    /**
     * A merge that kept dead rows would be chosen again for having them, without end: its second
     * run fails here at once.
     */
    @Test
    void aMergeKeepsNoRowThatWasDeletedOrReplaced() {
        write(0, UNIT + 1, 1); // a sealed segment, and a row of the next one
        failAtMergesAbove(1);
        sim.write(deletesAndReplaces(10));
        sim.scheduler.runUntilIdle();
        assertRowsOfSegments(UNIT - 20, 11);
    }

    /** Of four segments that become one because they are of one size. */
    @Test
    void aMergeOfEqualSegmentsKeepsNoRowThatWasDeletedOrReplaced() {
        write(0, (MergePolicy.FACTOR - 1) * UNIT + 1, 1);
        failAtMergesAbove(1);
        sim.write(deletesAndReplaces(4)); // too few for the segment to be rewritten on its own
        write(MergePolicy.FACTOR * UNIT, (MergePolicy.FACTOR + 1) * UNIT - 4, 1);
        assertRowsOfSegments(MergePolicy.FACTOR * UNIT - 8, 1);
    }

    @Test
    void aSealKeepsNoRowThatWasDeletedOrReplaced() {
        write(0, UNIT / 2, 1);
        failAtMergesAbove(0); // which would hide it
        sim.write(deletesAndReplaces(10));
        write(UNIT, UNIT + UNIT / 2, 1);
        assertRowsOfSegments(UNIT - 20, 10);
    }

    /** So many of the first rows are deleted, and so many replaced; together, as one batch. */
    private Batches deletesAndReplaces(int of) {
        Batches batch = sim.batch();
        for (int i = 0; i < 2 * of; i += 2) {
            Version later = new Version(0, 2, 0);
            batch.delete(SimulatedShard.key(i), later);
            batch.upsert(SimulatedShard.key(i + 1), later, vector(i + 1 + 8 * UNIT), "red", 1L);
        }
        return batch;
    }

    private void failAtMergesAbove(int most) {
        int[] merges = {0};
        sim.crashPoints =
                point -> {
                    merges[0] += point.equals("merge.packed") ? 1 : 0;
                    assertThat(merges[0])
                            .as(
                                    "merges; one more means that a sealed segment kept rows that"
                                            + " were deleted or replaced before, and is merged"
                                            + " again because of them")
                            .isLessThanOrEqualTo(most);
                };
    }

    /** Rows that lie in segments, dead ones included: sealed ones first. */
    private void assertRowsOfSegments(long... expected) {
        List<SegmentPlan> plans =
                sim.shard
                        .search(List.of(vector(1)), SimulatedShard.spec(1, false, null, 0))
                        .plans();
        assertThat(plans.stream().mapToLong(SegmentPlan::rows))
                .as("rows in segments; more than live: a seal or a merge kept dead ones")
                .containsExactly(LongStream.of(expected).boxed().toArray(Long[]::new));
    }

    @ParameterizedTest
    @EnumSource
    void segmentsGetTheCodesThatTheCollectionAsksFor(IndexCodes.Kind kind) {
        SimulatedShard asking =
                SimulatedShard.ofCodes(
                        EngineOptions.DEFAULT.withGrowingSegmentRows(UNIT),
                        new IndexCodes(kind, IndexCodes.Layout.AUTO));
        int rows = (MergePolicy.FACTOR + 1) * UNIT + 1; // a merged segment, a sealed and a growing
        Batches batch = asking.batch();
        for (int i = 0; i < rows; i++) {
            batch.upsert(SimulatedShard.key(i), new Version(0, 1, 0), vector(i), "red", 1L);
        }
        asking.write(batch);
        asking.scheduler.runUntilIdle();
        String expected = (kind == IndexCodes.Kind.AUTO ? IndexCodes.Kind.NONE : kind).label();
        List<SegmentPlan> plans =
                asking.shard
                        .search(List.of(vector(1)), SimulatedShard.spec(1, false, null, 0))
                        .plans();
        assertThat(plans)
                .extracting(SegmentPlan::codes)
                .containsExactlyInAnyOrder(expected, expected, "");
        for (int i = 0; i < rows; i++) {
            assertThat(asking.search(vector(i), 1, false, null).getFirst().key())
                    .isEqualTo(SimulatedShard.key(i));
        }
    }

    @Test
    void aSegmentWithoutLiveRowsLeavesNothing() throws IOException {
        write(0, 2 * UNIT + 1, 1);
        write(0, 2 * UNIT + 1, 2);
        sim.scheduler.runUntilIdle();
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(2 * UNIT + 1);
        int points =
                IntStream.range(0, 2 * UNIT + 1)
                        .map(i -> nearest(i, 1).equals(List.of(SimulatedShard.key(i))) ? 1 : 0)
                        .sum();
        assertThat(points).isEqualTo(2 * UNIT + 1);
        assertThat(sim.shard.statistics().linkedPoints()).isLessThan(4 * UNIT);
    }

    /** Replaces every point several times over, which merges again and again. */
    @Test
    void mergesAndDeadRowsDoNotRotRecall() {
        RandomGenerator random = RandomCases.random(42);
        int keys = 800;
        for (int i = 0; i < 6 * keys; i++) {
            Batches batch = sim.batch();
            batch.upsert(SimulatedShard.key(i % keys), null, gaussian(random), "red", 1L);
            sim.write(batch);
            if (i % 50 == 0) {
                sim.scheduler.runUntilIdle();
            }
        }
        sim.scheduler.runUntilIdle();
        SimulatedShard fresh =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withGrowingSegmentRows(2 * keys),
                        Metric.L2,
                        null,
                        false);
        for (int i = 0; i < keys; i++) {
            FoundRow row = sim.require(SimulatedShard.key(i));
            float[] vector = new float[SimulatedShard.DIMENSION];
            for (int d = 0; d < vector.length; d++) {
                vector[d] = Binary16.toFloat(Objects.requireNonNull(row.vector())[d]);
            }
            Batches batch = fresh.batch();
            batch.upsert(SimulatedShard.key(i), null, vector, "red", 1L);
            fresh.write(batch);
        }
        fresh.scheduler.runUntilIdle();
        double freshRecall = recall(fresh, RandomCases.random(43));
        double recall = recall(sim, RandomCases.random(43));
        // graphs of m = 4: a point more or less is what two builds of the same data differ by
        assertThat(recall).isGreaterThanOrEqualTo(freshRecall - 0.02).isGreaterThan(0.9);
        assertThat(sim.shard.statistics().linkedPoints()).isLessThan(2L * keys);
    }

    private static double recall(SimulatedShard shard, RandomGenerator random) {
        int found = 0;
        for (int i = 0; i < 100; i++) {
            float[] query = gaussian(random);
            Set<PointKey> best = new HashSet<>();
            shard.search(query, 10, true, null).forEach(row -> best.add(row.key()));
            for (FoundRow row : shard.search(query, 10, false, null)) {
                found += best.contains(row.key()) ? 1 : 0;
            }
        }
        return found / 1000.0;
    }

    private static float[] gaussian(RandomGenerator random) {
        float[] vector = new float[SimulatedShard.DIMENSION];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = Binary16.toFloat(Binary16.fromFloat((float) random.nextGaussian()));
        }
        return vector;
    }

    /** Deletes of unknown keys are in no segment, so nothing but the store can hold them. */
    @Test
    void theLogOfDeletesIsLetGoAsFarAsTheStoreWasFlushed() {
        SimulatedShard deleting =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withWalFileBytes(1 << 18), Metric.L2, null, false);
        PointKey late = SimulatedShard.key("late");
        long[] deletedAt = {0};
        deleting.flushed =
                () -> { // while the log is being let go
                    if (deletedAt[0] == 0) {
                        Batches batch = deleting.batch();
                        batch.delete(late, new Version(0, 1, 0));
                        deletedAt[0] = deleting.write(batch).sequenceNumber();
                    }
                };
        long rows = deleteUntil(deleting, () -> deleting.medium.released > 1);
        assertThat(deletedAt[0]).isPositive();
        assertThat(deleting.medium.released).isBetween(2L, deletedAt[0]);
        deleting.crash();
        assertThat(deleting.shard.statistics().error()).isEmpty();
        assertThat(deleting.shard.statistics().tombstones()).isEqualTo(rows + 1);
    }

    private static long deleteUntil(SimulatedShard deleting, BooleanSupplier enough) {
        String padding = "x".repeat(480);
        long rows = 0;
        while (!enough.getAsBoolean() && rows < 100_000) {
            Batches batch = deleting.batch();
            for (int i = 0; i < 1_000; i++) {
                batch.delete(SimulatedShard.key(rows++ + padding), new Version(0, 1, 0));
            }
            deleting.write(batch);
            deleting.scheduler.runUntilIdle();
        }
        return rows;
    }

    @Test
    void aStoreThatHadNoRoomIsFlushedAgainThoughNothingIsWrittenMeanwhile() {
        boolean[] full = {true};
        SimulatedShard deleting =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withWalFileBytes(1 << 18), Metric.L2, null, false);
        deleting.flushed =
                () -> {
                    if (full[0]) {
                        throw new ArbalestException(
                                ErrorCode.DISK_FULL, "the store has no room", "free some");
                    }
                };
        deleteUntil(deleting, () -> deleting.shard.state() == ShardState.READ_ONLY);
        assertThat(deleting.shard.statistics().error()).contains("ARB-3003", "has no room");
        deleting.scheduler.advance(Duration.ofSeconds(11));
        assertThat(deleting.shard.state()).isEqualTo(ShardState.READ_ONLY);
        full[0] = false;
        deleting.scheduler.advance(Duration.ofSeconds(6));
        assertThat(deleting.shard.state()).isEqualTo(ShardState.SERVING);
        assertThat(deleting.medium.released).isGreaterThan(1);
    }

    @Test
    void aLostStoreIsReported() {
        write(0, UNIT + 10, 1);
        sim.stores = InMemoryStore::new;
        sim.crash();
        assertThat(sim.shard.state()).isEqualTo(ShardState.FAILED);
        assertThat(sim.shard.statistics().error()).contains("ARB-3005");
    }

    @Test
    void aLostCommitPointIsReported() throws IOException {
        write(0, UNIT + 10, 1);
        sim.medium.records.removeIf(r -> r.first() < sim.medium.released);
        for (String name : sim.disk.list(SimulatedShard.DIRECTORY)) {
            if (name.startsWith("commit-")) {
                sim.disk.delete(SimulatedShard.DIRECTORY.resolve(name));
            }
        }
        sim.disk.syncDirectory(SimulatedShard.DIRECTORY);
        sim.crash();
        assertThat(sim.shard.state()).isEqualTo(ShardState.FAILED);
        assertThat(sim.shard.statistics().error()).contains("ARB-3002");
        assertThat(sim.disk.list(SEGMENTS)).isNotEmpty();
    }
}
