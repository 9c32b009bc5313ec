package io.arbalest.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import java.util.SplittableRandom;

/**
 * A random rotation that spreads a vector evenly over all its elements, in O(d log d): four rounds
 * of random sign flips and a Hadamard transform of the largest power of two of elements, from the
 * front and from the back by turns (Ailon and Chazelle's fast Johnson-Lindenstrauss transform, in
 * the form for any dimension that RaBitQ's authors use).
 *
 * <p>Every element is computed by the same additions whatever the width of the machine's vectors,
 * so a rotation gives the same bits everywhere. The scalar twin is {@link #scalarApply}; the two
 * are equal, and lengths and angles are kept up to float rounding, {@code 2^-20} of the length.
 *
 * <p>Immutable.
 */
public final class Rotation {
    private static final int ROUNDS = 4;
    private static final VectorSpecies<Float> FLOATS = VectorWidth.ints().withLanes(float.class);
    private static final int LANES = FLOATS.length();
    private static final int STAGES = Integer.numberOfTrailingZeros(LANES);

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    private static final VectorShuffle<Float>[] PARTNERS = new VectorShuffle[STAGES];

    private static final float[][] SIGNS = new float[STAGES][LANES];

    static {
        for (int stage = 0; stage < STAGES; stage++) {
            int distance = 1 << stage;
            PARTNERS[stage] = VectorShuffle.fromOp(FLOATS, lane -> lane ^ distance);
            for (int lane = 0; lane < LANES; lane++) {
                SIGNS[stage][lane] = (lane & distance) == 0 ? 1 : -1;
            }
        }
    }

    private final int dimension;
    private final int padded;
    private final int power;
    private final float[][] flips = new float[ROUNDS][];

    /**
     * @param dimension elements of the vectors
     * @param seed decides the rotation
     */
    public Rotation(int dimension, long seed) {
        this.dimension = dimension;
        padded = SignCodes.paddedDimension(dimension);
        power = Integer.highestOneBit(padded);
        SplittableRandom random = new SplittableRandom(seed);
        float scale = (float) (1 / Math.sqrt(power));
        for (int round = 0; round < ROUNDS; round++) {
            int from = from(round);
            flips[round] = new float[padded];
            for (int i = 0; i < padded; i++) {
                float size = i >= from && i < from + power ? scale : 1;
                flips[round][i] = random.nextBoolean() ? size : -size;
            }
        }
    }

    /** Elements of a rotated vector: {@link SignCodes#paddedDimension} of the dimension. */
    public int rotatedDimension() {
        return padded;
    }

    /**
     * Rotates a vector.
     *
     * @param source {@code dimension} elements
     * @param target receives {@link #rotatedDimension} elements
     */
    public void apply(float[] source, float[] target) {
        System.arraycopy(source, 0, target, 0, dimension);
        java.util.Arrays.fill(target, dimension, padded, 0);
        for (int round = 0; round < ROUNDS; round++) {
            multiply(target, flips[round], padded);
            int from = from(round);
            within(target, from, power);
            for (int distance = LANES; distance < power; distance <<= 1) {
                across(target, from, power, distance);
            }
        }
    }

    /** The scalar twin of {@link #apply}. */
    public void scalarApply(float[] source, float[] target) {
        System.arraycopy(source, 0, target, 0, dimension);
        java.util.Arrays.fill(target, dimension, padded, 0);
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < padded; i++) {
                target[i] *= flips[round][i];
            }
            for (int distance = 1; distance < power; distance <<= 1) {
                for (int i = 0; i < power; i++) {
                    int at = from(round) + i;
                    if ((i & distance) == 0) {
                        float left = target[at];
                        float right = target[at + distance];
                        target[at] = left + right;
                        target[at + distance] = left - right;
                    }
                }
            }
        }
    }

    private int from(int round) {
        return (round & 1) == 0 ? 0 : padded - power;
    }

    private static void multiply(float[] values, float[] factors, int count) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector.fromArray(FLOATS, values, i)
                    .mul(FloatVector.fromArray(FLOATS, factors, i))
                    .intoArray(values, i);
        }
    }

    /** The stages whose partners lie in one vector. */
    private static void within(float[] values, int from, int count) {
        for (int i = from; i < from + count; i += LANES) {
            FloatVector value = FloatVector.fromArray(FLOATS, values, i);
            for (int stage = 0; stage < STAGES; stage++) {
                FloatVector sign = FloatVector.fromArray(FLOATS, SIGNS[stage], 0);
                value = value.fma(sign, value.rearrange(PARTNERS[stage]));
            }
            value.intoArray(values, i);
        }
    }

    private static void across(float[] values, int from, int count, int distance) {
        for (int block = from; block < from + count; block += 2 * distance) {
            for (int i = block; i < block + distance; i += LANES) {
                FloatVector left = FloatVector.fromArray(FLOATS, values, i);
                FloatVector right = FloatVector.fromArray(FLOATS, values, i + distance);
                left.lanewise(VectorOperators.ADD, right).intoArray(values, i);
                left.lanewise(VectorOperators.SUB, right).intoArray(values, i + distance);
            }
        }
    }
}
