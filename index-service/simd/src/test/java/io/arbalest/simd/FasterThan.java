package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

/** Compares a kernel with its twin by the clock. */
final class FasterThan {
    private static final int REPETITIONS = 20;
    private static final int CALLS = 100;
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private FasterThan() {}

    /**
     * A kernel takes less than the twin's time divided by a factor. Gives the compiler time: it
     * works beside the test, and this machine may be busy.
     */
    static void assertFaster(Runnable kernel, Runnable scalar, double factor) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        long kernelNanos = leastNanos(kernel);
        long scalarNanos = leastNanos(scalar);
        while (scalarNanos <= factor * kernelNanos && System.nanoTime() < deadline) {
            kernelNanos = Math.min(kernelNanos, leastNanos(kernel));
            scalarNanos = leastNanos(scalar);
        }
        assertThat((double) scalarNanos)
                .as("nanoseconds of the twin; the kernel takes %s", kernelNanos)
                .isGreaterThan(factor * kernelNanos);
    }

    private static long leastNanos(Runnable work) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < REPETITIONS; i++) {
            long start = System.nanoTime();
            for (int j = 0; j < CALLS; j++) {
                work.run();
            }
            least = Math.min(least, System.nanoTime() - start);
        }
        return least / CALLS;
    }
}
