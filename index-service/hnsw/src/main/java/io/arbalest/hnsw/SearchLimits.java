package io.arbalest.hnsw;

import java.util.function.BooleanSupplier;

/**
 * How far a search goes.
 *
 * @param ef candidates that the walk goes on from, at least 1; raised to the capacity of the
 *     results. A walk by codes may keep a few more, which are only scored again
 * @param minScore points with a lower score are not offered: the caller's threshold, or the k-th
 *     best score of the segments searched before
 * @param adaptiveStop whether the walk may end once the best k have settled
 * @param expired asked every few steps; the walk ends with what it has once this is true
 */
public record SearchLimits(int ef, float minScore, boolean adaptiveStop, BooleanSupplier expired) {
    /** Steps between two questions whether the time is over. */
    public static final int STRIDE = 16;

    /** Refuses an ef below 1 and a score that is not a number. */
    public SearchLimits {
        if (ef < 1 || Float.isNaN(minScore)) {
            throw new IllegalArgumentException("ef " + ef + ", minScore " + minScore);
        }
    }

    /** No threshold, no deadline, no early end. */
    public static SearchLimits of(int ef) {
        return new SearchLimits(ef, Float.NEGATIVE_INFINITY, false, SearchLimits::never);
    }

    /** The same, asked for its end every few steps. */
    public SearchLimits withExpired(BooleanSupplier newExpired) {
        return new SearchLimits(ef, minScore, adaptiveStop, newExpired);
    }

    /** The same with another ef. */
    public SearchLimits withEf(int newEf) {
        return new SearchLimits(newEf, minScore, adaptiveStop, expired);
    }

    /** The same with another threshold. */
    public SearchLimits withMinScore(float newMinScore) {
        return new SearchLimits(ef, newMinScore, adaptiveStop, expired);
    }

    /** The same with the early end on or off. */
    public SearchLimits withAdaptiveStop(boolean on) {
        return new SearchLimits(ef, minScore, on, expired);
    }

    private static boolean never() {
        return false;
    }
}
