package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.RowStatus;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * From the log's thread to the applier: what is durable is applied in its order, several records in
 * one metadata batch, published, and then acknowledged.
 *
 * <p>If the store has no room for a batch, the owner is told, who refuses writes; the batch is
 * committed again each second until it gets in. What is durable behind it waits: rows are bounded
 * by {@link WriteQueue#MAX_LOGGED_BYTES}, and one horizon is under way at a time. So do the tasks
 * that must meet no batch that is applied and not published ({@link #betweenBatches}).
 *
 * <p>A batch that cannot be committed for another reason is given up, and all that is durable after
 * it: the shard takes no writes then, and finds it all in the log when it is opened again.
 *
 * <p>Thread-safe.
 */
final class DurableQueue implements WriteQueue.Listener, TombstonePurger.Listener {
    /** Rows put into one metadata batch, at most, but for the last record. */
    static final int MAX_BATCH_ROWS = 4096;

    /** Between two attempts to write into a store that has no room: for as long as that lasts. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private static final String NOT_APPLIED = "durable rows cannot be applied";

    /** Who is told what goes wrong. */
    interface Owner {
        /** Rows cannot be applied, or the log failed: the shard takes no writes from now on. */
        void readOnly(ErrorCode code, String what, Throwable cause);

        /** The disk has no room for the log; null: it takes records again. */
        void noRoomForLog(@Nullable ArbalestException problem);

        /** The disk has no room for the store, which takes no rows; null: it takes them again. */
        void noRoomForStore(@Nullable ArbalestException problem);
    }

    private final ConcurrentLinkedQueue<Durable> durable = new ConcurrentLinkedQueue<>();
    private final Scheduler scheduler;
    private final Executor applierThread;
    private final ShardCondition condition;
    private final TokenGate gate;
    private final Owner owner;
    private volatile @Nullable OpenShard open;

    /** Of the batch that is under way; this and what follows: confined to the applier. */
    private final List<WriteQueue.Piece> pieces = new ArrayList<>();

    /** What becomes of the rows of each piece. */
    private final List<RowStatus[]> statuses = new ArrayList<>();

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean horizonApplied;
    private boolean waitsForRoom;
    private boolean toldNoRoom;

    /** Why a batch was given up; null: none was. */
    private @Nullable ArbalestException gaveUp;

    DurableQueue(
            Scheduler scheduler,
            Scheduler.SerialExecutor applierThread,
            ShardCondition condition,
            TokenGate gate,
            Owner owner) {
        this.scheduler = scheduler;
        this.applierThread = applierThread;
        this.condition = condition;
        this.gate = gate;
        this.owner = owner;
    }

    /** From now on what is durable is applied to this, and so is what waits already. */
    void applyTo(OpenShard shard) {
        open = shard;
        applierThread.execute(this::apply);
    }

    @Override
    public void durable(WriteQueue.Piece piece) {
        add(new Durable.Rows(piece));
    }

    @Override
    public void durable(long upToSequenceNumber, long sequenceNumber) {
        add(new Durable.Horizon(upToSequenceNumber, sequenceNumber));
    }

    private void add(Durable record) {
        durable.add(record);
        applierThread.execute(this::apply);
    }

    @Override
    public void logState(@Nullable ArbalestException problem) {
        if (problem == null || problem.code() == ErrorCode.DISK_FULL) {
            owner.noRoomForLog(problem);
        } else if (problem.code() == ErrorCode.LOG_FAILED) {
            owner.readOnly(ErrorCode.LOG_FAILED, "the log failed", problem);
        }
    }

    /**
     * Runs a task on the applier while no batch is under way, in the order in which they are given.
     * One that throws DISK_FULL is run again from its beginning when there is room, unless the
     * shard takes no writes for another reason; then, and whatever else it throws, it is over. A
     * batch that was given up is not waited for: nothing of it is ever published.
     *
     * @throws RejectedExecutionException if the shard is closed; one that closes drops what waits
     */
    void betweenBatches(Runnable task) {
        applierThread.execute(() -> {
            tasks.add(task);
            proceed();
        });
    }

    /** Does what waits, unless that is for room. */
    private void proceed() {
        while (!waitsForRoom && !tasks.isEmpty()) {
            runTask();
        }
        if (waitsForRoom) {
            return;
        }
        if (toldNoRoom) {
            toldNoRoom = false;
            owner.noRoomForStore(null);
        }
        apply();
    }

    private void runTask() {
        Runnable task = tasks.remove();
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            if (!waitForRoom(e)) {
                later(this::proceed); // what waits behind it is not over
                throw e;
            }
            tasks.addFirst(task);
        }
    }

    private void later(Runnable step) {
        try {
            applierThread.execute(step);
        } catch (RejectedExecutionException _) {
            // the shard closes
        }
    }

    private void apply() {
        OpenShard shard = open;
        while (shard != null && !waitsForRoom && !durable.isEmpty()) {
            ArbalestException reason = notApplying();
            if (reason == null) {
                attempt(shard, () -> applyBatch(shard));
            } else {
                drop();
                abandon(shard, reason);
            }
        }
    }

    /** Why nothing is applied any more; null: it is. */
    private @Nullable ArbalestException notApplying() {
        return gaveUp == null ? condition.failure() : gaveUp;
    }

    /** Does what ends with a commit, and what follows from how it ends. */
    private void attempt(OpenShard shard, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            if (!waitForRoom(e)) {
                giveUp(shard, e);
            }
            return;
        }
        finish(shard); // whatever the shard's condition is by now: rows are published
    }

    /** Whether something is tried again because the disk is full. */
    private boolean waitForRoom(Throwable failure) {
        if (!(failure instanceof ArbalestException problem)
                || problem.code() != ErrorCode.DISK_FULL
                || notApplying() != null) {
            return false;
        }
        Scheduler.Cancellable _ = scheduler.schedule(RETRY, applierThread, this::tryAgain);
        waitsForRoom = true;
        toldNoRoom = true;
        owner.noRoomForStore(problem);
        return true;
    }

    private void tryAgain() {
        waitsForRoom = false;
        OpenShard shard = open;
        if (shard != null) {
            ArbalestException reason = notApplying();
            if (reason == null) {
                attempt(shard, shard.applier()::commit);
            } else {
                abandon(shard, reason);
            }
        }
        proceed();
    }

    /** Acknowledges a batch that was committed. */
    private void finish(OpenShard shard) {
        gate.published(shard.segments().view().sequenceNumber());
        if (shard.keeper().wantsRoll()) {
            shard.segments().roll();
        }
        shard.indexer().wake();
        shard.keeper().wake();
        for (int i = 0; i < pieces.size(); i++) {
            shard.writes().applied(pieces.get(i), statuses.get(i));
        }
        pieces.clear();
        statuses.clear();
        if (horizonApplied) {
            horizonApplied = false;
            shard.purger().start();
        }
    }

    /** Nothing is applied from now on: a batch may be there in part. */
    private void giveUp(OpenShard shard, Throwable cause) {
        owner.readOnly(ErrorCode.STORE_FAILED, NOT_APPLIED, cause);
        ArbalestException reason = condition.failure();
        if (reason == null) { // the shard closes
            String collection = shard.segments().definition().name();
            reason = ShardFailure.writing(collection, ErrorCode.STORE_FAILED, NOT_APPLIED, cause);
        }
        gaveUp = reason;
        abandon(shard, reason);
        gate.published(shard.segments().view().sequenceNumber()); // a batch may be two commits
        shard.indexer().wake();
    }

    /** Tells the writers of the batch that is under way that it is in the log only. */
    private void abandon(OpenShard shard, ArbalestException reason) {
        ArbalestException unknown = ShardRefusals.unknownOutcome(reason);
        pieces.forEach(piece -> shard.writes().abandon(piece, unknown));
        pieces.clear();
        statuses.clear();
    }

    private void applyBatch(OpenShard shard) {
        int rows = 0;
        while (rows < MAX_BATCH_ROWS) {
            Durable next = durable.peek();
            if (next == null) {
                break;
            }
            if (next instanceof Durable.Horizon(long upTo, long sequenceNumber)) {
                shard.applier().purge(upTo, sequenceNumber);
                durable.remove(); // not before: it commits, and stays if there is no room
                horizonApplied = true;
            } else if (next instanceof Durable.Rows(WriteQueue.Piece piece)) {
                durable.remove();
                pieces.add(piece);
                statuses.add(shard.applier().apply(piece.rows(), piece.first()));
                rows += piece.rows().rows();
            }
        }
        shard.applier().commit();
    }

    /** What is durable and will not be applied by this process. */
    private void drop() {
        for (Durable next = durable.poll(); next != null; next = durable.poll()) {
            if (next instanceof Durable.Rows(WriteQueue.Piece piece)) {
                pieces.add(piece);
            }
        }
    }
}
