package io.arbalest.wal;

import io.arbalest.common.Scheduler.SerialExecutor;
import io.arbalest.wal.LogFailedException.Reason;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Makes what waits durable, on the log's thread: all of it as one batch by one synchronous write,
 * and exactly one batch is under way; what arrives meanwhile makes the next one. Tells each record
 * its fate, in order, and marks now and then in {@code CURRENT} how far the log has come.
 *
 * <p>The first write that fails poisons the log ({@link #fail}): nothing is tried again, and
 * everyone who waits is told that the outcome is unknown.
 *
 * <p>Thread-safe. Lock order: {@code writing}, then that of the {@link RecordQueue}.
 */
final class GroupCommit implements AutoCloseable {
    private static final Logger LOG = System.getLogger(GroupCommit.class.getName());

    /** After so many, marks and whatever else the writing thread has to do get their turn. */
    private static final int BATCHES_AT_ONCE = 64;

    private final Path directory;
    private final WalOptions options;
    private final LogEnvironment environment;
    private final RecordQueue queue;
    private final WalFiles files;
    private final SerialExecutor writer;
    private final AtomicBoolean scheduled = new AtomicBoolean();

    /** Guards what is under the writing thread's hands; held during input and output. */
    private final Object writing = new Object();

    private final BatchWriter batches;
    private final MarkFile mark;
    private boolean markScheduled;
    private volatile long durable;

    /**
     * @param batches closed with this, as {@code mark} is
     */
    GroupCommit(
            Path directory,
            WalOptions options,
            LogEnvironment environment,
            RecordQueue queue,
            WalFiles files,
            BatchWriter batches,
            MarkFile mark) {
        this.directory = directory;
        this.options = options;
        this.environment = environment;
        this.queue = queue;
        this.files = files;
        this.batches = batches;
        this.mark = mark;
        this.durable = queue.next() - 1;
        this.writer = environment.scheduler().serial("wal-writer");
    }

    /** Writes the first file and the first record of this opening, on the caller's thread. */
    void start() throws IOException {
        synchronized (writing) {
            files.adoptUnfinished();
            files.prepareNow();
            queue.addTermStart();
            batches.layOut(queue);
            batches.begin(true);
            batches.await(false);
            acknowledge();
            writeMark();
        }
        writer.execute(this::attach);
    }

    /** On the log thread, before its first batch. */
    private void attach() {
        synchronized (writing) {
            try {
                batches.attach();
            } catch (IOException e) {
                LOG.log(
                        Level.WARNING,
                        "the log in {0} is written plainly, not in its thread''s own queue: {1}",
                        directory,
                        e.getMessage());
            }
        }
    }

    /** The highest sequence number that is known to be durable. */
    long durableSequenceNumber() {
        return durable;
    }

    /** Lets the log thread write what waits, soon. */
    void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            try {
                writer.execute(this::writeWaiting);
            } catch (RejectedExecutionException e) {
                LOG.log(
                        Level.DEBUG,
                        "the scheduler is closed; closing the log will write what waits",
                        e);
            }
        }
    }

    /** As {@link #schedule}, if there is anything to write. */
    void scheduleIfWaiting() {
        if (!queue.isEmpty() && queue.failure() == null) {
            schedule();
        }
    }

    /** The log thread's task: some batches, and another task if more waits. */
    private void writeWaiting() {
        scheduled.set(false);
        if (writeBatches()) {
            scheduleIfWaiting();
        }
    }

    /**
     * Writes what waits in at most {@value #BATCHES_AT_ONCE} batches, and leaves none under way;
     * false if a file was missing or nothing waited.
     */
    private boolean writeBatches() {
        boolean progress = false;
        for (int i = 0; i <= BATCHES_AT_ONCE; i++) {
            boolean last = i == BATCHES_AT_ONCE;
            boolean more = false;
            Throwable cause = null;
            List<PendingRecord> told;
            synchronized (writing) {
                if (queue.failure() != null) {
                    return false;
                }
                told = last ? List.of() : acknowledge();
                more = !told.isEmpty();
                if (!more) {
                    try {
                        more = last ? endBatch() : passBatch();
                    } catch (Throwable e) {
                        cause = e;
                    }
                    told = acknowledge();
                }
            }
            for (PendingRecord record : told) {
                tell(() -> record.callback().durable(record.firstSequenceNumber()));
            }
            if (cause != null) {
                poison(cause);
            }
            progress |= more;
            if (!more) {
                return progress;
            }
        }
        return true;
    }

    /**
     * Ends the batch that is under way, or the one that it begins, and meanwhile lays out the next
     * one; a long next one is begun at once, so that the disk has work while callbacks run. False
     * if there was nothing to write. Under {@code writing}.
     */
    private boolean passBatch() throws IOException {
        if (!batches.isUnderWay()) {
            batches.layOut(queue);
            if (batches.laidOutBytes() == 0) {
                return false;
            }
            batches.begin(queue.isEmpty());
        }
        if (!queue.isEmpty()) {
            batches.layOut(queue);
        }
        // If more is to be written, the disk does that while a new file gets its name.
        batches.await(batches.laidOutBytes() > 0 || !queue.isEmpty());
        if (batches.laidOutBytes() >= options.batchBytes() / 2) {
            batches.layOut(queue);
            batches.begin(false);
        }
        return true;
    }

    /** Leaves nothing laid out or under way. Under {@code writing}. */
    private boolean endBatch() throws IOException {
        if (batches.laidOutBytes() > 0) {
            batches.await(true);
            batches.begin(true);
        }
        batches.await(true);
        return false;
    }

    /** Under {@code writing}. */
    private List<PendingRecord> acknowledge() {
        List<PendingRecord> told = batches.acknowledge();
        if (!told.isEmpty()) {
            durable = batches.acknowledged().nextSequenceNumber() - 1;
            if (!markScheduled) {
                markScheduled = true;
                environment.scheduler().schedule(options.markDelay(), writer, this::markLater);
            }
        }
        return told;
    }

    private void markLater() {
        synchronized (writing) {
            markScheduled = false;
            try {
                writeMark();
            } catch (IOException | RuntimeException e) {
                poison(e);
            }
        }
    }

    private void writeMark() throws IOException {
        synchronized (writing) {
            if (queue.failure() == null) {
                mark.write(batches.acknowledged());
            }
        }
    }

    /** Stops the log for good, on its thread. */
    void fail(Throwable cause) {
        try {
            writer.execute(() -> poison(cause));
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the log is closing", e);
        }
    }

    /** Stops the log for good and fails all that was taken or waits. */
    private void poison(Throwable cause) {
        if (!queue.fail(cause)) {
            return;
        }
        LOG.log(
                Level.ERROR,
                "the log in "
                        + directory
                        + " has failed and takes nothing more until it is opened again",
                cause);
        failAll(
                Reason.POISONED,
                "the log in "
                        + directory
                        + " has failed: "
                        + cause
                        + "; whether the record is durable is unknown",
                cause);
    }

    /** Fails what was taken and what waits, in order. */
    private void failAll(Reason reason, String message, @Nullable Throwable cause) {
        List<PendingRecord> failed = new ArrayList<>();
        synchronized (writing) {
            failed.addAll(batches.abandon());
            failed.addAll(queue.takeAll());
        }
        for (PendingRecord record : failed) {
            LogFailedException told =
                    cause == null
                            ? new LogFailedException(reason, message)
                            : new LogFailedException(reason, message, cause);
            tell(() -> record.callback().failed(told));
        }
    }

    private static void tell(Runnable callback) {
        try {
            callback.run();
        } catch (Throwable e) {
            // A waiter that fails must not keep the others from hearing.
            LOG.log(Level.ERROR, "a callback of the log failed", e);
        }
    }

    /** Writes and marks on the caller's thread what waits in the closed queue; fails the rest. */
    void finish() {
        try {
            writer.close();
            writeAll();
            writeMark();
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "records were left unwritten while closing the log in " + directory,
                    e);
        } finally {
            failAll(Reason.CLOSED, "the log in " + directory + " was closed", null);
        }
    }

    /** The closing thread prepares and names files itself. */
    private void writeAll() throws IOException {
        boolean more = true;
        while (queue.failure() == null && more) {
            files.nameNow();
            more = writeBatches();
            if (!more && !queue.isEmpty()) {
                files.prepareNow();
                more = true;
            }
        }
    }

    /** Ends the log thread and closes the files that are written. */
    @Override
    public void close() throws IOException {
        writer.close();
        try (mark) {
            synchronized (writing) {
                batches.close();
            }
        }
    }
}
