package io.arbalest.wal;

import io.arbalest.wal.LogFailedException.Reason;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The records that wait to be written: gives out sequence numbers, and says who is refused and why.
 * Bounded by {@link WalOptions#queueBytes}.
 *
 * <p>Thread-safe; its lock is held for moments only, and nothing is called under it but {@code
 * diskFull}.
 */
final class RecordQueue implements BatchWriter.Source {
    private final Path directory;
    private final WalOptions options;
    private final BooleanSupplier diskFull;

    private final Deque<PendingRecord> waiting =
            new ArrayDeque<>(); // this and what follows: guarded by this
    private long waitingBytes;
    private boolean appended;
    private boolean closed;

    /** Changed under the lock, read by anybody. */
    private volatile long next;

    private volatile @Nullable Throwable failure;

    /**
     * @param directory of the log, for messages
     * @param next the first sequence number to be given out
     * @param diskFull whether there is no space for the log's next file
     */
    RecordQueue(Path directory, WalOptions options, long next, BooleanSupplier diskFull) {
        this.directory = directory;
        this.options = options;
        this.next = next;
        this.diskFull = diskFull;
    }

    /**
     * Takes a record and gives its first sequence number.
     *
     * @throws LogFailedException if it cannot be taken now
     */
    long add(RecordType type, int rowCount, List<MemorySegment> body, WriteAheadLog.Callback told) {
        long bodyBytes = 0;
        for (MemorySegment part : body) {
            bodyBytes += part.byteSize();
        }
        PendingRecord.check(type, rowCount, bodyBytes, options.maxBodyBytes());
        long framed = WalFormat.framedBytes(bodyBytes);
        synchronized (this) {
            admit(framed);
            long first = next;
            waiting.add(
                    new PendingRecord(
                            type, first, rowCount, List.copyOf(body), bodyBytes, framed, told));
            waitingBytes += framed;
            next = first + rowCount;
            appended = true;
            return first;
        }
    }

    /** Takes the first record of an opening. */
    synchronized void addTermStart() {
        PendingRecord record = PendingRecord.termStart(next);
        waiting.add(record);
        waitingBytes += record.framedBytes();
    }

    /** Refuses a record that cannot be taken now. Under the lock. */
    private void admit(long framed) {
        Throwable cause = failure;
        if (cause != null) {
            throw new LogFailedException(
                    Reason.POISONED, "the log in " + directory + " has failed: " + cause, cause);
        }
        if (closed) {
            throw new LogFailedException(Reason.CLOSED, "the log in " + directory + " is closed");
        }
        if (diskFull.getAsBoolean()) {
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

    @Override
    public synchronized List<PendingRecord> take(long limit, long alone) {
        List<PendingRecord> taken = new ArrayList<>();
        long bytes = 0;
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
        return taken;
    }

    /** Takes all that waits, however much. */
    synchronized List<PendingRecord> takeAll() {
        List<PendingRecord> taken = new ArrayList<>(waiting);
        waiting.clear();
        waitingBytes = 0;
        return taken;
    }

    @Override
    public synchronized boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Framed bytes of what waits. */
    synchronized long bytes() {
        return waitingBytes;
    }

    /** Whether a record was ever added, but for the first of the opening. */
    synchronized boolean appended() {
        return appended;
    }

    /** The next sequence number to be given out. */
    long next() {
        return next;
    }

    /** Refuses what comes from now on, for this reason; whether it is the first one. */
    synchronized boolean fail(Throwable cause) {
        if (failure != null) {
            return false;
        }
        failure = cause;
        return true;
    }

    /** Why the log stopped for good; null: it has not. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** Refuses what comes from now on; whether it was open. */
    synchronized boolean close() {
        boolean open = !closed;
        closed = true;
        return open;
    }
}
