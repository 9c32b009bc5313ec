package io.arbalest.testkit;

import io.arbalest.common.Clock;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A clock that moves only when it is told to. Both of its scales start at a fixed instant, so that
 * stamps written by a test are the same in every run.
 *
 * <p>Thread-safe.
 */
public final class SimClock implements Clock {
    /** 2026-01-01T00:00:00Z. */
    public static final long START_WALL_MILLIS = 1_767_225_600_000L;

    private final AtomicLong nanos = new AtomicLong();

    @Override
    public long wallMillis() {
        return START_WALL_MILLIS + nanos.get() / 1_000_000;
    }

    @Override
    public long monotonicNanos() {
        return nanos.get();
    }

    /** Moves the clock forward. */
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("a clock never goes back: " + duration);
        }
        nanos.addAndGet(duration.toNanos());
    }

    /**
     * Moves the clock forward to this reading of {@link #monotonicNanos}; no effect if it is in the
     * past.
     */
    void advanceTo(long monotonicNanos) {
        nanos.accumulateAndGet(monotonicNanos, Math::max);
    }
}
