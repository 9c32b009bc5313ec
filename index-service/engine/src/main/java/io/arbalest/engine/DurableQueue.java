package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.RowStatus;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * From the log's thread to the applier: what is durable is applied in its order, several records in
 * one metadata batch, published, and then acknowledged.
 *
 * <p>Thread-safe.
 */
final class DurableQueue implements WriteQueue.Listener, TombstonePurger.Listener {
    /** Rows put into one metadata batch, at most, but for the last record. */
    static final int MAX_BATCH_ROWS = 4096;

    /** Who is told what goes wrong. */
    interface Owner {
        /** Rows cannot be applied, or the log failed: the shard takes no writes from now on. */
        void readOnly(ErrorCode code, String what, Throwable cause);

        /** The disk has no room for the log; null: it takes records again. */
        void noRoomForLog(@Nullable ArbalestException problem);
    }

    private final ConcurrentLinkedQueue<Durable> durable = new ConcurrentLinkedQueue<>();
    private final Executor applierThread;
    private final ShardCondition condition;
    private final TokenGate gate;
    private final Owner owner;
    private volatile @Nullable OpenShard open;

    DurableQueue(
            Scheduler.SerialExecutor applierThread,
            ShardCondition condition,
            TokenGate gate,
            Owner owner) {
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

    private void apply() {
        OpenShard shard = open;
        while (shard != null && !durable.isEmpty()) {
            List<WriteQueue.Piece> pieces = new ArrayList<>();
            List<RowStatus[]> statuses = new ArrayList<>();
            ArbalestException reason = condition.failure();
            try {
                applyBatch(shard, reason == null, pieces, statuses);
            } catch (RuntimeException | Error e) {
                owner.readOnly(ErrorCode.STORE_FAILED, "durable rows cannot be applied", e);
                reason = condition.failure();
            }
            if (reason != null) {
                ArbalestException unknown = ShardRefusals.unknownOutcome(reason);
                pieces.forEach(piece -> shard.writes().abandon(piece, unknown));
                continue;
            }
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
    }

    private void applyBatch(
            OpenShard shard,
            boolean healthy,
            List<WriteQueue.Piece> pieces,
            List<RowStatus[]> statuses) {
        int rows = 0;
        while (rows < MAX_BATCH_ROWS) {
            Durable next = durable.poll();
            if (next == null) {
                break;
            }
            if (next instanceof Durable.Horizon(long upTo, long sequenceNumber)) {
                if (healthy) {
                    shard.applier().purge(upTo, sequenceNumber);
                }
            } else if (next instanceof Durable.Rows(WriteQueue.Piece piece)) {
                pieces.add(piece);
                if (healthy) {
                    statuses.add(shard.applier().apply(piece.rows(), piece.first()));
                }
                rows += piece.rows().rows();
            }
        }
        if (healthy) {
            shard.applier().commit();
        }
    }
}
