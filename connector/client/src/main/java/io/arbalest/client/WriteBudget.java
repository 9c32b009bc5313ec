package io.arbalest.client;

import io.arbalest.model.ArbalestException;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bytes that a writer may have queued or in flight. A point larger than the whole budget is let
 * through when nothing else is in flight.
 *
 * <p>Thread-safe.
 */
final class WriteBudget {
    private final long limit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long used;
    private @Nullable ArbalestException failure;

    WriteBudget(long limit) {
        this.limit = limit;
    }

    /** Takes bytes if they are free. */
    boolean tryAcquire(long bytes) {
        lock.lock();
        try {
            throwIfFailed();
            if (used > 0 && used + bytes > limit) {
                return false;
            }
            used += bytes;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for bytes to become free, at most this long; the caller tries again. */
    void await(long bytes, long timeout, TimeUnit unit) throws InterruptedException {
        lock.lock();
        try {
            long nanos = unit.toNanos(timeout);
            while (failure == null && used > 0 && used + bytes > limit && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            throwIfFailed();
        } finally {
            lock.unlock();
        }
    }

    void release(long bytes) {
        lock.lock();
        try {
            used -= bytes;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Wakes whoever waits, with this error. */
    void fail(ArbalestException error) {
        lock.lock();
        try {
            failure = error;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void throwIfFailed() {
        if (failure != null) {
            throw failure;
        }
    }

    long used() {
        lock.lock();
        try {
            return used;
        } finally {
            lock.unlock();
        }
    }
}
