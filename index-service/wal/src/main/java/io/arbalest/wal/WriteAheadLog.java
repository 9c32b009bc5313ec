package io.arbalest.wal;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A log of records, each holding {@code rowCount} rows with dense sequence numbers.
 *
 * <p>Thread-safe: appenders may be many; one log thread writes. Callbacks run on the log thread, in
 * sequence order, and must be short.
 */
public interface WriteAheadLog extends AutoCloseable {
    /**
     * Assigns the next sequence numbers to a record and queues it; the log thread writes all that
     * waits as one batch (natural batching, no timer). Two appends get sequence numbers in the
     * order in which they returned from this method.
     *
     * @param body concatenated into the record; read until the callback has run, so the caller must
     *     keep it unchanged and alive
     * @param callback told once: durable, or failed with outcome unknown
     * @return the first sequence number of the record
     * @throws io.arbalest.wal.LogFailedException if the log is poisoned, closed, or has no room
     */
    long append(RecordType type, int rowCount, List<MemorySegment> body, Callback callback);

    /** The next sequence number to be assigned. The first one ever is 1. */
    long nextSequenceNumber();

    /** The highest sequence number known to be on stable storage; 0 if none. */
    long durableSequenceNumber();

    /**
     * Gives every valid record that holds a row with {@code sequenceNumber >= from} to the visitor,
     * in order. Call before the first append.
     */
    void replay(long from, Visitor visitor) throws IOException;

    /**
     * Lets files go whose rows all lie below this sequence number; the caller has them durably
     * elsewhere.
     */
    void release(long belowSequenceNumber) throws IOException;

    /** Bytes of all files. */
    long sizeBytes();

    /** Why the log stopped for good, or null. */
    @Nullable Throwable failure();

    /** Waits for what is queued to become durable or fail, then closes the files. */
    @Override
    void close() throws IOException;

    /** Told the fate of one record, on the log thread. */
    interface Callback {
        void durable(long firstSequenceNumber);

        /** The outcome is unknown: the record may or may not be found after a restart. */
        void failed(Throwable cause);
    }

    /** Receives records during replay. */
    interface Visitor {
        /** {@code body} is valid during the call only. */
        void record(
                RecordType type,
                long term,
                long firstSequenceNumber,
                int rowCount,
                MemorySegment body)
                throws IOException;
    }
}
