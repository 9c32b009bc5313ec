package io.arbalest.engine;

import static io.arbalest.engine.ShardCoreTest.assertCode;
import static io.arbalest.engine.ShardCoreTest.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.metadata.InMemoryStore;
import io.arbalest.metadata.KeyValueStore;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.RowStatus;
import io.arbalest.testkit.SimDisk;
import io.arbalest.wal.RecordType;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What goes on in a shard while a batch that was applied waits for room in the store. */
final class FullStoreTest {
    private static final int UNIT = 20;
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration SEALED = Duration.ofSeconds(6);

    private InMemoryStore kept = new InMemoryStore();
    private FailingStore store = new FailingStore(kept);
    private final SimulatedShard sim =
            new SimulatedShard(
                    EngineOptions.DEFAULT
                            .withGrowingSegmentRows(UNIT)
                            .withUnlinkedTailRows(64)
                            .withTombstoneRetention(Duration.ofHours(1)),
                    Metric.L2,
                    null);

    FullStoreTest() {
        sim.stores = () -> store;
        sim.restart();
    }

    private Batches rows(int from, int to) {
        Batches batch = sim.batch();
        for (int i = from; i < to; i++) {
            batch.upsert(SimulatedShard.key(i), null, vector(i), "red", (long) i);
        }
        return batch;
    }

    private CompletableFuture<WriteResult> writeIntoFull(Batches batch) {
        sim.medium.hold = true;
        CompletableFuture<WriteResult> write = sim.shard.write(0, batch.build());
        store.full();
        sim.release();
        sim.scheduler.advance(Duration.ofMillis(100));
        assertThat(sim.shard.state()).isEqualTo(ShardState.READ_ONLY);
        return write;
    }

    /**
     * A batch that fills the second segment and begins the third waits for room, when the first one
     * has been sealed and is shown.
     */
    private void sealFirstWhileABatchWaits() {
        sim.disk.failAt(SimDisk.Operation.CREATE, 0, SimDisk.Fault.IO_ERROR);
        sim.write(rows(0, 35));
        sim.scheduler.runUntilIdle();
        assertThat(sim.disk.faultPending()).isFalse(); // so it is sealed in a few seconds
        CompletableFuture<WriteResult> _ = writeIntoFull(rows(35, 45));
        sim.scheduler.advance(SEALED);
        assertThat(sim.shard.state()).isEqualTo(ShardState.READ_ONLY);
        assertThat(sim.search(vector(1), 100, false, null)).hasSize(35);
    }

    private void assertHolds(int rows) {
        for (int i = 0; i < rows; i++) {
            assertThat(sim.get(SimulatedShard.key(i))).as("row %s", i).isNotNull();
            assertThat(sim.search(vector(i), 1, false, null))
                    .extracting(FoundRow::key)
                    .containsExactly(SimulatedShard.key(i));
        }
        assertThat(sim.search(vector(0), 200, false, null)).hasSize(rows);
        assertThat(sim.search(vector(0), 200, true, null)).hasSize(rows);
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(rows);
    }

    private void restart() {
        sim.shard.close();
        kept = kept.afterCrash();
        store = new FailingStore(kept);
        sim.crash();
    }

    private void assertHoldsAfterRestart(int rows) {
        restart();
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
        assertHolds(rows);
        sim.scheduler.advance(SEALED);
        assertHolds(rows);
    }

    @Test
    void aSegmentThatIsSealedMeanwhileDoesNotHideTheRowsThatWait() {
        sealFirstWhileABatchWaits();
        store.mend();
        sim.scheduler.advance(RETRY);
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
        assertHolds(45);
        sim.write(rows(45, 81));
        sim.scheduler.advance(SEALED);
        assertHolds(81);
        assertThat(sim.shard.statistics().tailPoints()).isZero();
        assertThat(sim.medium.released).as("all full segments are sealed").isEqualTo(81);
        assertHoldsAfterRestart(81);
    }

    @Test
    void aShardThatClosesWhileABatchWaitsHasItAfterwards() {
        sealFirstWhileABatchWaits();
        assertHoldsAfterRestart(45);
    }

    @Test
    void aShardThatFailsWhileABatchWaitsHasItAfterwards() {
        sealFirstWhileABatchWaits();
        sim.shard.fieldsFailed(new ArbalestException(ErrorCode.IO_FAILED, "no fields", "restart"));
        sim.scheduler.advance(SEALED);
        assertThat(sim.shard.statistics().error()).contains("no fields");
        store.mend();
        sim.scheduler.advance(SEALED);
        assertThat(sim.shard.state()).isEqualTo(ShardState.READ_ONLY);
        assertThat(sim.search(vector(1), 100, false, null)).hasSize(35);
        assertHoldsAfterRestart(45);
    }

