package io.arbalest.hnsw;

/**
 * A score and an ordinal in one long that orders as results do: a larger long is a better result,
 * and of equal scores the smaller ordinal is the better one. So heaps of primitives give a
 * deterministic order.
 *
 * <p>Thread-safe: no state.
 */
public final class ScoredOrdinal {
    private ScoredOrdinal() {}

    /** Packs both; minus zero counts as zero and NaN as minus infinity. */
    public static long of(float score, int ordinal) {
        int bits =
                Float.floatToRawIntBits(
                        Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score + 0.0f);
        int sortable = bits ^ ((bits >> 31) & 0x7fffffff);
        return ((long) sortable << 32) | (~ordinal & 0xffffffffL);
    }

    /** The score of a packed result. */
    public static float score(long packed) {
        int sortable = (int) (packed >> 32);
        return Float.intBitsToFloat(sortable ^ ((sortable >> 31) & 0x7fffffff));
    }

    /** The ordinal of a packed result. */
    public static int ordinal(long packed) {
        return ~(int) packed;
    }
}
