package io.arbalest.engine;

import static io.arbalest.engine.ShardCoreTest.assertCode;
import static io.arbalest.engine.ShardCoreTest.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.metadata.InMemoryStore;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;
import io.arbalest.testkit.SimDisk;
import io.arbalest.wal.LogFailedException;
import io.arbalest.wal.RecordType;
import io.arbalest.wal.WalFormat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What a shard does when log, store or callers misbehave. */
final class ShardFaultsTest {
    private static final Version V1 = new Version(0, 1, 0);

    private static Batches rows(SimulatedShard sim, int from, int to) {
        Batches batch = sim.batch();
        for (int i = from; i < to; i++) {
            batch.upsert(SimulatedShard.key(i), V1, vector(i), "red", (long) i);
        }
        return batch;
    }

    private static SearchSpec spec(boolean skipTail, double minScore, long deadlineNanos) {
        return new SearchSpec(
                50, 0, false, skipTail, null, minScore, List.of(), false, 0, deadlineNanos);
    }

    @Test
    void aRecordThatCannotBeReadFailsTheShardWithTheReason() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(rows(sim, 0, 3));
        byte[] damaged = sim.medium.records.getFirst().body().clone();
        damaged[4] = 99;
        sim.medium.records.add(new MemoryLog.Stored(RecordType.ROWS, 4, 3, damaged));
        sim.restart();
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.FAILED);
        assertThat(sim.shard.statistics().error())
                .contains("ARB-3002", "99 rows where the record says 3");
        assertCode(sim.shard.write(0, rows(sim, 0, 1).build()), ErrorCode.LOG_CORRUPT);
        assertThatThrownBy(() -> sim.search(vector(1), 1, false, null))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.LOG_CORRUPT));
        sim.shard.close();
    }

    /** Three records of three rows each, the second of them damaged. */
    private static SimulatedShard damaged(boolean flushed) throws IOException {
        SimulatedShard sim = new SimulatedShard(EngineOptions.DEFAULT, Metric.L2, null, true);
        for (int from = 0; from < 9; from += 3) {
            sim.write(rows(sim, from, from + 3));
        }
        if (flushed) {
            sim.flushStore();
        }
        Path log = SimulatedShard.DIRECTORY.resolve("wal").resolve(WalFormat.fileName(1));
        String content = new String(sim.disk.dump(log), StandardCharsets.ISO_8859_1);
        sim.disk.flipBit(log, content.indexOf("k4"), 0);
        sim.crash();
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.FAILED);
        return sim;
    }

    @Test
    void aDamagedLogFailsTheShardAndOffersToAcceptTheLoss() throws IOException {
        assertThat(damaged(false).shard.statistics().error())
                .contains("ARB-3002", "rows 4 to 9", "--accept-data-loss things/0@4");
    }

    @Test
    void aLossThatReachesIntoTheStoreIsNotOffered() throws IOException {
        assertThat(damaged(true).shard.statistics().error())
                .contains("ARB-3002", "the metadata store holds rows up to 9")
                .doesNotContain("--accept-data-loss");
    }

    @Test
    void anAcceptedLossNamesShardAndRow() {
        assertThat(AcceptedLoss.parse("a/b/3@17")).contains(new AcceptedLoss("a/b/3", 17));
        for (String wrong : List.of("", "things", "things/0", "things@1", "things/x@1", "/0@1x")) {
            assertThat(AcceptedLoss.parse(wrong)).as(wrong).isEmpty();
        }
    }

    @Test
    void aRecordOfALaterReleaseFailsTheShard() {
        SimulatedShard sim = new SimulatedShard();
        sim.medium.records.add(new MemoryLog.Stored(RecordType.PUBLISH, 1, 1, new byte[8]));
        sim.restart();
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.FAILED);
        assertThat(sim.shard.statistics().error()).contains("ARB-1002", "PUBLISH");
    }

    @Test
    void aFailedStoreMakesTheShardReadOnlyAndShowsNothingOfTheLostBatch() {
        SimulatedShard sim = new SimulatedShard();
        FailingStore store = new FailingStore();
        sim.stores = () -> store;
        sim.restart();
        sim.write(rows(sim, 0, 3));
        store.fail();
        CompletableFuture<WriteResult> lost =
                sim.shard.write(0, sim.batch().delete(SimulatedShard.key(1), null).build());
        sim.scheduler.runUntilIdle();
        assertCode(lost, ErrorCode.STORE_FAILED);
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.READ_ONLY);
        assertThat(sim.search(vector(1), 10, false, null)).hasSize(3);
        assertThat(sim.get(SimulatedShard.key(1))).isNotNull();
        assertCode(sim.shard.write(0, rows(sim, 3, 4).build()), ErrorCode.STORE_FAILED);
        sim.stores = InMemoryStore::new;
        sim.restart();
        assertThat(sim.get(SimulatedShard.key(1))).isNull(); // it was in the log
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(2);
    }

    @Test
    void aStoreWithoutRoomStopsWritesAndAppliesWhatIsInTheLogWhenItHasSome() {
        SimulatedShard sim = new SimulatedShard();
        FailingStore store = new FailingStore();
        sim.stores = () -> store;
        sim.restart();
        sim.write(rows(sim, 0, 3));
        sim.medium.hold = true;
        CompletableFuture<WriteResult> first =
                sim.shard.write(
                        0,
                        rows(sim, 3, 6)
                                .delete(SimulatedShard.key(1), null)
                                .row(
                                        OperationKind.PATCH,
                                        SimulatedShard.key(2),
                                        null,
                                        null,
                                        "blue",
                                        7L)
                                .build());
        sim.release();
        store.full();
        sim.scheduler.advance(Duration.ofSeconds(1));
        assertUnknownUntilThereIsRoom(first);
        for (int round = 0; round < 3; round++) {
            assertThat(sim.shard.state()).isEqualTo(ShardState.READ_ONLY);
            assertThat(sim.shard.statistics().error())
                    .contains("ARB-3003", "the store has no room", "goes on by itself");
            assertCode(sim.shard.write(0, rows(sim, 6, 7).build()), ErrorCode.DISK_FULL);
            assertThat(sim.search(vector(1), 10, false, null)).hasSize(3);
            assertThat(sim.get(SimulatedShard.key(1))).isNotNull();
            sim.scheduler.advance(Duration.ofSeconds(2)); // it is tried again
        }
        store.mend();
        sim.scheduler.advance(Duration.ofSeconds(2));
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
        assertThat(sim.get(SimulatedShard.key(1))).isNull();
        assertThat(sim.require(SimulatedShard.key(2)).metadata()).contains("blue", 7L);
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(5);
        assertThat(sim.search(vector(1), 10, false, null)).hasSize(5);
        assertThat(sim.write(rows(sim, 6, 7)).statuses()).containsOnly(RowStatus.APPLIED);
        sim.stores = InMemoryStore::new; // all of it comes from the log
        sim.restart();
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(6);
        assertThat(sim.require(SimulatedShard.key(2)).metadata()).contains("blue", 7L);
    }

    private static void assertUnknownUntilThereIsRoom(CompletableFuture<WriteResult> write) {
        assertThatThrownBy(write::join)
                .cause()
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.DISK_FULL))
                .hasMessageContaining("outcome unknown");
    }

    @Test
    void aReserveRefusesWritesAndTakesThemAgainWithAnEighthMore() {
        long reserve = 1 << 20;
        SimulatedShard sim =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withDiskReserveBytes(reserve), Metric.L2, null);
        sim.write(rows(sim, 0, 3));
        room(sim, reserve);
        assertThat(sim.write(rows(sim, 3, 4)).statuses()).containsOnly(RowStatus.APPLIED);
        room(sim, reserve - 1);
        assertThat(sim.shard.state()).isEqualTo(ShardState.READ_ONLY);
        assertThat(sim.shard.statistics().error())
                .contains(
                        "ARB-3003",
                        (reserve - 1) + " bytes left",
                        "engine.disk-reserve-bytes keeps " + reserve,
                        "goes on by itself");
        assertCode(sim.shard.write(0, rows(sim, 4, 5).build()), ErrorCode.DISK_FULL);
        assertThat(sim.search(vector(1), 10, false, null)).hasSize(4);
        room(sim, reserve + reserve / 8 - 1);
        assertCode(sim.shard.write(0, rows(sim, 4, 5).build()), ErrorCode.DISK_FULL);
        room(sim, reserve + reserve / 8);
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
        assertThat(sim.write(rows(sim, 4, 5)).statuses()).containsOnly(RowStatus.APPLIED);
    }

    /** Leaves so many bytes of the disk, and lets that be seen. */
    private static void room(SimulatedShard sim, long bytes) {
        sim.disk.capacity(Long.MAX_VALUE);
        try {
            long used = Long.MAX_VALUE - sim.disk.usableBytes(SimulatedShard.DIRECTORY);
            sim.disk.capacity(used + bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        sim.scheduler.advance(Duration.ofSeconds(1));
    }

    @Test
    void aPoisonedLogFailsEverythingThatWaits() {
        SimulatedShard sim =
                new SimulatedShard(EngineOptions.DEFAULT.withUnlinkedTailRows(8), Metric.IP, null);
        sim.medium.hold = true;
        List<CompletableFuture<WriteResult>> writes = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            writes.add(sim.shard.write(0, rows(sim, 3 * i, 3 * i + 3).build()));
        }
        sim.medium.failWrites = true;
        sim.release();
        sim.scheduler.runUntilIdle();
        for (CompletableFuture<WriteResult> write : writes) {
            assertCode(write, ErrorCode.LOG_FAILED);
        }
        sim.medium.failWrites = false;
        sim.restart();
        assertThat(sim.shard.statistics().state()).isEqualTo(ShardState.SERVING);
        assertThat(sim.shard.statistics().livePoints()).isZero();
        assertThat(sim.write(rows(sim, 0, 2)).statuses()).containsOnly(RowStatus.APPLIED);
    }

    @Test
    void aDiskWithoutRoomForSegmentsStopsWritesAndGoesOnByItself() throws IOException {
        SimulatedShard sim = waitingToSeal();
        sim.disk.capacity(0);
        sim.scheduler.advance(Duration.ofSeconds(6));
        for (int round = 0; round < 3; round++) {
            assertThat(sim.shard.state()).isEqualTo(ShardState.READ_ONLY);
            assertThat(sim.shard.statistics().error())
                    .contains("ARB-3003", "no space", "goes on by itself");
            assertCode(sim.shard.write(0, rows(sim, 60, 61).build()), ErrorCode.DISK_FULL);
            assertThat(sim.get(SimulatedShard.key(59))).isNotNull();
            assertThat(sim.search(vector(1), 60, false, null)).hasSize(60);
            sim.scheduler.advance(Duration.ofSeconds(6)); // it is tried again
        }
        assertThat(sim.medium.released).isZero();
        sim.disk.capacity(Long.MAX_VALUE);
        sim.scheduler.advance(Duration.ofSeconds(6));
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
        assertThat(sim.medium.released).isEqualTo(51);
        assertThat(sim.write(rows(sim, 60, 61)).statuses()).containsOnly(RowStatus.APPLIED);
    }

    @Test
    void aDiskWithoutRoomRefusesWhatWaitsButNotWhatHasBegun() {
        SimulatedShard sim = waitingToSeal();
        sim.medium.hold = true;
        CompletableFuture<WriteResult> begun = sim.shard.write(0, rows(sim, 60, 76).build());
        CompletableFuture<WriteResult> waits = sim.shard.write(0, rows(sim, 76, 80).build());
        sim.disk.capacity(0);
        sim.scheduler.advance(Duration.ofSeconds(6));
        assertCode(waits, ErrorCode.DISK_FULL);
        assertThat(begun).isNotDone();
        sim.release();
        sim.scheduler.runUntilIdle();
        assertThat(begun.join().statuses()).hasSize(16).containsOnly(RowStatus.APPLIED);
    }

    /** A full segment that is sealed within five seconds, and ten rows of the next one. */
    private static SimulatedShard waitingToSeal() {
        SimulatedShard sim =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withGrowingSegmentRows(50).withUnlinkedTailRows(16),
                        Metric.L2,
                        null);
        sim.disk.failAt(SimDisk.Operation.CREATE, 0, SimDisk.Fault.IO_ERROR);
        sim.write(rows(sim, 0, 60));
        sim.scheduler.runUntilIdle();
        assertThat(sim.disk.faultPending()).isFalse();
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
        return sim;
    }

    @Test
    void aLogThatRefusesIsNotTriedWithTheNextBatch() {
        SimulatedShard sim = new SimulatedShard();
        sim.medium.refuse = LogFailedException.Reason.POISONED;
        assertCode(sim.shard.write(0, rows(sim, 0, 1).build()), ErrorCode.LOG_FAILED);
        sim.medium.refuse = null;
        assertCode(sim.shard.write(0, rows(sim, 0, 1).build()), ErrorCode.LOG_FAILED);
    }

    @Test
    void aBatchLargerThanTheTailGoesThroughPieceByPiece() {
        SimulatedShard sim =
                new SimulatedShard(EngineOptions.DEFAULT.withUnlinkedTailRows(16), Metric.IP, null);
        CompletableFuture<WriteResult> write = sim.shard.write(0, rows(sim, 0, 300).build());
        long most = 0;
        while (!write.isDone() && sim.scheduler.runOne()) {
            most = Math.max(most, sim.shard.statistics().tailPoints());
        }
        assertThat(write.join().statuses()).hasSize(300).containsOnly(RowStatus.APPLIED);
        assertThat(write.join().sequenceNumber()).isEqualTo(300);
        assertThat(most).isBetween(1L, 16L);
    }

    @Test
    void moreBytesThanMayWaitAreRefusedAtOnce() {
        SimulatedShard sim =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withUnlinkedTailRows(4).withWaitingBytes(2000),
                        Metric.IP,
                        null);
        sim.medium.hold = true;
        CompletableFuture<WriteResult> logged = sim.shard.write(0, rows(sim, 0, 4).build());
        CompletableFuture<WriteResult> held = sim.shard.write(0, rows(sim, 4, 8).build());
        CompletableFuture<WriteResult> refused = sim.shard.write(0, rows(sim, 8, 60).build());
        assertCode(refused, ErrorCode.OVERLOADED);
        sim.release();
        sim.scheduler.runUntilIdle();
        assertThat(logged.join().statuses()).containsOnly(RowStatus.APPLIED);
        assertThat(held.join().statuses()).containsOnly(RowStatus.APPLIED);
    }

    @Test
    void recoveredRowsDoNotHoldWritersBack() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(rows(sim, 0, 1500));
        sim.crash();
        assertThat(sim.shard.statistics().tailPoints()).isEqualTo(1500);
        CompletableFuture<WriteResult> write = sim.shard.write(0, rows(sim, 2000, 3000).build());
        for (int i = 0; i < 20 && !write.isDone(); i++) {
            assertThat(sim.scheduler.runOne()).isTrue();
        }
        assertThat(write).isDone();
    }

    @Test
    void closingFailsWhatWaitsAndSendsReadersAway() {
        SimulatedShard sim = new SimulatedShard();
        sim.medium.hold = true;
        CompletableFuture<WriteResult> waiting = sim.shard.write(0, rows(sim, 0, 1).build());
        sim.shard.close();
        assertCode(waiting, ErrorCode.SHUTTING_DOWN);
        assertCode(sim.shard.write(0, rows(sim, 0, 1).build()), ErrorCode.SHUTTING_DOWN);
        assertThatThrownBy(() -> sim.get(SimulatedShard.key(1)))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.SHUTTING_DOWN));
        sim.shard.close();
    }

    @Test
    void aSearchAfterItsDeadlineSaysSo() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(rows(sim, 0, 20));
        sim.clock.advance(Duration.ofSeconds(1));
        SearchSpec late = spec(false, Double.NEGATIVE_INFINITY, sim.clock.monotonicNanos());
        ShardSearchResult result = sim.shard.search(List.of(vector(1), vector(2)), late);
        assertThat(result.deadlineReached()).isTrue();
        assertThat(result.rows()).containsExactly(List.of(), List.of());
    }

    @Test
    void theTailCanBeLeftOutAndScoresCut() {
        SimulatedShard sim = new SimulatedShard();
        sim.write(rows(sim, 0, 20));
        sim.scheduler.runUntilIdle();
        CompletableFuture<WriteResult> write = sim.shard.write(0, rows(sim, 20, 30).build());
        while (!write.isDone()) {
            sim.scheduler.runOne();
        }
        ShardSearchResult linked =
                sim.shard.search(
                        List.of(vector(1)), spec(true, Double.NEGATIVE_INFINITY, Long.MAX_VALUE));
        assertThat(linked.rows().getFirst()).hasSize(20);
        assertThat(linked.tailScored()).isZero();
        assertThat(linked.tailPoints()).isEqualTo(10);
        List<FoundRow> cut =
                sim.shard
                        .search(List.of(vector(1)), spec(false, 0.5, Long.MAX_VALUE))
                        .rows()
                        .getFirst();
        List<FoundRow> all = sim.search(vector(1), 50, true, null);
        assertThat(cut).hasSize((int) all.stream().filter(row -> row.score() >= 0.5).count());
        assertThat(cut.size()).isBetween(1, 29);
    }
}