    @Test
    void whatASealLeavesOutIsForgottenWhenThereIsRoom() {
        sim.disk.failAt(SimDisk.Operation.CREATE, 0, SimDisk.Fault.IO_ERROR);
        sim.write(rows(0, 35));
        sim.write(sim.batch().delete(SimulatedShard.key(3), null));
        sim.scheduler.runUntilIdle();
        assertThat(storedRows()).isEqualTo(35);
        CompletableFuture<WriteResult> _ = writeIntoFull(rows(35, 37));
        sim.scheduler.advance(SEALED);
        store.mend();
        sim.scheduler.advance(RETRY);
        assertThat(sim.medium.released).as("sealed").isGreaterThan(UNIT);
        assertThat(storedRows()).isEqualTo(36);
    }

    /** Rows that the store has, ended ones included. */
    private int storedRows() {
        int[] rows = {0};
        kept.scan(KeyValueStore.Family.ROWS, new byte[0], new byte[0], (_, _) -> ++rows[0] > 0);
        return rows[0];
    }

    @Test
    void fieldsThatAreAddedMeanwhileAreKnownWhenThereIsRoom() {
        sim.write(rows(0, 3));
        CompletableFuture<WriteResult> _ = writeIntoFull(rows(3, 6));
        sim.addField(new Field("weight", FieldType.LONG));
        sim.scheduler.advance(RETRY);
        assertThat(sim.shard.fieldsKnown(3)).isNotDone();
        store.mend();
        sim.scheduler.advance(RETRY);
        assertThat(sim.shard.fieldsKnown(3)).isCompleted();
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
        store.fail();
        sim.addField(new Field("height", FieldType.LONG));
        sim.scheduler.runUntilIdle();
        assertThat(sim.shard.state()).isEqualTo(ShardState.READ_ONLY);
        assertThat(sim.shard.statistics().error()).contains("cannot be written");
    }

    @Test
    void aSearchDuringWhichTheBatchGetsInReturnsOnlyRowsThatPass() {
        sim.write(rows(0, 10));
        restart(); // so that rows are read from the store
        sim.scheduler.runUntilIdle();
        Batches patches = sim.batch();
        for (int i = 0; i < 5; i++) {
            patches.row(OperationKind.PATCH, SimulatedShard.key(i), null, null, "blue", (long) i);
        }
        CompletableFuture<WriteResult> _ = writeIntoFull(patches);
        Filter red = new Filter.Equal("color", "red");
        assertThat(sim.search(vector(1), 10, false, red)).hasSize(10); // the filter is answered
        int before = store.reads;
        assertThat(sim.search(vector(1), 10, false, red)).hasSize(10);
        assertThat(store.reads).isGreaterThan(before);
        store.readsUntilThen = store.reads - before; // the last one, which reads what is returned
        store.meanwhileReading =
                () -> {
                    store.mend();
                    sim.scheduler.advance(RETRY);
                };
        assertThat(sim.search(vector(1), 10, false, red))
                .hasSize(5)
                .allSatisfy(row -> assertThat(row.metadata()).contains("red"));
        assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
    }

    @Test
    void oneHorizonIsLoggedHoweverLongItWaits() {
        sim.write(rows(0, 3));
        sim.write(sim.batch().delete(SimulatedShard.key(1), null));
        CompletableFuture<WriteResult> _ = writeIntoFull(rows(3, 6));
        sim.scheduler.advance(Duration.ofHours(4));
        assertThat(horizons()).isEqualTo(1);
        store.mend();
        sim.scheduler.advance(RETRY);
        assertThat(sim.shard.statistics().tombstones()).isZero();
        sim.write(sim.batch().delete(SimulatedShard.key(2), null));
        sim.scheduler.advance(Duration.ofHours(2));
        assertThat(sim.shard.statistics().tombstones()).as("goes on").isZero();
        assertThat(horizons()).isEqualTo(2);
    }

    private long horizons() {
        return sim.medium.records.stream().filter(r -> r.type() == RecordType.HORIZON).count();
    }

    @Test
    void rowsThatWereCommittedAreServedAlthoughTheShardFailedMeanwhile() {
        sim.write(rows(0, 3));
        store.meanwhile =
                () ->
                        sim.shard.fieldsFailed(
                                new ArbalestException(ErrorCode.IO_FAILED, "no fields", "restart"));
        CompletableFuture<WriteResult> write = sim.shard.write(0, rows(3, 6).build());
        sim.scheduler.runUntilIdle();
        assertCode(write, ErrorCode.IO_FAILED);
        assertThat(
                        sim.shard.get(
                                List.of(SimulatedShard.key(5)),
                                List.of(),
                                false,
                                6,
                                sim.clock.monotonicNanos()))
                .doesNotContainNull();
        assertThat(sim.shard.statistics().tailPoints()).isZero();
    }

