package io.arbalest.wal;

import io.arbalest.common.Scheduler.SerialExecutor;
import io.arbalest.wal.LogFailedException.Reason;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/**
 * The log in files of {@link WalFormat}. All that waits is written as one batch by one synchronous
 * write, and exactly one batch is under way: what arrives meanwhile makes the next one.
 *
 * <p>The first write that fails poisons the log: nothing is tried again, because a sync that
 * succeeds after one that failed says nothing about the data of the first. Everyone who waits is
 * told that the outcome is unknown. A disk without space for the next file is no failure: records
 * already taken keep waiting, new ones are refused until there is space.
 *
 * <p>Thread-safe. Lock order: {@code writing} before {@code queue}.
 */
public final class FileWriteAheadLog implements WriteAheadLog {
    private static final Logger LOG = System.getLogger(FileWriteAheadLog.class.getName());

    /** After so many, marks and whatever else the writing thread has to do get their turn. */
    private static final int BATCHES_AT_ONCE = 64;

    private final Path directory;
    private final WalOptions options;
    private final LogEnvironment environment;
    private final WalRecovery recovery;
    private final RecoveredLog recovered;
    private final LogMetrics metrics;
    private final WalFiles files;
    private final SerialExecutor writer;
    private final SerialExecutor helper;

    /** Guards what is under the writing thread's hands; held during input and output. */
    private final Object writing = new Object();

    private final BatchWriter batches;
    private final MarkFile mark;
    private boolean markScheduled;

    private final BatchWriter.Source queued = new Queued();

    /** Guards the fields below; held for moments only. */
    private final Object queue = new Object();

    private final Deque<PendingRecord> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private boolean writeScheduled;
    private boolean appended;
    private boolean closed;
    private volatile long next;
    private volatile long durable;
    private volatile @Nullable Throwable failure;

    private FileWriteAheadLog(
            Path directory,
            LogIdentity identity,
            long term,
            WalOptions options,
            LogEnvironment environment)
            throws IOException {
        this.directory = directory;
        this.options = options;
        this.environment = environment;
        environment.disk().createDirectories(directory);
        recovery = new WalRecovery(environment.disk(), directory, identity);
        recovered = recovery.recover();
        recovered.sync(environment.disk());
        LogPosition position = recovered.end();
        if (term < position.term()) {
            throw new IllegalArgumentException(
                    "term "
                            + term
                            + " is below term "
                            + position.term()
                            + " of the log in "
                            + directory);
        }
        if (recovered.tornTail()) {
            LOG.log(
                    Level.INFO,
                    "log in {0}: an unfinished write behind sequence number {1} was cut",
                    directory,
                    Long.toString(position.nextSequenceNumber() - 1));
        }
        next = position.nextSequenceNumber();
        durable = next - 1;
        metrics = new LogMetrics(environment);
        files =
                new WalFiles(
                        directory,
                        identity,
                        options,
                        environment,
                        metrics,
                        recovered,
                        new SpareListener());
        mark = MarkFile.open(environment.disk(), directory, identity, recovered.mark());
        writer = environment.scheduler().serial("wal-writer");
        helper = environment.scheduler().serial("wal-helper");
        batches =
                new BatchWriter(
                        environment,
                        files,
                        metrics,
                        environment.disk().writer(2L * options.batchBytes(), helper),
                        position,
                        term);
    }

    /**
     * Opens the log of a directory, which is created if it is missing: recovers what is there,
     * begins a new file and makes a TERM_START record durable in it.
     *
     * @param term of the primary that opens it; not below the highest in the log
     * @throws LogCorruptException if something is damaged that may have been acknowledged
     * @throws UnsupportedLogFormatException if a later version wrote the log
     * @throws io.arbalest.io.DiskFullException if there is no space for the new file
     */
    public static FileWriteAheadLog open(
            Path directory,
            LogIdentity identity,
            long term,
            WalOptions options,
            LogEnvironment environment)
            throws IOException {
        FileWriteAheadLog log =
                new FileWriteAheadLog(directory, identity, term, options, environment);
        try {
            log.start();
            return log;
        } catch (IOException | RuntimeException e) {
            log.closeFiles();
            throw e;
        }
    }

