package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Lets readers wait until a sequence number is published. Thread-safe. */
final class TokenGate {
    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private volatile long published;
    private volatile boolean closed;

    TokenGate(Clock clock) {
        this.clock = clock;
    }

    /** Everything up to here can be read. */
    void published(long sequenceNumber) {
        lock.lock();
        try {
            published = sequenceNumber;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Sends away whoever waits. */
    void close() {
        lock.lock();
        try {
            closed = true;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits, on the calling thread.
     *
     * @throws ArbalestException TOKEN_TIMEOUT when the deadline passes first, SHUTTING_DOWN
     */
    void await(long sequenceNumber, long deadlineNanos) {
        if (published >= sequenceNumber) {
            return;
        }
        lock.lock();
        try {
            while (published < sequenceNumber) {
                long left =
                        deadlineNanos == Long.MAX_VALUE
                                ? deadlineNanos
                                : deadlineNanos - clock.monotonicNanos();
                if (closed) {
                    throw new ArbalestException(
                            ErrorCode.SHUTTING_DOWN,
                            "the shard was closed while a read waited for a write",
                            "try again");
                }
                if (left <= 0) {
                    throw timeout(sequenceNumber);
                }
                long _ = moved.awaitNanos(left);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw timeout(sequenceNumber);
        } finally {
            lock.unlock();
        }
    }

    private ArbalestException timeout(long sequenceNumber) {
        return new ArbalestException(
                ErrorCode.TOKEN_TIMEOUT,
                "waited for row " + sequenceNumber + " of the shard, " + published + " is visible",
                "try again with a longer timeout");
    }
}
