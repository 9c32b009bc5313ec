package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.wal.LogFailedException;
import io.arbalest.wal.RecordType;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * A log whose medium is a list that outlives it, with switches for what a real one does when things
 * go wrong.
 *
 * <p>Thread-safe; callbacks run under its lock.
 */
final class MemoryLog implements WriteAheadLog {
    /** What survives a crash. */
    static final class Medium {
        final List<Stored> records = new ArrayList<>();

        /** Rows below were given up by the shard. */
        long released;

        /** Set: appends are refused for this reason. */
        LogFailedException.@Nullable Reason refuse;

        /** Set: records that wait fail instead of becoming durable. */
        boolean failWrites;

        /** Set: records wait. */
        boolean hold;
    }

    record Stored(RecordType type, long first, int rowCount, byte[] body) {
        boolean same(Stored other) {
            return first == other.first
                    && rowCount == other.rowCount
                    && Arrays.equals(body, other.body);
        }
    }

    private record Waiting(Stored record, Callback callback) {}

    private final Medium medium;
    private final Scheduler.SerialExecutor thread;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private long next = 1;
    private long durable;

    MemoryLog(Medium medium, Scheduler scheduler) {
        this.medium = medium;
        this.thread = scheduler.serial("wal");
        for (Stored record : medium.records) {
            next = record.first() + record.rowCount();
            durable = next - 1;
        }
    }

    @Override
    public synchronized long append(
            RecordType type, int rowCount, List<MemorySegment> body, Callback callback) {
        if (medium.refuse != null) {
            throw new LogFailedException(medium.refuse, "refused: " + medium.refuse);
        }
        long size = body.stream().mapToLong(MemorySegment::byteSize).sum();
        byte[] bytes = new byte[(int) size];
        MemorySegment target = MemorySegment.ofArray(bytes);
        long position = 0;
        for (MemorySegment part : body) {
            MemorySegment.copy(part, 0, target, position, part.byteSize());
            position += part.byteSize();
        }
        long first = next;
        next += rowCount;
        waiting.add(new Waiting(new Stored(type, first, rowCount, bytes), callback));
        thread.execute(this::write);
        return first;
    }

    /** Writes what waits; for tests that held it back. */
    synchronized void write() {
        while (!medium.hold && !waiting.isEmpty()) {
            Waiting head = waiting.remove();
            if (medium.failWrites) {
                head.callback()
                        .failed(
                                new LogFailedException(
                                        LogFailedException.Reason.POISONED, "write failed"));
            } else {
                medium.records.add(head.record());
                durable = head.record().first() + head.record().rowCount() - 1;
                head.callback().durable(head.record().first());
            }
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
        for (Stored record : List.copyOf(medium.records)) {
            if (record.first() + record.rowCount() <= Math.max(from, medium.released)) {
                continue;
            }
            visitor.record(
                    record.type(),
                    1,
                    record.first(),
                    record.rowCount(),
                    MemorySegment.ofArray(record.body()));
        }
    }

    @Override
    public synchronized void release(long belowSequenceNumber) {
        medium.released = Math.max(medium.released, belowSequenceNumber);
    }

    @Override
    public long sizeBytes() {
        return medium.records.stream().mapToLong(r -> r.body().length).sum();
    }

    @Override
    public @Nullable Throwable failure() {
        return null;
    }

    @Override
    public void close() {
        thread.close();
    }
}
