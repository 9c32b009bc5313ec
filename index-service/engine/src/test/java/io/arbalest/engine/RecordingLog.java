package io.arbalest.engine;

import io.arbalest.wal.RecordType;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Keeps a copy of what a log holds and makes durable. Thread-safe like the log. */
final class RecordingLog implements WriteAheadLog {
    private final WriteAheadLog log;
    private final MemoryLog.Medium medium;

    /** Checks that what was durable before is there, then takes over what the log holds. */
    RecordingLog(WriteAheadLog log, MemoryLog.Medium medium) throws IOException {
        this.log = log;
        this.medium = medium;
        List<MemoryLog.Stored> found = new ArrayList<>();
        log.replay(
                1,
                (type, _, first, rowCount, body) -> {
                    if (type == RecordType.ROWS || type == RecordType.HORIZON) {
                        found.add(
                                new MemoryLog.Stored(
                                        type,
                                        first,
                                        rowCount,
                                        body.toArray(ValueLayout.JAVA_BYTE)));
                    }
                });
        int at = 0;
        int kept = 0;
        for (MemoryLog.Stored record : medium.records) {
            if (at < found.size() && found.get(at).same(record)) {
                at++;
            } else if (at > 0 || record.first() + record.rowCount() > medium.released) {
                throw new AssertionError(
                        "durable record " + kept + " of " + medium.records.size() + " is lost");
            }
            kept++;
        }
        medium.records.addAll(found.subList(at, found.size()));
    }

    @Override
    public long append(RecordType type, int rowCount, List<MemorySegment> body, Callback callback) {
        byte[] copy = RowFormatTest.join(body);
        return log.append(
                type,
                rowCount,
                body,
                new Callback() {
                    @Override
                    public void durable(long firstSequenceNumber) {
                        medium.records.add(
                                new MemoryLog.Stored(type, firstSequenceNumber, rowCount, copy));
                        callback.durable(firstSequenceNumber);
                    }

                    @Override
                    public void failed(Throwable cause) {
                        callback.failed(cause);
                    }
                });
    }

    @Override
    public long nextSequenceNumber() {
        return log.nextSequenceNumber();
    }

    @Override
    public long durableSequenceNumber() {
        return log.durableSequenceNumber();
    }

    @Override
    public void replay(long from, Visitor visitor) throws IOException {
        log.replay(from, visitor);
    }

    @Override
    public void release(long belowSequenceNumber) throws IOException {
        medium.released = Math.max(medium.released, belowSequenceNumber);
        log.release(belowSequenceNumber);
    }

    @Override
    public long sizeBytes() {
        return log.sizeBytes();
    }

    @Override
    public @Nullable Throwable failure() {
        return log.failure();
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