    @Override
    public long append(RecordType type, int rowCount, List<MemorySegment> body, Callback callback) {
        long bodyBytes = 0;
        for (MemorySegment part : body) {
            bodyBytes += part.byteSize();
        }
        PendingRecord.check(type, rowCount, bodyBytes, options.maxBodyBytes());
        long framed = WalFormat.framedBytes(bodyBytes);
        synchronized (queue) {
            admit(framed);
            long first = next;
            waiting.add(
                    new PendingRecord(
                            type, first, rowCount, List.copyOf(body), bodyBytes, framed, callback));
            waitingBytes += framed;
            next = first + rowCount;
            appended = true;
            scheduleWrite();
            return first;
        }
    }

    @Override
    public long nextSequenceNumber() {
        return next;
    }

    @Override
    public long durableSequenceNumber() {
        return durable;
    }

    @Override
    public void replay(long from, Visitor visitor) throws IOException {
        synchronized (queue) {
            if (appended) {
                throw new IllegalStateException("replay after the first append");
            }
        }
        List<RecoveredLog.ValidFile> valid = recovered.files();
        for (int i = 0; i < valid.size(); i++) {
            long behind =
                    i + 1 < valid.size()
                            ? valid.get(i + 1).header().firstSequenceNumber()
                            : recovered.end().nextSequenceNumber();
            if (behind > from) {
                recovery.replay(valid.get(i), from, visitor);
            }
        }
    }

    @Override
    public void release(long belowSequenceNumber) throws IOException {
        files.release(Math.min(belowSequenceNumber, durable + 1));
    }

    @Override
    public long sizeBytes() {
        return files.sizeBytes();
    }

    @Override
    public @Nullable Throwable failure() {
        return failure;
    }

