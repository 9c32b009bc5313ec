package io.arbalest.benchmarks.wal;

import io.arbalest.wal.RecordType;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * Appends one record, appends the next when it is durable: either from the callback, as whoever
 * serves many streams on few threads does, or from a thread of its own that sleeps meanwhile.
 *
 * <p>Used by one thread at a time: the log's, or its own beside the callback that wakes it.
 */
final class Appender implements WriteAheadLog.Callback {
    private static final int FIRST_SAMPLES = 1 << 16;

    private final WriteAheadLog log;
    private final List<MemorySegment> body;
    private final long measureFrom;
    private final long until;
    private final CountDownLatch ended = new CountDownLatch(1);
    private long[] samples = new long[FIRST_SAMPLES];
    private int taken;
    private long start;
    private volatile @Nullable Thread waiter;
    private volatile boolean told;
    private volatile @Nullable Throwable failure;

    Appender(WriteAheadLog log, MemorySegment body, long measureFrom, long until) {
        this.log = log;
        this.body = List.of(body);
        this.measureFrom = measureFrom;
        this.until = until;
    }

    /** Begins the chain of callbacks. */
    void begin() {
        start = System.nanoTime();
        log.append(RecordType.ROWS, 1, body, this);
    }

    /** The same with this thread, until the time is over. */
    void runOnThisThread() {
        Thread self = Thread.currentThread();
        waiter = self;
        while (failure == null && System.nanoTime() < until) {
            told = false;
            begin();
            while (!told) {
                LockSupport.park(this);
            }
        }
        ended.countDown();
    }

    @Override
    public void durable(long firstSequenceNumber) {
        long end = System.nanoTime();
        if (end >= measureFrom && end < until) {
            if (taken == samples.length) {
                samples = Arrays.copyOf(samples, 2 * taken);
            }
            samples[taken++] = end - start;
        }
        Thread sleeper = waiter;
        if (sleeper != null) {
            told = true;
            LockSupport.unpark(sleeper);
        } else if (end < until) {
            begin();
        } else {
            ended.countDown();
        }
    }

    @Override
    public void failed(Throwable cause) {
        failure = cause;
        told = true;
        ended.countDown();
        LockSupport.unpark(waiter);
    }

    /** Nanoseconds from append to durable, of the records measured; waits for the last one. */
    long[] samples() throws InterruptedException {
        ended.await();
        if (failure != null) {
            throw new IllegalStateException("the log failed under the benchmark", failure);
        }
        return Arrays.copyOf(samples, taken);
    }
}
