package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.wal.LogFailedException;
import io.arbalest.wal.RecordType;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The way of checked batches into the log, first come first served, and no faster than the index
 * follows.
 *
 * <p>A batch is cut into pieces of one log record each. A piece is appended when the rows that are
 * logged but not linked yet leave room for it; until then the batch is held back, and with it the
 * writer. A batch of which nothing was appended is refused with OVERLOADED after {@code writeWait},
 * or at once if the bytes held back pass their limit; once a piece was appended the rest follows,
 * so a refusal always means that nothing was stored.
 *
 * <p>Thread-safe. Futures complete outside the lock.
 */
final class WriteQueue {
    /** Bytes of pieces that may be in the log's queue or wait to be applied. */
    static final long MAX_LOGGED_BYTES = 16L << 20;

    /** Most bytes of a piece, but for its last row. */
    static final long MAX_PIECE_BYTES = 1L << 20;

    /** Most rows of a piece. */
    static final int MAX_PIECE_ROWS = 512;

    /** Told what happens on the way. */
    interface Listener {
        /** A piece is durable; on the log's thread, in sequence order. */
        void durable(Piece piece);

        /** The log took nothing or the outcome is unknown; null: it takes records again. */
        void logState(@Nullable ArbalestException failure);
    }

    private final WriteAheadLog log;
    private final CollectionDefinition definition;
    private final EngineOptions options;
    private final Scheduler scheduler;
    private final Executor timeouts;
    private final ShardMetrics metrics;
    private final LongSupplier unlinkedRows;
    private final Supplier<@Nullable ArbalestException> noRoom;
    private final Listener listener;

    private final ArrayDeque<Write> waiting =
            new ArrayDeque<>(); // this and what follows: guarded by this
    private final Set<Write> unfinished = new HashSet<>();
    private long waitingBytes;
    private long loggedBytes;
    private long loggedRows;
    private @Nullable ArbalestException closed;

    /**
     * @param timeouts runs what ends the waiting of a batch
     * @param unlinkedRows rows applied and not linked, as far as they count
     * @param noRoom why nothing is taken for now; null: writes are
     */
    WriteQueue(
            WriteAheadLog log,
            CollectionDefinition definition,
            EngineOptions options,
            Scheduler scheduler,
            Executor timeouts,
            ShardMetrics metrics,
            LongSupplier unlinkedRows,
            Supplier<@Nullable ArbalestException> noRoom,
            Listener listener) {
        this.log = log;
        this.definition = definition;
        this.options = options;
        this.scheduler = scheduler;
        this.timeouts = timeouts;
        this.metrics = metrics;
        this.unlinkedRows = unlinkedRows;
        this.noRoom = noRoom;
        this.listener = listener;
    }

    /** Rows of a piece, for these options: several must fit into the tail. */
    static int pieceRows(EngineOptions options) {
        return Math.clamp(options.unlinkedTailRows() / 4, 1, MAX_PIECE_ROWS);
    }

    /** Bytes of a piece, for these options: several must fit into a log file. */
    static long pieceBytes(EngineOptions options) {
        return Math.min(MAX_PIECE_BYTES, options.walFileBytes() / 4);
    }

    /** A batch on its way. */
    private static final class Write {
        final RowCheck.Checked checked;
        final RowStatus[] statuses;
        final Map<Integer, ArbalestException> errors;
        final CompletableFuture<WriteResult> future = new CompletableFuture<>();
        final long[] pieceBytes;
        int appended;
        int applied;
        Scheduler.@Nullable Cancellable timeout;

        Write(RowCheck.Checked checked, int rows, long[] pieceBytes) {
            this.checked = checked;
            this.errors = new HashMap<>(checked.errors());
            this.pieceBytes = pieceBytes;
            this.statuses = new RowStatus[rows];
            Arrays.fill(statuses, RowStatus.REJECTED);
        }

        int pieces() {
            return pieceBytes.length;
        }

        long remainingBytes() {
            long sum = 0;
            for (int i = appended; i < pieceBytes.length; i++) {
                sum += pieceBytes[i];
            }
            return sum;
        }
    }

    /** One record's worth of a batch, appended to the log. */
    static final class Piece {
        private final Write write;
        private final int number;
        private volatile long first;

        private Piece(Write write, int number) {
            this.write = write;
            this.number = number;
        }

        LoggedRows rows() {
            return write.checked.pieces().get(number);
        }

        /** Sequence number of the first row; once durable. */
        long first() {
            return first;
        }
    }