    @Override
    public void close() throws IOException {
        synchronized (queue) {
            if (closed) {
                return;
            }
            closed = true;
        }
        // An interrupt would close the file under the last write.
        boolean interrupted = Thread.interrupted();
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
            closeFiles();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Refuses a record that cannot be taken now. Under {@code queue}. */
    private void admit(long framed) {
        Throwable cause = failure;
        if (cause != null) {
            throw new LogFailedException(
                    Reason.POISONED, "the log in " + directory + " has failed", cause);
        }
        if (closed) {
            throw new LogFailedException(Reason.CLOSED, "the log in " + directory + " is closed");
        }
        if (files.diskFull()) {
            throw new LogFailedException(
                    Reason.DISK_FULL, "no space for another file of the log in " + directory);
        }
        if (waitingBytes + framed > options.queueBytes()) {
            throw new LogFailedException(
                    Reason.QUEUE_FULL,
                    "the log in "
                            + directory
                            + " has "
                            + waitingBytes
                            + " bytes waiting, limit "
                            + options.queueBytes());
        }
    }

    /** Under {@code queue}. */
    private void scheduleWrite() {
        if (!writeScheduled && !closed) {
            writeScheduled = true;
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

    private boolean hasWaiting() {
        synchronized (queue) {
            return !waiting.isEmpty();
        }
    }

    /** Writes what waits on the closing thread, which prepares and names files itself. */
    private void writeAll() throws IOException {
        boolean more = true;
        while (failure == null && more) {
            files.nameNow();
            more = writeBatches();
            if (!more && hasWaiting()) {
                files.prepareNow();
                more = true;
            }
        }
    }

    /** The writer's task: some batches, and another task if more waits. */
    private void writeWaiting() {
        synchronized (queue) {
            writeScheduled = false;
        }
        boolean progress = writeBatches();
        synchronized (queue) {
            if (progress && failure == null && !waiting.isEmpty()) {
                scheduleWrite();
            }
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
                if (failure != null) {
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
            batches.layOut(queued);
            if (batches.laidOutBytes() == 0) {
                return false;
            }
            batches.begin(queued.isEmpty());
        }
        if (!queued.isEmpty()) {
            batches.layOut(queued);
        }
        // If more is to be written, the disk does that while a new file gets its name.
        batches.await(batches.laidOutBytes() > 0 || !queued.isEmpty());
        if (batches.laidOutBytes() >= options.batchBytes() / 2) {
            batches.layOut(queued);
            batches.begin(false);
        }
        return true;
    }

    /** Under {@code writing}. */
    private List<PendingRecord> acknowledge() {
        List<PendingRecord> told = batches.acknowledge();
        if (!told.isEmpty()) {
            durable = batches.acknowledged().nextSequenceNumber() - 1;
            scheduleMark();
        }
        return told;
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

    /** The first file and the first record of this opening, on the caller's thread. */
    private void start() throws IOException {
        synchronized (writing) {
            files.adoptUnfinished();
            files.prepareNow();
            synchronized (queue) {
                waiting.add(PendingRecord.termStart(next));
                waitingBytes += waiting.getFirst().framedBytes();
            }
            batches.layOut(queued);
            batches.begin(true);
            batches.await(false);
            acknowledge();
            writeMark();
        }
        writer.execute(this::attach);
        metrics.gauges(
                () -> failure == null ? 0 : 1,
                () -> files.diskFull() ? 1 : 0,
                this::queuedBytes,
                this::sizeBytes);
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

    private long queuedBytes() {
        synchronized (queue) {
            return waitingBytes;
        }
    }

    /** Under {@code writing}. */
    private void scheduleMark() {
        if (!markScheduled) {
            markScheduled = true;
            environment.scheduler().schedule(options.markDelay(), writer, this::markLater);
        }
    }

    private void markLater() {
        synchronized (writing) {
            markScheduled = false;
            if (failure != null) {
                return;
            }
            try {
                writeMark();
            } catch (IOException | RuntimeException e) {
                poison(e);
            }
        }
    }

    private void writeMark() throws IOException {
        synchronized (writing) {
            if (failure == null) {
                mark.write(batches.acknowledged());
            }
        }
    }

    /** Stops the log for good and fails all that was taken or waits. */
    private void poison(Throwable cause) {
        synchronized (queue) {
            if (failure != null) {
                return;
            }
            failure = cause;
        }
        LOG.log(
                Level.ERROR,
                "the log in "
                        + directory
                        + " has failed and takes nothing more until it is opened again",
                cause);
        failAll(
                Reason.POISONED,
                "the log in " + directory + " has failed; whether the record is durable is unknown",
                cause);
    }

    /** Fails what was taken and what waits, in order. */
    private void failAll(Reason reason, String message, @Nullable Throwable cause) {
        List<PendingRecord> failed = new ArrayList<>();
        synchronized (writing) {
            failed.addAll(batches.abandon());
            synchronized (queue) {
                failed.addAll(waiting);
                waiting.clear();
                waitingBytes = 0;
            }
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

    private void closeFiles() throws IOException {
        writer.close();
        try (helper;
                files;
                mark) {
            synchronized (writing) {
                batches.close();
            }
        }
    }

    /** The queue as the writing thread sees it. */
    private final class Queued implements BatchWriter.Source {
        @Override
        public List<PendingRecord> take(long limit, long alone) {
            List<PendingRecord> taken = new ArrayList<>();
            long bytes = 0;
            synchronized (queue) {
                while (!waiting.isEmpty()) {
                    long framed = waiting.getFirst().framedBytes();
                    boolean fits = bytes + framed <= limit || (taken.isEmpty() && framed <= alone);
                    if (!fits) {
                        break;
                    }
                    taken.add(waiting.removeFirst());
                    waitingBytes -= framed;
                    bytes += framed;
                }
            }
            return taken;
        }

        @Override
        public boolean isEmpty() {
            return !hasWaiting();
        }
    }

    /** Hears of files that were waited for. */
    private final class SpareListener implements WalFiles.Listener {
        @Override
        public void spareReady() {
            synchronized (queue) {
                if (!waiting.isEmpty() && failure == null) {
                    scheduleWrite();
                }
            }
        }

        @Override
        public void named() {
            synchronized (queue) {
                scheduleWrite();
            }
        }

        @Override
        public void spareFailed(Throwable cause) {
            try {
                writer.execute(() -> poison(cause));
            } catch (RejectedExecutionException e) {
                LOG.log(Level.DEBUG, "the log is closing", e);
            }
        }
    }
}
