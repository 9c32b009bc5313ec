package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;
import io.arbalest.testkit.RandomCases;
import io.arbalest.wal.LogFailedException;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;

final class ShardCoreTest {
    private static final Version V1 = new Version(0, 10, 0);
    private static final Version V2 = new Version(0, 20, 0);

    @Test
    void writesAreSearchableBeforeTheyAreLinked() {
        SimulatedShard sim = new SimulatedShard();
        CompletableFuture<WriteResult> future =
                sim.shard.write(
                        0,
                        sim.batch()
                                .upsert(SimulatedShard.key(1), V1, vector(1), "red", 5L)
                                .build());
        while (!future.isDone()) {
            assertThat(sim.search(vector(1), 1, false, null)).isEmpty();
            assertThat(sim.scheduler.runOne()).isTrue();
        }
        assertThat(future.join().statuses()).containsExactly(RowStatus.APPLIED);
        assertThat(future.join().sequenceNumber()).isEqualTo(1);
        assertThat(sim.shard.statistics().tailPoints()).isEqualTo(1);
        FoundRow found = sim.search(vector(1), 1, false, null).getFirst();
        assertThat(found.key()).isEqualTo(SimulatedShard.key(1));
        assertThat(found.version()).isEqualTo(V1);
        assertThat(found.metadata()).containsExactly("red", 5L);
        assertThat(found.score()).isCloseTo(1.0, Offset.offset(1e-2));
        sim.scheduler.runUntilIdle();
        assertThat(sim.shard.statistics().tailPoints()).isZero();
        assertThat(sim.shard.statistics().linkedPoints()).isEqualTo(1);
        assertThat(sim.search(vector(1), 1, false, null)).hasSize(1);
    }

    @Test
    void theHigherVersionWinsInAnyOrder() {
        SimulatedShard sim = new SimulatedShard();
        assertThat(
                        sim.write(sim.batch().upsert(SimulatedShard.key(1), V2, vector(2), "b", 2L))
                                .statuses())
                .containsExactly(RowStatus.APPLIED);
        assertThat(
                        sim.write(
                                        sim.batch()
                                                .upsert(
                                                        SimulatedShard.key(1),
                                                        V1,
                                                        vector(1),
                                                        "a",
                                                        1L)
                                                .upsert(
                                                        SimulatedShard.key(1),
                                                        V2,
                                                        vector(1),
                                                        "a",
                                                        1L)
                                                .delete(SimulatedShard.key(1), V1))
                                .statuses())
                .containsExactly(RowStatus.STALE, RowStatus.DUPLICATE, RowStatus.STALE);
        assertThat(sim.require(SimulatedShard.key(1)).metadata()).containsExactly("b", 2L);
        ShardStatistics statistics = sim.shard.statistics();
        assertThat(statistics.staleRows()).isEqualTo(2);
        assertThat(statistics.duplicateRows()).isEqualTo(1);
        assertThat(statistics.livePoints()).isEqualTo(1);
        assertThat(statistics.appliedSequenceNumber()).isEqualTo(4);
    }

