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
    private final List<MemoryLog.Stored> records;

    /** Checks that what was durable before is there, then takes over what the log holds. */
    RecordingLog(WriteAheadLog log, List<MemoryLog.Stored> records) throws IOException {
        this.log = log;
        this.records = records;
        List<MemoryLog.Stored> found = new ArrayList<>();
        log.replay(
                1,
                (type, _, first, rowCount, body) -> {
                    if (type == RecordType.ROWS) {
                        found.add(
                                new MemoryLog.Stored(
                                        type,
                                        first,
                                        rowCount,
                                        body.toArray(ValueLayout.JAVA_BYTE)));
                    }
                });
        for (int i = 0; i < records.size(); i++) {
            if (i >= found.size() || !found.get(i).same(records.get(i))) {
                throw new AssertionError(
                        "durable record " + i + " of " + records.size() + " is lost");
            }
        }
        records.clear();
        records.addAll(found);
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
                        records.add(
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