    /** Takes a checked batch of which at least one row passed. */
    CompletableFuture<WriteResult> submit(RowCheck.Checked checked, int batchRows) {
        long[] pieceBytes = new long[checked.pieces().size()];
        for (int i = 0; i < pieceBytes.length; i++) {
            pieceBytes[i] = bytes(checked.pieces().get(i));
        }
        Write write = new Write(checked, batchRows, pieceBytes);
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            if (closed != null) {
                return CompletableFuture.failedFuture(closed);
            }
            ArbalestException refusal = noRoom.get();
            if (refusal != null) {
                return CompletableFuture.failedFuture(refusal);
            }
            if (!waiting.isEmpty()
                    && waitingBytes + write.remainingBytes() > options.waitingBytes()) {
                metrics.refusedBatches.add(1);
                return CompletableFuture.failedFuture(
                        overloaded(
                                waitingBytes
                                        + " bytes are held back, "
                                        + options.waitingBytes()
                                        + " are allowed"));
            }
            waiting.add(write);
            waitingBytes += write.remainingBytes();
            unfinished.add(write);
            pump(after);
            if (write.appended == 0 && unfinished.contains(write)) {
                metrics.heldBatches.add(1);
                write.timeout =
                        scheduler.schedule(options.writeWait(), timeouts, () -> expire(write));
            }
        }
        after.forEach(Runnable::run);
        return write.future;
    }

    private long bytes(LoggedRows rows) {
        long sum = RowFormat.HEADER_BYTES + RowFormat.VECTOR_ALIGNMENT;
        for (int i = 0; i < rows.rows(); i++) {
            int vectorBytes =
                    rows.vectorOffsets()[i] == LoggedRows.NO_VECTOR
                            ? 0
                            : definition.dimension() * Short.BYTES;
            sum +=
                    RowFormat.rowBytes(
                            rows.keys()[i],
                            rows.versions()[i],
                            rows.metadata()[i].length,
                            vectorBytes);
        }
        return sum;
    }

    /** Appends what has room now. */
    void pump() {
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            pump(after);
        }
        after.forEach(Runnable::run);
    }

    private void pump(List<Runnable> after) {
        while (closed == null) {
            Write write = waiting.peek();
            ArbalestException refusal = noRoom.get();
            if (write != null && write.appended == 0 && refusal != null) {
                refuse(refusal, after);
                return;
            }
            if (write == null || !fits(write)) {
                return;
            }
            try {
                append(write);
                after.add(() -> listener.logState(null));
            } catch (RuntimeException e) {
                if (loggedRows > 0
                        && e instanceof LogFailedException full
                        && full.reason() == LogFailedException.Reason.QUEUE_FULL) {
                    return; // tried again when the log has made progress
                }
                waiting.remove();
                waitingBytes -= write.remainingBytes();
                ArbalestException failure = failure(e, write.appended > 0);
                after.add(() -> listener.logState(failure));
                finish(write, null, failure, after);
            }
        }
    }

    private boolean fits(Write write) {
        int rows = write.checked.pieces().get(write.appended).rows();
        long unlinked = loggedRows + unlinkedRows.getAsLong();
        boolean tailHasRoom = unlinked == 0 || unlinked + rows <= options.unlinkedTailRows();
        long bytes = write.pieceBytes[write.appended];
        return tailHasRoom && (loggedBytes == 0 || loggedBytes + bytes <= MAX_LOGGED_BYTES);
    }

    private void append(Write write) {
        Piece piece = new Piece(write, write.appended);
        long bytes = write.pieceBytes[piece.number];
        int rows = piece.rows().rows();
        log.append(
                RecordType.ROWS,
                rows,
                RowFormat.encode(piece.rows(), definition.keyType(), definition.dimension()),
                new WriteAheadLog.Callback() {
                    @Override
                    public void durable(long firstSequenceNumber) {
                        piece.first = firstSequenceNumber;
                        listener.durable(piece);
                    }

                    @Override
                    public void failed(Throwable cause) {
                        abandon(piece, failure(cause, true));
                    }
                });
        write.appended++;
        waitingBytes -= bytes;
        loggedBytes += bytes;
        loggedRows += rows;
        if (write.appended == write.pieces()) {
            waiting.remove();
        }
    }

    /** A piece is applied and published. */
    void applied(Piece piece, RowStatus[] statuses) {
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            leave(piece);
            Write write = piece.write;
            int[] numbers = write.checked.rowNumbers().get(piece.number);
            for (int i = 0; i < numbers.length; i++) {
                write.statuses[numbers[i]] = statuses[i];
                if (statuses[i] == RowStatus.REJECTED) {
                    write.errors.put(numbers[i], rejected(piece.rows(), i));
                }
            }
            write.applied++;
            if (write.applied == write.pieces()) {
                long last = piece.first + piece.rows().rows() - 1;
                finish(
                        write,
                        new WriteResult(List.of(write.statuses), Map.copyOf(write.errors), last),
                        null,
                        after);
            }
            pump(after);
        }
        after.forEach(Runnable::run);
    }

    private ArbalestException rejected(LoggedRows rows, int row) {
        PointKey key = rows.keys()[row];
        return RowUpdate.needsPoint(rows, row) ? RowUpdate.refused(key) : belowHorizon(key);
    }

    /** A piece is in the log, or may be, but will not be applied by this process. */
    void abandon(Piece piece, ArbalestException failure) {
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            leave(piece);
            if (waiting.remove(piece.write)) {
                waitingBytes -= piece.write.remainingBytes();
            }
            finish(piece.write, null, failure, after);
        }
        listener.logState(failure);
        after.forEach(Runnable::run);
    }

    private void leave(Piece piece) {
        loggedBytes -= piece.write.pieceBytes[piece.number];
        loggedRows -= piece.rows().rows();
    }

    /**
     * Refuses a write that has waited too long, and with it every one that came later and has not
     * begun: a stream's batches must not overtake the one that its writer will send again.
     */
    private void expire(Write write) {
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            if (write.appended == 0 && waiting.contains(write)) {
                String why =
                        "held back for "
                                + options.writeWait().toMillis()
                                + " ms while "
                                + (loggedRows + unlinkedRows.getAsLong())
                                + " rows wait for the graph, "
                                + options.unlinkedTailRows()
                                + " are allowed";
                Write last;
                do {
                    last = waiting.removeLast();
                    waitingBytes -= last.remainingBytes();
                    metrics.refusedBatches.add(1);
                    finish(last, null, overloaded(why), after);
                } while (last != write);
            }
        }
        after.forEach(Runnable::run);
    }

    /** Refuses the writes that wait and have not begun. */
    void refuse(ArbalestException problem) {
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            refuse(problem, after);
        }
        after.forEach(Runnable::run);
    }

    private void refuse(ArbalestException problem, List<Runnable> after) {
        Write last = waiting.peekLast();
        while (last != null && last.appended == 0) {
            waiting.removeLast();
            waitingBytes -= last.remainingBytes();
            finish(last, null, problem, after);
            last = waiting.peekLast();
        }
    }

    /**
     * Refuses the writes that have not begun, and tells the writers of all others that the outcome
     * is unknown. What is in the log counts until it is applied.
     */
    void refuseAll(ArbalestException problem, ArbalestException unknown) {
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            failAll(problem, unknown, after);
        }
        after.forEach(Runnable::run);
    }

    /** Refuses everything from now on and fails what has not finished. */
    void close(ArbalestException reason) {
        List<Runnable> after = new ArrayList<>();
        synchronized (this) {
            if (closed != null) {
                return;
            }
            closed = reason;
            failAll(reason, reason, after);
        }
        after.forEach(Runnable::run);
    }

    private void failAll(
            ArbalestException notBegun, ArbalestException begun, List<Runnable> after) {
        waiting.clear();
        waitingBytes = 0;
        for (Write write : List.copyOf(unfinished)) {
            finish(write, null, write.appended == 0 ? notBegun : begun, after);
        }
    }

    private void finish(
            Write write,
            @Nullable WriteResult result,
            @Nullable ArbalestException failure,
            List<Runnable> after) {
        if (!unfinished.remove(write)) {
            return;
        }
        if (write.timeout != null) {
            write.timeout.cancel();
        }
        if (failure != null) {
            after.add(() -> write.future.completeExceptionally(failure));
        } else if (result != null) {
            after.add(() -> write.future.complete(result));
        }
    }

    private ArbalestException belowHorizon(PointKey key) {
        return new ArbalestException(
                ErrorCode.VERSION_BELOW_HORIZON,
                "key '"
                        + key
                        + "' is unknown to collection '"
                        + definition.name()
                        + "' and the version of its row is not above the highest one of a delete"
                        + " that is no longer remembered",
                "write with accept-older if the row is not older than a delete of its key");
    }

    private ArbalestException overloaded(String why) {
        return new ArbalestException(
                ErrorCode.OVERLOADED,
                "a shard of collection '" + definition.name() + "' is behind: " + why,
                "send again later; add shards or engine.indexer-threads if it lasts");
    }

    private static ArbalestException failure(Throwable cause, boolean outcomeUnknown) {
        String outcome =
                outcomeUnknown
                        ? "; outcome unknown: rows of this batch may or may not be stored"
                        : "";
        String text = cause.getMessage() + outcome;
        if (!(cause instanceof LogFailedException log)) {
            return new ArbalestException(
                    ErrorCode.INTERNAL, cause + outcome, "see the node's log", cause);
        }
        return switch (log.reason()) {
            case DISK_FULL ->
                    new ArbalestException(
                            ErrorCode.DISK_FULL, text, ShardFailure.FREE_SPACE, cause);
            case QUEUE_FULL ->
                    new ArbalestException(
                            ErrorCode.OVERLOADED, text, "send smaller batches", cause);
            case CLOSED ->
                    new ArbalestException(
                            ErrorCode.SHUTTING_DOWN,
                            text,
                            "send again to the restarted node",
                            cause);
            case POISONED ->
                    new ArbalestException(
                            ErrorCode.LOG_FAILED,
                            text,
                            "check the node's disk, restart the node, then send the batch again:"
                                    + " versions make that safe",
                            cause);
        };
    }
}
