package io.arbalest.wal;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A record between its append and its fate.
 *
 * <p>Immutable.
 *
 * @param framedBytes what it takes in the file
 */
record PendingRecord(
        RecordType type,
        long firstSequenceNumber,
        int rowCount,
        List<MemorySegment> body,
        long bodyBytes,
        long framedBytes,
        WriteAheadLog.Callback callback) {
    private static final WriteAheadLog.Callback NOBODY =
            new WriteAheadLog.Callback() {
                @Override
                public void durable(long firstSequenceNumber) {}

                @Override
                public void failed(Throwable cause) {}
            };

    /** The first record of an opening of the log, for which nobody waits. */
    static PendingRecord termStart(long next) {
        return new PendingRecord(
                RecordType.TERM_START, next, 0, List.of(), 0, WalFormat.framedBytes(0), NOBODY);
    }

    /** Refuses what no log takes. */
    static void check(RecordType type, int rowCount, long bodyBytes, long maxBodyBytes) {
        if (type != RecordType.ROWS && type != RecordType.HORIZON) {
            throw new IllegalArgumentException("records of type " + type + " are not offered yet");
        }
        if (rowCount < 1) {
            throw new IllegalArgumentException("a record holds at least 1 row, got " + rowCount);
        }
        if (bodyBytes > maxBodyBytes) {
            throw new IllegalArgumentException(
                    "a body may hold at most "
                            + maxBodyBytes
                            + " bytes (it must fit into one file of the log), got "
                            + bodyBytes);
        }
    }
}
