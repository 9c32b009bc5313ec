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
        WriteAheadLog.Callback callback) {}
