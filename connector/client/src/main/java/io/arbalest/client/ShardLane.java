package io.arbalest.client;

import com.google.protobuf.ByteString;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.RowStatus;
import io.arbalest.protocol.ErrorCodec;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.PutBatch;
import io.arbalest.protocol.RowStatusCodec;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.RowError;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The rows of one shard on their way to its primary, in order. At most {@value #WINDOW} batches are
 * unacknowledged; that window, not gRPC's buffers, is what holds a lane back. When the stream
 * fails, everything unacknowledged is sent again in the same order on the next one: versions make
 * that a no-op for what had been stored.
 *
 * <p>An actor: {@link #append} and {@link #seal} are called by the writer's thread; all else
 * happens in {@link #run}, on one worker at a time, driven by events.
 */
final class ShardLane implements Runnable, PutStream.Listener {
    /** Batches sent and not acknowledged. */
    static final int WINDOW = 4;

    private static final System.Logger LOG = System.getLogger(ShardLane.class.getName());
    private static final Duration FIRST_REPORT = Duration.ofSeconds(2);
    private static final Duration NEXT_REPORT = Duration.ofSeconds(30);
    private static final long MAX_BATCH_BYTES = 8 << 20;
    private static final Duration FIRST_BACK_OFF = Duration.ofMillis(50);
    private static final Duration LAST_BACK_OFF = Duration.ofSeconds(2);
    private static final Duration READY_POLL = Duration.ofMillis(1);
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(1);

    private enum State {
        IDLE,
        OPENING,
        OPEN,
        BACKING_OFF,
        CLOSED
    }

    /** A stream that ended before the lane heard that it was open. */
    private record EarlyEnd(PutStream stream, ArbalestException why) {}

    private record FlushPoint(long batches, Runnable done) {}

    private final FlightPointWriter writer;
    private final int shard;
    private final ClientThreads threads;

    // Shared with the writer's thread, under this object's monitor.
    private WriteBatch filling = new WriteBatch();
    private final Deque<WriteBatch> sealed = new ArrayDeque<>();
    private long sealedBatches;

    // The actor's.
    private final Queue<Runnable> events = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pendingRuns = new AtomicInteger();
    private final Deque<WriteBatch> resend = new ArrayDeque<>();
    private final Deque<WriteBatch> unacknowledged = new ArrayDeque<>();
    private final List<FlushPoint> flushPoints = new ArrayList<>();
    private State state = State.IDLE;
    private @Nullable PutBatch batch;
    private @Nullable CollectionDefinition batchDefinition;
    private @Nullable PutStream stream;
    private @Nullable EarlyEnd earlyEnd;
    private long acknowledgedBatches;
    private Duration backOff = FIRST_BACK_OFF;
    private long failingSinceNanos;
    private long nextReportNanos;
    private boolean failing;
    private boolean readyPollScheduled;

    ShardLane(FlightPointWriter writer, int shard, ClientThreads threads) {
        this.writer = writer;
        this.shard = shard;
        this.threads = threads;
    }

    // ------------------------------------------------------------ the writer's thread

    /** Queues a point; its bytes are already counted in the writer's budget. */
    void append(Point point, long bytes) {
        boolean full;
        WriteBatch first = null;
        synchronized (this) {
            filling.add(point, bytes);
            full =
                    filling.rows() >= writer.options().batchRows()
                            || filling.bytes() >= MAX_BATCH_BYTES;
            if (!full && filling.rows() == 1) {
                first = filling;
            }
        }
        if (full) {
            seal();
        } else if (first != null) {
            WriteBatch waiting = first;
            threads.after(writer.options().batchDelay(), () -> sealIfStill(waiting));
        }
    }

    private void sealIfStill(WriteBatch waiting) {
        boolean still;
        synchronized (this) {
            still = filling == waiting;
        }
        if (still) {
            seal();
        }
    }

    /** Lets what has been queued go, full batch or not. */
    void seal() {
        synchronized (this) {
            if (filling.rows() == 0) {
                return;
            }
            sealed.add(filling);
            sealedBatches++;
            filling = new WriteBatch();
        }
        wake();
    }

    /**
     * Calls back when everything queued so far is acknowledged; never if the lane is closed first.
     */
    void flush(Runnable done) {
        seal();
        long target;
        synchronized (this) {
            target = sealedBatches;
        }
        post(() -> {
            if (acknowledgedBatches >= target) {
                done.run();
            } else if (state != State.CLOSED) {
                flushPoints.add(new FlushPoint(target, done));
            }
        });
    }

    // ------------------------------------------------------------ events

    @Override
    public void acknowledged(PutStream from, PutAcknowledgement acknowledgement) {
        post(() -> onAcknowledged(from, acknowledgement));
    }

    @Override
    public void ended(PutStream from, ArbalestException why) {
        post(() -> onEnded(from, why));
    }

    /** Gives up a stream whose node has been silent for too long. */
    void checkSilence(Duration limit) {
        post(() -> {
            WriteBatch oldest = unacknowledged.peek();
            if (stream != null
                    && oldest != null
                    && System.nanoTime() - oldest.sentNanos() > limit.toNanos()) {
                failed(
                        new ArbalestException(
                                ErrorCode.UNREACHABLE,
                                "the primary of shard "
                                        + shard
                                        + " has not acknowledged anything for "
                                        + limit.toSeconds()
                                        + " s",
                                "check that node's log and load"));
            }
        });
    }

    /** Releases the stream and its buffers, then calls back. */
    void close(Runnable done) {
        post(() -> onClose(done));
    }

    private void post(Runnable event) {
        events.add(event);
        wake();
    }

    private void wake() {
        if (pendingRuns.getAndIncrement() == 0) {
            try {
                threads.workers().execute(this);
            } catch (RejectedExecutionException e) {
                run(); // the client is being closed: its last events are handled where they arise
            }
        }
    }

    @Override
    public void run() {
        int handled = pendingRuns.get();
        while (true) {
            try {
                for (Runnable event = events.poll(); event != null; event = events.poll()) {
                    event.run();
                }
                step();
            } catch (RuntimeException | Error e) {
                writer.fail(FlightErrors.coded(e));
            }
            handled = pendingRuns.addAndGet(-handled);
            if (handled == 0) {
                return;
            }
        }
    }

    private void step() {
        if (state == State.IDLE && hasWork()) {
            open();
        } else if (state == State.OPEN) {
            sendWhatFits();
        }
    }

    private boolean hasWork() {
        if (!resend.isEmpty()) {
            return true;
        }
        synchronized (this) {
            return !sealed.isEmpty();
        }
    }

    // ------------------------------------------------------------ opening

    private void open() {
        state = State.OPENING;
        CollectionDefinition definition = writer.definition();
        PutBatch target = batch;
        if (target == null || !definition.equals(batchDefinition)) {
            release(null, target, () -> {});
            target = writer.newBatch(definition);
            batch = target;
            batchDefinition = definition;
        }
        PutBatch filled = target;
        boolean refresh = failing;
        try {
            threads.callers()
                    .execute(() -> {
                        try {
                            PutStream opened = writer.openStream(shard, refresh, filled, this);
                            post(() -> onOpened(opened));
                        } catch (RuntimeException e) {
                            ArbalestException coded = FlightErrors.fromFlight(e, "shard " + shard);
                            post(() -> onOpenFailed(coded));
                        }
                    });
        } catch (RejectedExecutionException e) {
            onOpenFailed(
                    new ArbalestException(
                            ErrorCode.OVERLOADED, "too many calls wait", "open fewer writers", e));
        }
    }

    private void onOpened(PutStream opened) {
        if (state == State.CLOSED) {
            opened.cancel();
            return;
        }
        stream = opened;
        state = State.OPEN;
        EarlyEnd early = earlyEnd;
        earlyEnd = null;
        if (early != null && early.stream == opened) {
            failed(early.why);
        }
    }

    private void onOpenFailed(ArbalestException error) {
        if (state != State.CLOSED) {
            failed(error);
        }
    }

    // ------------------------------------------------------------ sending

    private void sendWhatFits() {
        while (stream != null && batch != null && unacknowledged.size() < WINDOW && hasWork()) {
            if (!writer.definition().equals(batchDefinition)) {
                if (unacknowledged.isEmpty()) {
                    reopen();
                }
                return;
            }
            if (!stream.isReady()) {
                pollReady();
                return;
            }
            WriteBatch next = nextBatch();
            batch.clear(next.rows());
            for (Point point : next.points()) {
                boolean upsert =
                        point.vector() != null
                                && point.operation() != io.arbalest.model.OperationKind.DELETE;
                batch.add(
                        point.key(),
                        point.operation(),
                        upsert ? point.vector() : null,
                        point.metadata(),
                        point.version());
            }
            batch.finish();
            unacknowledged.add(next); // first, so that a failure below sends it again
            try {
                next.sent(stream.send(), System.nanoTime());
            } catch (RuntimeException e) {
                failed(
                        new ArbalestException(
                                ErrorCode.UNREACHABLE,
                                "sending to shard " + shard + " failed: " + e.getMessage(),
                                "",
                                e));
            }
        }
    }

    /** Goes on with a stream that has columns for the fields that were added. */
    private void reopen() {
        release(stream, batch, () -> {});
        stream = null;
        batch = null;
        open();
    }

    private WriteBatch nextBatch() {
        WriteBatch again = resend.poll();
        if (again != null) {
            return again;
        }
        synchronized (this) {
            return sealed.remove();
        }
    }

    /**
     * gRPC has no room just now, and Flight offers no callback after a call has started: look again
     * soon.
     */
    private void pollReady() {
        if (!readyPollScheduled) {
            readyPollScheduled = true;
            threads.after(READY_POLL, () -> post(() -> readyPollScheduled = false));
        }
    }

    // ------------------------------------------------------------ answers

    private void onAcknowledged(PutStream from, PutAcknowledgement acknowledgement) {
        if (from != stream) {
            return; // of a stream that was given up; its batches are sent again
        }
        WriteBatch oldest = unacknowledged.peek();
        if (oldest == null || oldest.sequence() != acknowledgement.getSequence()) {
            failed(
                    new ArbalestException(
                            ErrorCode.UNREACHABLE,
                            "the primary of shard "
                                    + shard
                                    + " acknowledged batch "
                                    + acknowledgement.getSequence()
                                    + ", expected "
                                    + (oldest == null ? "none" : oldest.sequence()),
                            "use client and server of matching releases"));
            return;
        }
        if (acknowledgement.hasError()) {
            ArbalestException error = ErrorCodec.fromWire(acknowledgement.getError());
            if (error.code().retryable() || acknowledgement.getOutcomeUnknown()) {
                retryLater(error);
            } else {
                writer.fail(error);
            }
            return;
        }
        unacknowledged.remove();
        failing = false;
        backOff = FIRST_BACK_OFF;
        writer.acknowledged(oldest, statuses(acknowledgement, oldest), acknowledgement);
        acknowledgedBatches++;
        for (Iterator<FlushPoint> points = flushPoints.iterator(); points.hasNext(); ) {
            FlushPoint point = points.next();
            if (point.batches <= acknowledgedBatches) {
                points.remove();
                point.done.run();
            }
        }
    }

    /** Counts by status, after the rejection handler has heard of every refused row. */
    private Map<RowStatus, Integer> statuses(
            PutAcknowledgement acknowledgement, WriteBatch acknowledged) {
        Map<RowStatus, Integer> counts = new EnumMap<>(RowStatus.class);
        ByteString told = acknowledgement.getStatuses();
        if (told.isEmpty()) {
            counts.put(RowStatus.APPLIED, acknowledged.rows());
            return counts;
        }
        if (told.size() != acknowledged.rows()) {
            throw new ArbalestException(
                    ErrorCode.INTERNAL,
                    "shard "
                            + shard
                            + " acknowledged "
                            + acknowledged.rows()
                            + " rows with "
                            + told.size()
                            + " statuses",
                    "use client and server of matching releases");
        }
        Map<Integer, ArbalestException> errors = new HashMap<>();
        for (RowError error : acknowledgement.getErrorsList()) {
            errors.put(error.getRow(), ErrorCodec.fromWire(error.getError()));
        }
        ArbalestException unexplained =
                new ArbalestException(
                        ErrorCode.INTERNAL, "row refused without a reason", "see the node's log");
        for (int row = 0; row < acknowledged.rows(); row++) {
            RowStatus status = RowStatusCodec.fromWire(told.byteAt(row));
            counts.merge(status, 1, Integer::sum);
            if (status == RowStatus.REJECTED) {
                writer.rejected(
                        acknowledged.points().get(row), errors.getOrDefault(row, unexplained));
            }
        }
        return counts;
    }

    // ------------------------------------------------------------ failing

    private void onEnded(PutStream from, ArbalestException why) {
        if (from == stream) {
            failed(why);
        } else if (state == State.OPENING) {
            earlyEnd = new EarlyEnd(from, why);
        }
    }

    private void failed(ArbalestException error) {
        if (error.code().retryable() || writer.mayBeKnownSoon(error)) {
            retryLater(error);
        } else {
            writer.fail(error);
        }
    }

    private void retryLater(ArbalestException error) {
        dropStream();
        while (!unacknowledged.isEmpty()) {
            resend.addFirst(unacknowledged.removeLast());
        }
        long now = System.nanoTime();
        if (!failing) {
            failing = true;
            failingSinceNanos = now;
            nextReportNanos = now + FIRST_REPORT.toNanos();
        }
        report(error, now);
        long failingFor = now - failingSinceNanos;
        if (failingFor > writer.options().retryTimeout().toNanos()) {
            writer.fail(
                    error.prefixed(
                            "gave up writing to shard "
                                    + shard
                                    + " after "
                                    + TimeUnit.NANOSECONDS.toSeconds(failingFor)
                                    + " s: "));
            return;
        }
        writer.retried();
        state = State.BACKING_OFF;
        long jitter = ThreadLocalRandom.current().nextLong(backOff.toNanos() / 2 + 1);
        threads.after(
                backOff.plusNanos(jitter),
                () ->
                        post(() -> {
                            if (state == State.BACKING_OFF) {
                                state = State.IDLE;
                            }
                        }));
        Duration doubled = backOff.multipliedBy(2);
        backOff = doubled.compareTo(LAST_BACK_OFF) > 0 ? LAST_BACK_OFF : doubled;
    }

    /** Short retries are the normal way of a restart or of back-pressure; longer ones are news. */
    private void report(ArbalestException error, long now) {
        if (now - nextReportNanos >= 0) {
            nextReportNanos = now + NEXT_REPORT.toNanos();
            LOG.log(
                    System.Logger.Level.WARNING,
                    "writes to shard {0} have been failing for {1} s and are sent again: {2}",
                    shard,
                    TimeUnit.NANOSECONDS.toSeconds(now - failingSinceNanos),
                    error.getMessage());
        }
    }

    private void dropStream() {
        PutStream old = stream;
        stream = null;
        if (old != null) {
            old.cancel();
        }
    }

    private void onClose(Runnable done) {
        PutStream open = stream;
        stream = null;
        PutBatch buffers = batch;
        batch = null;
        state = State.CLOSED;
        flushPoints.clear();
        release(open, buffers, done);
    }

    /** Ends a stream and gives its buffers back, elsewhere: both may take a moment. */
    private void release(@Nullable PutStream open, @Nullable PutBatch buffers, Runnable done) {
        Runnable release =
                () -> {
                    if (open != null) {
                        open.close(CLOSE_WAIT.toNanos(), TimeUnit.NANOSECONDS);
                    }
                    if (buffers != null) {
                        buffers.close();
                    }
                    done.run();
                };
        try {
            threads.callers().execute(release);
        } catch (RejectedExecutionException e) {
            release.run();
        }
    }
}
