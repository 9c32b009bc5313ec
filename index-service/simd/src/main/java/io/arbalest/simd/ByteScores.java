package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.I2F;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the scores of a list of rows of {@link ByteCodes} or {@link NibbleCodes} are made of, and
 * how.
 *
 * <p>A score is {@code (dot - zero) * factor of the row * factor + offset of the row + offset}, the
 * second product and the first sum rounded together: the same bits whatever the width of vectors,
 * and as the scalar twin.
 *
 * <p>Reusable; confined to one thread.
 */
public final class ByteScores {
    private static final VectorSpecies<Integer> INTS = VectorWidth.ints();
    private static final VectorSpecies<Float> FLOATS = INTS.withLanes(float.class);
    private static final int LANES = INTS.length();

    private int[] dots = new int[0];
    private int[] factors = new int[0];
    private int[] offsets = new int[0];

    /** Room for no row. */
    public ByteScores() {}

    /** Makes room for so many rows; what was there is lost if there was less. */
    public void reserve(int count) {
        if (dots.length < count) {
            int length = FloatScores.padded(count);
            dots = new int[length];
            factors = new int[length];
            offsets = new int[length];
        }
    }

    /** For {@link ByteCodes#dots} or {@link NibbleCodes#dots}. */
    public int[] dots() {
        return dots;
    }

    /** Float bits, for {@link ByteTerms#read} or {@link NibbleCodes#terms}. */
    public int[] factors() {
        return factors;
    }

    /** Float bits, for {@link ByteTerms#read} or {@link NibbleCodes#terms}. */
    public int[] offsets() {
        return offsets;
    }

    /**
     * Computes the scores of the first {@code count} rows.
     *
     * @param zero {@link ByteQuery#zero} or {@link NibbleQuery#zero}
     * @param scores receives them, from index 0; what follows up to {@link FloatScores#padded} is
     *     lost
     */
    public void scores(int count, int zero, float factor, float offset, float[] scores) {
        int whole = Math.min(FloatScores.padded(count), scores.length / LANES * LANES);
        for (int i = 0; i < whole; i += LANES) {
            IntVector steps = IntVector.fromArray(INTS, dots, i).sub(zero);
            FloatVector dot = (FloatVector) steps.convert(I2F, 0);
            FloatVector f = IntVector.fromArray(INTS, factors, i).reinterpretAsFloats();
            FloatVector o = IntVector.fromArray(INTS, offsets, i).reinterpretAsFloats();
            FloatVector at = FloatVector.broadcast(FLOATS, factor);
            dot.mul(f).fma(at, o).add(offset).intoArray(scores, i);
        }
        for (int i = whole; i < count; i++) {
            scores[i] = scalarScore(i, zero, factor, offset);
        }
    }

    /** The scalar twin of {@link #scores}, of one row. */
    public float scalarScore(int row, int zero, float factor, float offset) {
        float product = (dots[row] - zero) * Float.intBitsToFloat(factors[row]);
        return Math.fma(product, factor, Float.intBitsToFloat(offsets[row])) + offset;
    }
}