    @Test
    void aDeleteOfAnUnknownKeyKeepsOlderUpsertsOut() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(sim.batch().delete(SimulatedShard.key(1), V2));
        sim.restart();
        assertThat(
                        sim.write(
                                        sim.batch()
                                                .upsert(
                                                        SimulatedShard.key(1),
                                                        V1,
                                                        vector(1),
                                                        null,
                                                        null))
                                .statuses())
                .containsExactly(RowStatus.STALE);
        assertThat(sim.get(SimulatedShard.key(1))).isNull();
        assertThat(sim.search(vector(1), 10, true, null)).isEmpty();
        assertThat(sim.shard.statistics().tombstones()).isEqualTo(1);
    }

    @Test
    void anUnversionedDeleteBeatsWhatIsThereAndLosesToWhatTheStreamWritesNext() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(sim.batch().upsert(SimulatedShard.key(1), V1, vector(1), null, null));
        sim.write(sim.batch().delete(SimulatedShard.key(1), null));
        assertThat(
                        sim.write(
                                        sim.batch()
                                                .upsert(
                                                        SimulatedShard.key(1),
                                                        V1,
                                                        vector(1),
                                                        null,
                                                        null))
                                .statuses())
                .containsExactly(RowStatus.STALE);
        assertThat(
                        sim.write(
                                        sim.batch()
                                                .upsert(
                                                        SimulatedShard.key(1),
                                                        V2,
                                                        vector(1),
                                                        null,
                                                        null))
                                .statuses())
                .containsExactly(RowStatus.APPLIED);
        assertThat(sim.require(SimulatedShard.key(1)).version()).isEqualTo(V2);
    }

    @Test
    void rowsOfOneKeyInOneBatchAreAppliedInOrder() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(
                sim.batch()
                        .upsert(SimulatedShard.key(1), null, vector(1), "a", 1L)
                        .delete(SimulatedShard.key(1), null)
                        .upsert(SimulatedShard.key(1), null, vector(2), "b", 2L));
        assertThat(sim.require(SimulatedShard.key(1)).metadata()).containsExactly("b", 2L);
        assertThat(sim.require(SimulatedShard.key(1)).version()).isEqualTo(new Version(0, 0, 3));
        assertThat(sim.search(vector(1), 10, true, null)).hasSize(1);
    }

    @Test
    void aBadRowTakesNoOtherWithIt() {
        SimulatedShard sim = new SimulatedShard();
        float[] infinite = vector(1);
        infinite[3] = Float.POSITIVE_INFINITY;
        WriteResult result =
                sim.write(
                        sim.batch()
                                .upsert(SimulatedShard.key(1), V1, vector(1), "a", 1L)
                                .upsert(SimulatedShard.key(2), V1, infinite, "a", 1L)
                                .upsert(SimulatedShard.key(3), V1, null, "a", 1L)
                                .upsert(SimulatedShard.key(4), V1, vector(4), 4L, 1L)
                                .upsert(SimulatedShard.key(5), V1, vector(5), "a", 1L));
        assertThat(result.statuses())
                .containsExactly(
                        RowStatus.APPLIED,
                        RowStatus.REJECTED,
                        RowStatus.REJECTED,
                        RowStatus.REJECTED,
                        RowStatus.APPLIED);
        assertThat(error(result, 1).code()).isEqualTo(ErrorCode.VECTOR_NOT_FINITE);
        assertThat(error(result, 1).getMessage()).contains("row 1", "k2", "element 3", "Infinity");
        assertThat(error(result, 2).code()).isEqualTo(ErrorCode.VECTOR_MISSING);
        assertThat(error(result, 3).code()).isEqualTo(ErrorCode.VALUE_TYPE_MISMATCH);
        assertThat(sim.search(vector(5), 10, true, null)).hasSize(2);
        assertThat(sim.shard.statistics().appliedSequenceNumber()).isEqualTo(3);
    }

    @Test
    void filteredSearchReturnsAllMatches() {
        SimulatedShard sim =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withGrowingSegmentRows(500).withUnlinkedTailRows(100),
                        Metric.IP,
                        null);
        Batches batch = sim.batch();
        for (int i = 0; i < 2000; i++) {
            batch.upsert(
                    SimulatedShard.key(i),
                    V1,
                    vector(i),
                    i % 400 == 0 ? "rare" : "common",
                    (long) i);
        }
        sim.write(batch);
        sim.scheduler.runUntilIdle();
        assertThat(sim.shard.statistics().linkedPoints()).isEqualTo(2000);
        assertThat(sim.search(vector(3), 10, false, new Filter.Equal("color", "rare"))).hasSize(5);
        assertThat(sim.search(vector(3), 10, false, new Filter.Equal("color", "common")))
                .hasSize(10);
        assertThat(sim.search(vector(3), 10, false, new Filter.Equal("color", "none"))).isEmpty();
        List<PointKey> exact =
                sim.search(vector(3), 10, true, null).stream().map(FoundRow::key).toList();
        assertThat(sim.search(vector(3), 10, false, null))
                .hasSize(10)
                .filteredOn(row -> exact.contains(row.key()))
                .hasSizeGreaterThanOrEqualTo(8);
    }

    @Test
    void writersWaitWhileTheTailIsFullAndAreRefusedIfThatLasts() {
        SimulatedShard sim =
                new SimulatedShard(
                        EngineOptions.DEFAULT
                                .withUnlinkedTailRows(8)
                                .withWriteWait(Duration.ofSeconds(2)),
                        Metric.IP,
                        null);
        sim.medium.hold = true;
        List<CompletableFuture<WriteResult>> writes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Batches batch = sim.batch();
            for (int j = 0; j < 4; j++) {
                batch.upsert(SimulatedShard.key(i * 4 + j), V1, vector(j), null, null);
            }
            writes.add(sim.shard.write(0, batch.build()));
        }
        sim.scheduler.runUntilIdle();
        assertThat(writes).noneMatch(CompletableFuture::isDone);
        sim.scheduler.advance(Duration.ofSeconds(3));
        assertThat(writes.subList(0, 2)).noneMatch(CompletableFuture::isDone);
        for (CompletableFuture<WriteResult> refused : writes.subList(2, 5)) {
            assertCode(refused, ErrorCode.OVERLOADED);
        }
        sim.release();
        sim.scheduler.runUntilIdle();
        assertThat(writes.get(1).join().statuses()).hasSize(4).containsOnly(RowStatus.APPLIED);
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(8);
    }

    @Test
    void aWriteThatCameLaterDoesNotOvertakeOneThatIsRefused() {
        SimulatedShard sim =
                new SimulatedShard(
                        EngineOptions.DEFAULT
                                .withUnlinkedTailRows(1)
                                .withWriteWait(Duration.ofSeconds(2)),
                        Metric.IP,
                        null);
        sim.medium.hold = true;
        CompletableFuture<WriteResult> logged = upsert(sim, 1);
        CompletableFuture<WriteResult> held = upsert(sim, 2);
        sim.scheduler.advance(Duration.ofMillis(1900));
        CompletableFuture<WriteResult> later = upsert(sim, 3);
        sim.scheduler.advance(Duration.ofMillis(200));
        assertCode(held, ErrorCode.OVERLOADED);
        assertCode(later, ErrorCode.OVERLOADED);
        sim.release();
        sim.scheduler.runUntilIdle();
        assertThat(logged.join().statuses()).containsOnly(RowStatus.APPLIED);
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(1);
    }

    private static CompletableFuture<WriteResult> upsert(SimulatedShard sim, int number) {
        return sim.shard.write(
                0,
                sim.batch()
                        .upsert(SimulatedShard.key(number), V1, vector(number), null, null)
                        .build());
    }

    @Test
    void aFailedLogMakesTheShardReadOnly() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(sim.batch().upsert(SimulatedShard.key(1), V1, vector(1), "a", 1L));
        sim.medium.failWrites = true;
        CompletableFuture<WriteResult> lost =
                sim.shard.write(
                        0,
                        sim.batch().upsert(SimulatedShard.key(2), V1, vector(2), "b", 1L).build());
        sim.scheduler.runUntilIdle();
        assertCode(lost, ErrorCode.LOG_FAILED);
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.READ_ONLY);
        assertThat(sim.shard.statistics().error()).contains("ARB-3001", "write failed");
        assertCode(
                sim.shard.write(0, sim.batch().delete(SimulatedShard.key(1), null).build()),
                ErrorCode.LOG_FAILED);
        assertThat(sim.search(vector(1), 10, false, null)).hasSize(1);
        assertThat(sim.get(SimulatedShard.key(1))).isNotNull();
    }

    @Test
    void aFullDiskRefusesWritesUntilThereIsSpace() {
        SimulatedShard sim = new SimulatedShard();
        sim.medium.refuse = LogFailedException.Reason.DISK_FULL;
        Batches batch = sim.batch().upsert(SimulatedShard.key(1), V1, vector(1), "a", 1L);
        assertCode(sim.shard.write(0, batch.build()), ErrorCode.DISK_FULL);
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.READ_ONLY);
        sim.medium.refuse = null;
        assertThat(sim.write(batch).statuses()).containsExactly(RowStatus.APPLIED);
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.SERVING);
    }

    @Test
    void aWrongTermIsRefused() {
        SimulatedShard sim = new SimulatedShard();
        assertCode(
                sim.shard.write(2, sim.batch().delete(SimulatedShard.key(1), null).build()),
                ErrorCode.WRONG_TERM);
    }

    @Test
    void aTokenThatDoesNotComeTimesOut() {
        SimulatedShard sim = new SimulatedShard();
        SearchSpec spec =
                new SearchSpec(
                        1,
                        0,
                        false,
                        false,
                        null,
                        Double.NEGATIVE_INFINITY,
                        List.of(),
                        false,
                        5,
                        sim.clock.monotonicNanos());
        assertThatThrownBy(() -> sim.shard.search(List.of(vector(1)), spec))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.TOKEN_TIMEOUT));
    }

    @Test
    void badQueriesAreRefusedWithTheirCode() {
        SimulatedShard sim = new SimulatedShard();
        assertQueryCode(
                sim,
                new float[3],
                SimulatedShard.spec(1, false, null, 0),
                ErrorCode.DIMENSION_MISMATCH);
        assertQueryCode(
                sim,
                vector(1),
                SimulatedShard.spec(1, true, null, 0).withAdaptiveStop(true),
                ErrorCode.MALFORMED_REQUEST);
        float[] notANumber = vector(1);
        notANumber[2] = Float.NaN;
        assertQueryCode(
                sim,
                notANumber,
                SimulatedShard.spec(1, false, null, 0),
                ErrorCode.VECTOR_NOT_FINITE);
        assertQueryCode(
                sim, vector(1), SimulatedShard.spec(0, false, null, 0), ErrorCode.LIMIT_EXCEEDED);
        assertQueryCode(
                sim,
                vector(1),
                SimulatedShard.spec(1, false, new Filter.Equal("colour", "red"), 0),
                ErrorCode.UNKNOWN_FIELD);
    }

    private static ArbalestException error(WriteResult result, int row) {
        return Objects.requireNonNull(result.errors().get(row));
    }

    private static void assertQueryCode(
            SimulatedShard sim, float[] query, SearchSpec spec, ErrorCode code) {
        assertThatThrownBy(() -> sim.shard.search(List.of(query), spec))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    static void assertCode(CompletableFuture<?> future, ErrorCode code) {
        assertThat(future).isCompletedExceptionally();
        assertThatThrownBy(future::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    /** A unit vector that depends on the seed alone. */
    static float[] vector(long seed) {
        RandomGenerator random = RandomCases.random(seed);
        float[] vector = new float[SimulatedShard.DIMENSION];
        double squared = 0;
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) random.nextGaussian();
            squared += vector[i] * vector[i];
        }
        for (int i = 0; i < vector.length; i++) {
            vector[i] /= (float) Math.sqrt(squared);
        }
        return vector;
    }
}
