package io.arbalest.benchmarks.report;

/**
 * Percentiles by nearest rank: the least sample that at least the given share of all samples does
 * not exceed.
 *
 * <p>Thread-safe: no state.
 */
public final class Percentiles {
    private Percentiles() {}

    /**
     * The percentile of whole numbers, such as nanoseconds.
     *
     * @param sorted ascending
     * @param share above 0 and at most 1, for example 0.99
     * @return NaN if there is no sample
     */
    public static double of(long[] sorted, double share) {
        return sorted.length == 0 ? Double.NaN : sorted[rank(sorted.length, share)];
    }

    /** The same of doubles. */
    public static double of(double[] sorted, double share) {
        return sorted.length == 0 ? Double.NaN : sorted[rank(sorted.length, share)];
    }

    private static int rank(int count, double share) {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("share " + share + ", expected above 0, at most 1");
        }
        return (int) Math.max(0, Math.ceil(share * count) - 1);
    }
}
