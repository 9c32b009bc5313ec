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

/**
 * From the log's thread to the applier: what is durable is applied in its order, several records in
 * one metadata batch, published, and then acknowledged.
 *
 * <p>If the store has no room for a batch, the owner is told, who refuses writes; the batch is
 * committed again each second until it gets in, and what is durable behind it waits: it is bounded
 * by {@link WriteQueue#MAX_LOGGED_BYTES}.
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
    private boolean waitsForRoom;

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
     * Runs a task on the applier while no batch is under way. One for which the disk has no room is
     * run again when it has.
     */
    void betweenBatches(Runnable task) {
        applierThread.execute(() -> {
            tasks.add(task);
            runTasks();
        });
    }

    private void runTasks() {
        while (!waitsForRoom && !tasks.isEmpty()) {
            attempt(tasks.element(), "fields cannot be added");
            if (!waitsForRoom) {
                tasks.remove();
            }
        }
    }

    private void apply() {
        OpenShard shard = open;
        while (shard != null && !waitsForRoom && !durable.isEmpty()) {
            boolean healthy = condition.failure() == null;
            if (healthy) {
                attempt(() -> applyBatch(shard), NOT_APPLIED);
            } else {
                drop();
            }
            finish(shard);
        }
    }

    /** Does what writes to the store; if the disk is full it is done again, until it is not. */
    private void attempt(Runnable work, String failure) {
        try {
            work.run();
        } catch (ArbalestException e) {
            if (e.code() == ErrorCode.DISK_FULL && condition.failure() == null) {
                waitsForRoom = true;
                owner.noRoomForStore(e);
                Scheduler.Cancellable _ = scheduler.schedule(RETRY, applierThread, this::tryAgain);
            } else {
                owner.readOnly(ErrorCode.STORE_FAILED, failure, e);
            }
        } catch (RuntimeException | Error e) {
            owner.readOnly(ErrorCode.STORE_FAILED, failure, e);
        }
    }

    private void tryAgain() {
        OpenShard shard = open;
        if (shard == null) {
            return;
        }
        waitsForRoom = false;
        if (condition.failure() == null) {
            attempt(shard.applier()::commit, NOT_APPLIED);
        }
        finish(shard);
        runTasks();
        if (!waitsForRoom) {
            owner.noRoomForStore(null);
            apply();
        }
    }

    /** Publishes and acknowledges a batch that was committed; gives up one that cannot be. */
    private void finish(OpenShard shard) {
        if (waitsForRoom) {
            return;
        }
        ArbalestException reason = condition.failure();
        if (reason != null) {
            ArbalestException unknown = ShardRefusals.unknownOutcome(reason);
            pieces.forEach(piece -> shard.writes().abandon(piece, unknown));
        } else {
            gate.published(shard.segments().view().sequenceNumber());
            if (shard.keeper().wantsRoll()) {
                shard.segments().roll();
            }
            shard.indexer().wake();
            shard.keeper().wake();
            for (int i = 0; i < pieces.size(); i++) {
                shard.writes().applied(pieces.get(i), statuses.get(i));
            }
        }
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
