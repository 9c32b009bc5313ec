package io.arbalest.wal;

import io.arbalest.common.Scheduler.SerialExecutor;
import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.BlockWriter;
import io.arbalest.wal.LogFailedException.Reason;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
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

    private final Path directory;
    private final WalOptions options;
    private final LogEnvironment environment;
    private final long term;
    private final WalRecovery recovery;
    private final RecoveredLog recovered;
    private final LogMetrics metrics;
    private final WalFiles files;
    private final SerialExecutor writer;

    /** Guards what is under the writing thread's hands; held during input and output. */
    private final Object writing = new Object();

    private final BlockWriter blocks;
    private final MemorySegment buffer;
    private final BlockFile current;
    private DurableMark mark;
    private boolean markScheduled;
    private WalFiles.@Nullable Active active;
    private LogPosition position;

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
        this.term = term;
        environment.disk().createDirectories(directory);
        recovery = new WalRecovery(environment.disk(), directory, identity);
        recovered = recovery.recover();
        position = recovered.end();
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
        Path currentPath = directory.resolve(WalFormat.CURRENT_FILE);
        if (recovered.mark() == null) {
            environment.disk().publish(currentPath, DurableMark.initialFile(identity));
        }
        mark =
                recovered.mark() == null
                        ? new DurableMark(identity, 1, LogPosition.ORIGIN)
                        : recovered.mark();
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
        current = environment.disk().open(currentPath);
        writer = environment.scheduler().serial("wal-writer");
        blocks = environment.disk().writer(options.batchBytes());
        buffer = blocks.buffer();
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
            while (failure == null && hasWaiting()) {
                if (!writeBatch()) {
                    files.prepareNow();
                }
            }
            writeMark();
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "records were left unwritten while closing the log in " + directory,
                    e);
        } finally {
            failWaiting(Reason.CLOSED, "the log in " + directory + " was closed", null);
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

    /** The writer's task: one batch, and another task if more waits. */
    private void writeWaiting() {
        synchronized (queue) {
            writeScheduled = false;
        }
        boolean progress = writeBatch();
        synchronized (queue) {
            if (progress && failure == null && !waiting.isEmpty()) {
                scheduleWrite();
            }
        }
    }

    /** Writes one batch of what waits; false if it must wait for a file. */
    private boolean writeBatch() {
        List<PendingRecord> batch = List.of();
        synchronized (writing) {
            if (failure != null) {
                return true;
            }
            try {
                batch = take(room());
                if (batch.isEmpty() && hasWaiting()) {
                    if (!beginFile()) {
                        return false;
                    }
                    batch = take(room());
                }
                if (batch.isEmpty()) {
                    return true;
                }
                write(batch);
                scheduleMark();
            } catch (Throwable e) {
                poison(e, batch);
                return true;
            }
        }
        for (PendingRecord record : batch) {
            tell(() -> record.callback().durable(record.firstSequenceNumber()));
        }
        return true;
    }

    /** Bytes left in the present file. Under {@code writing}. */
    private long room() {
        return active == null ? 0 : active.header().fileBytes() - position.offset();
    }

    private List<PendingRecord> take(long room) {
        long limit = Math.min(room, buffer.byteSize());
        List<PendingRecord> taken = new ArrayList<>();
        long bytes = 0;
        synchronized (queue) {
            while (!waiting.isEmpty()) {
                long framed = waiting.getFirst().framedBytes();
                // A record longer than the buffer goes alone, in memory of its own.
                boolean fits = bytes + framed <= limit || (taken.isEmpty() && framed <= room);
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

    /** Under {@code writing}. */
    private boolean beginFile() throws IOException {
        WalFiles.Active begun = files.begin(position, term, buffer);
        if (begun == null) {
            return false;
        }
        if (active != null) {
            active.file().close();
        }
        active = begun;
        position =
                new LogPosition(
                        begun.header().number(),
                        WalFormat.HEADER_BLOCK_BYTES,
                        position.nextSequenceNumber(),
                        term,
                        position.chain());
        files.prepareAhead();
        return true;
    }

    private void write(List<PendingRecord> records) throws IOException {
        long bytes = 0;
        for (PendingRecord record : records) {
            bytes += record.framedBytes();
        }
        if (bytes <= buffer.byteSize()) {
            writeIn(buffer, records);
            return;
        }
        try (Arena own = Arena.ofConfined()) {
            writeIn(AlignedBuffers.allocate(own, bytes), records);
        }
    }

    private void writeIn(MemorySegment memory, List<PendingRecord> records) throws IOException {
        WalFiles.Active file = requireActive();
        Batch batch = new Batch(memory, file.header(), position, term);
        for (PendingRecord record : records) {
            batch.add(record.type(), record.rowCount(), record.body());
        }
        writeOut(batch, file, records.size());
    }

    private void writeOut(Batch batch, WalFiles.Active file, int records) throws IOException {
        MemorySegment bytes = batch.finish();
        long start = environment.clock().monotonicNanos();
        blocks.write(file.file(), position.offset(), bytes);
        metrics.committed(records, bytes.byteSize(), environment.clock().monotonicNanos() - start);
        position = batch.end();
        durable = position.nextSequenceNumber() - 1;
    }

    private WalFiles.Active requireActive() {
        if (active == null) {
            throw new IllegalStateException("no file is begun");
        }
        return active;
    }

    /** The first file and the first record of this opening, on the caller's thread. */
    private void start() throws IOException {
        synchronized (writing) {
            files.adoptUnfinished();
            files.prepareNow();
            if (!beginFile()) {
                throw new IllegalStateException("the prepared file is gone");
            }
            Batch batch = new Batch(buffer, requireActive().header(), position, term);
            batch.add(RecordType.TERM_START, 0, List.of());
            writeOut(batch, requireActive(), 1);
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
                blocks.attach();
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
                poison(e, List.of());
            }
        }
    }

    private void writeMark() throws IOException {
        synchronized (writing) {
            if (failure != null || mark.position().equals(position)) {
                return;
            }
            DurableMark following = mark.next(position);
            MemorySegment block = buffer.asSlice(0, BlockFile.BLOCK_BYTES);
            following.write(block);
            blocks.write(current, following.fileOffset(), block);
            mark = following;
        }
    }

    /** Stops the log for good and fails this batch and all that waits. */
    private void poison(Throwable cause, List<PendingRecord> batch) {
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
        String message =
                "the log in " + directory + " has failed; whether the record is durable is unknown";
        LogFailedException told = new LogFailedException(Reason.POISONED, message, cause);
        for (PendingRecord record : batch) {
            tell(() -> record.callback().failed(told));
        }
        failWaiting(Reason.POISONED, message, cause);
    }

    private void failWaiting(Reason reason, String message, @Nullable Throwable cause) {
        List<PendingRecord> failed;
        synchronized (queue) {
            failed = List.copyOf(waiting);
            waiting.clear();
            waitingBytes = 0;
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
        try (files;
                current) {
            synchronized (writing) {
                if (active != null) {
                    active.file().close();
                    active = null;
                }
                blocks.close();
            }
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
        public void spareFailed(Throwable cause) {
            try {
                writer.execute(() -> poisonBy(cause));
            } catch (RejectedExecutionException e) {
                LOG.log(Level.DEBUG, "the log is closing", e);
            }
        }

        private void poisonBy(Throwable cause) {
            synchronized (writing) {
                poison(cause, List.of());
            }
        }
    }
}
