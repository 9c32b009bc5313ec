package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.GE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Arrays of scores, whoever computed them, in whole vectors.
 *
 * <p>Thread-safe: no state.
 */
public final class FloatScores {
    private static final VectorSpecies<Float> FLOATS = VectorWidth.ints().withLanes(float.class);
    private static final int LANES = FLOATS.length();

    private FloatScores() {}

    /** A length of arrays of scores that spares the tail of {@code count} scores. */
    public static int padded(int count) {
        return (count + LANES - 1) / LANES * LANES;
    }

    /**
     * Which scores of at most 64 are not below a bound.
     *
     * @param from index of the first, a multiple of 64
     * @param scores of a length that is {@link #padded}
     * @return bit i stands for the score at {@code from + i}
     */
    public static long atLeast(float bound, float[] scores, int from, int count) {
        long bits = 0;
        for (int i = 0; i < count; i += LANES) {
            FloatVector some = FloatVector.fromArray(FLOATS, scores, from + i);
            bits |= some.compare(GE, bound).toLong() << i;
        }
        return bits & -1L >>> -count;
    }
}
