package io.arbalest.common;

/** The seam for time. Thread-safe. */
public interface Clock {
    /** Milliseconds since the epoch; may jump. For stamps that people read, never for measuring. */
    long wallMillis();

    /** Nanoseconds from an arbitrary origin; never goes back. */
    long monotonicNanos();

    /** The machine's clocks. */
    Clock SYSTEM =
            new Clock() {
                @Override
                public long wallMillis() {
                    return System.currentTimeMillis();
                }

                @Override
                public long monotonicNanos() {
                    return System.nanoTime();
                }
            };
}