    @Test
    void aStoreThatFailsWhileTheShardClosesAcknowledgesNothing() {
        sim.write(rows(0, 3));
        sim.medium.hold = true;
        CompletableFuture<WriteResult> write = sim.shard.write(0, rows(3, 6).build());
        CompletableFuture<WriteResult> next = sim.shard.write(0, rows(6, 9).build());
        store.meanwhile =
                () -> {
                    store.fail();
                    sim.shard.close();
                };
        sim.release();
        sim.scheduler.runUntilIdle();
        assertCode(write, ErrorCode.SHUTTING_DOWN);
        assertCode(next, ErrorCode.SHUTTING_DOWN);
        assertHoldsAfterRestart(9);
    }

    @Test
    void aStoreThatFailsToReadWhileTheShardClosesAcknowledgesNothing() {
        sim.write(rows(0, 3));
        sim.medium.hold = true;
        CompletableFuture<WriteResult> write = sim.shard.write(0, rows(3, 6).build());
        CompletableFuture<WriteResult> next = sim.shard.write(0, rows(6, 9).build());
        store.watched = KeyValueStore.Family.KEYS;
        store.readsUntilThen = 2;
        store.meanwhileReading =
                () -> {
                    sim.shard.close();
                    throw new ArbalestException(ErrorCode.STORE_FAILED, "cannot be read", "wait");
                };
        sim.release();
        sim.scheduler.runUntilIdle();
        assertCode(write, ErrorCode.SHUTTING_DOWN);
        assertCode(next, ErrorCode.SHUTTING_DOWN);
        assertHoldsAfterRestart(9);
    }

    @Test
    void noMergeBeginsWhileTheReserveIsBroken() throws Exception {
        SimulatedShard reserved =
                new SimulatedShard(
                        EngineOptions.DEFAULT
                                .withGrowingSegmentRows(UNIT)
                                .withUnlinkedTailRows(64)
                                .withDiskReserveBytes(1 << 20),
                        Metric.L2,
                        null);
        Batches first = rows(0, 61);
        Batches rest = rows(61, 81);
        reserved.write(first);
        reserved.scheduler.runUntilIdle();
        assertThat(segments(reserved)).isEqualTo(3);
        reserved.medium.hold = true;
        CompletableFuture<WriteResult> write = reserved.shard.write(0, rest.build());
        reserved.disk.capacity(used(reserved) + (1 << 19));
        reserved.scheduler.advance(Duration.ofSeconds(1));
        assertThat(reserved.shard.state()).isEqualTo(ShardState.READ_ONLY);
        reserved.release();
        reserved.scheduler.advance(Duration.ofMinutes(1));
        assertThat(write.join().statuses()).containsOnly(RowStatus.APPLIED);
        assertThat(segments(reserved)).as("sealed, not merged").isEqualTo(4);
        reserved.disk.capacity(Long.MAX_VALUE);
        reserved.scheduler.advance(SEALED);
        assertThat(segments(reserved)).as("merged").isEqualTo(1);
        assertThat(reserved.search(vector(1), 100, false, null)).hasSize(81);
    }

    private static int segments(SimulatedShard shard) throws Exception {
        return shard.disk.list(SimulatedShard.DIRECTORY.resolve("segments")).size();
    }

    private static long used(SimulatedShard shard) throws Exception {
        shard.disk.capacity(Long.MAX_VALUE);
        return Long.MAX_VALUE - shard.disk.usableBytes(SimulatedShard.DIRECTORY);
    }

    @Test
    void aReserveThatCannotBeLookedAtRefusesNothing() throws Exception {
        long reserve = 1 << 20;
        SimulatedShard reserved =
                new SimulatedShard(
                        EngineOptions.DEFAULT.withDiskReserveBytes(reserve), Metric.L2, null);
        reserved.disk.capacity(used(reserved) + reserve - 1);
        reserved.scheduler.advance(Duration.ofSeconds(1));
        assertThat(reserved.shard.state()).isEqualTo(ShardState.READ_ONLY);
        reserved.disk.failAt(SimDisk.Operation.SYNC_DIRECTORY, 0, SimDisk.Fault.POWER_CUT);
        assertThatThrownBy(() -> reserved.disk.syncDirectory(SimulatedShard.DIRECTORY))
                .hasMessageContaining("power cut");
        reserved.scheduler.advance(Duration.ofSeconds(1));
        assertThat(reserved.shard.state()).isEqualTo(ShardState.SERVING);
    }
}
