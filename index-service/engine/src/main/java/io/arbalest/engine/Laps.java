package io.arbalest.engine;

import io.arbalest.common.Clock;

/**
 * How long one thing after another takes. A look at the clock costs as much as the score of a row
 * and a half, so the end of one is the beginning of the next.
 *
 * <p>Confined to one thread.
 */
final class Laps {
    private final Clock clock;
    private final long begin;
    private long last;

    /** Begins the first. */
    Laps(Clock clock) {
        this.clock = clock;
        this.begin = clock.monotonicNanos();
        this.last = begin;
    }

    /** Nanoseconds since the last call, or the beginning. */
    long next() {
        long now = clock.monotonicNanos();
        long lap = now - last;
        last = now;
        return lap;
    }

    /** When the present one began, on the clock. */
    long last() {
        return last;
    }

    /** Nanoseconds since the beginning. */
    long total() {
        return clock.monotonicNanos() - begin;
    }
}
