package io.arbalest.benchmarks.data;

/**
 * SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014) with
 * normal deviates by Marsaglia's polar method. Written out here, and with {@link StrictMath}, so
 * that a data set is the same bytes on every Java version and machine.
 *
 * <p>Confined to one thread.
 */
final class SplitMix {
    private static final long GAMMA = 0x9e3779b97f4a7c15L;
    private static final double TO_UNIT = 0x1p-53;

    private long state;
    private double spare = Double.NaN;

    /** Starts the stream of this number among those of the seed. */
    SplitMix(long seed, long stream) {
        state = mix(seed * GAMMA + mix(stream));
    }

    /** Uniform over all values. */
    long nextLong() {
        state += GAMMA;
        return mix(state);
    }

    /** Uniform over [0, 1). */
    double nextDouble() {
        return (nextLong() >>> 11) * TO_UNIT;
    }

    /** Standard normal. */
    double nextGaussian() {
        if (!Double.isNaN(spare)) {
            double deviate = spare;
            spare = Double.NaN;
            return deviate;
        }
        while (true) {
            double x = 2 * nextDouble() - 1;
            double y = 2 * nextDouble() - 1;
            double square = x * x + y * y;
            if (square > 0 && square < 1) {
                double factor = StrictMath.sqrt(-2 * StrictMath.log(square) / square);
                spare = y * factor;
                return x * factor;
            }
        }
    }

    private static long mix(long z) {
        long mixed = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }
}
