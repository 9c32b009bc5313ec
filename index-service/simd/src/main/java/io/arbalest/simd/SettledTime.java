package io.arbalest.simd;

import io.arbalest.common.Clock;

/**
 * The time that a kernel takes once it is compiled: the least of many rounds, until it has not
 * become less for a while or the time is up. Other load only ever adds to it.
 *
 * <p>Confined to one thread.
 */
final class SettledTime {
    private static final long LEAST_NANOS =
            6_000_000; // the compiler's thresholds are passed by then
    private static final int MOST_ROUNDS = 100_000; // also where a clock stands still
    private static final int CALM_ROUNDS = 24;
    private static final int CALLS = 4;

    private final Clock clock;
    private final long mostNanos;

    /**
     * @param mostNanos one kernel is not measured for longer, whatever the compiler does meanwhile
     */
    SettledTime(Clock clock, long mostNanos) {
        this.clock = clock;
        this.mostNanos = mostNanos;
    }

    /**
     * Nanoseconds a call.
     *
     * @param bound it has not settled for as long as it takes more than this; infinite: none
     */
    double of(Runnable kernel, double bound) {
        long begin = clock.monotonicNanos();
        long least = Long.MAX_VALUE;
        int calm = 0;
        for (int round = 0; round < MOST_ROUNDS; round++) {
            long start = clock.monotonicNanos();
            for (int call = 0; call < CALLS; call++) {
                kernel.run();
            }
            long end = clock.monotonicNanos();
            calm = end - start < 0.97 * least ? 0 : calm + 1;
            least = Math.min(least, end - start);
            boolean settled =
                    calm >= CALM_ROUNDS
                            && end - begin >= LEAST_NANOS
                            && (double) least / CALLS <= bound;
            if (settled || end - begin >= mostNanos) {
                break;
            }
        }
        return (double) least / CALLS;
    }
}
