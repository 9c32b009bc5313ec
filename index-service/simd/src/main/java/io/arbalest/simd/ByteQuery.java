package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * A query as {@link ByteCodes} wants it: elements as signed 8-bit steps, those of even and odd
 * index apart, zero-padded.
 *
 * <p>Reusable; confined to one thread.
 */
public final class ByteQuery {
    private static final int LARGEST = 127;
    private static final VectorSpecies<Integer> INTS = VectorWidth.ints();
    private static final VectorSpecies<Float> FLOATS = INTS.withLanes(float.class);
    private static final int LANES = INTS.length();

    /** As many as there are ints in a vector, if that is a vector: of 64 bits and more. */
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Math.max(64, LANES * Short.SIZE)));

    private static final VectorSpecies<Short> BYTE_PAIRS = INTS.withLanes(short.class);

    private static final boolean VECTORS = SHORTS.length() == LANES;

    private static final VectorShuffle<Integer> EVEN = VectorShuffle.fromOp(INTS, i -> 2 * i);
    private static final VectorShuffle<Integer> ODD = VectorShuffle.fromOp(INTS, i -> 2 * i + 1);
    private static final int SIGN = Integer.MIN_VALUE;
    private static final int ONE_HALF = Float.floatToRawIntBits(0.5f);

    final short[] even;
    final short[] odd;
    final long rowBytes;

    /** Shorts that a kernel takes at a time. */
    final int lanes = BYTE_PAIRS.length();

    private final int dimension;
    private float step = 1;
    private int zero;

    /** An all-zero query. */
    public ByteQuery(int dimension) {
        this.dimension = dimension;
        rowBytes = ByteCodes.rowBytes(dimension);
        int pairs = (dimension + ByteCodes.PADDING - 1) / ByteCodes.PADDING * ByteCodes.PADDING / 2;
        even = new short[pairs];
        odd = new short[pairs];
    }

    /** Takes the elements of a query, which must be finite. */
    public void load(float[] query) {
        if (query.length != dimension) {
            throw new IllegalArgumentException(
                    "query has " + query.length + " elements, expected " + dimension);
        }
        float largest = FloatDot.largest(query);
        step = largest == 0 ? 1 : Math.max(Float.MIN_NORMAL, largest / LARGEST);
        zero = ByteCodes.ZERO * lay(query, 1 / step);
    }

    /** Lays the steps out and returns their sum. */
    private int lay(float[] query, float scale) {
        IntVector sums = IntVector.zero(INTS);
        int whole = VECTORS ? dimension / (2 * LANES) * (2 * LANES) : 0;
        for (int i = 0; i < whole; i += 2 * LANES) {
            FloatVector left = FloatVector.fromArray(FLOATS, query, i).mul(scale);
            FloatVector right = FloatVector.fromArray(FLOATS, query, i + LANES).mul(scale);
            IntVector leftHalf = left.reinterpretAsInts().and(SIGN).or(ONE_HALF);
            IntVector rightHalf = right.reinterpretAsInts().and(SIGN).or(ONE_HALF);
            IntVector leftSteps =
                    ((IntVector) left.add(leftHalf.reinterpretAsFloats()).convert(F2I, 0))
                            .min(LARGEST)
                            .max(-LARGEST);
            IntVector rightSteps =
                    ((IntVector) right.add(rightHalf.reinterpretAsFloats()).convert(F2I, 0))
                            .min(LARGEST)
                            .max(-LARGEST);
            sums = sums.add(leftSteps).add(rightSteps);
            IntVector evenSteps = leftSteps.rearrange(EVEN, rightSteps);
            IntVector oddSteps = leftSteps.rearrange(ODD, rightSteps);
            ((ShortVector) evenSteps.convertShape(I2S, SHORTS, 0)).intoArray(even, i / 2);
            ((ShortVector) oddSteps.convertShape(I2S, SHORTS, 0)).intoArray(odd, i / 2);
        }
        int sum = sums.reduceLanes(ADD);
        for (int i = whole; i < dimension; i++) {
            int steps = roundedSteps(query[i] * scale);
            sum += steps;
            ((i & 1) == 0 ? even : odd)[i / 2] = (short) steps;
        }
        return sum;
    }

    /** Writes the steps in the order of the elements, a byte each, zero-padded to 64. */
    void layOut(MemorySegment target, long offset) {
        for (int i = 0; i < even.length; i += BYTE_PAIRS.length()) {
            ShortVector low = ShortVector.fromArray(BYTE_PAIRS, even, i).and((short) 0xff);
            ShortVector high = ShortVector.fromArray(BYTE_PAIRS, odd, i).lanewise(LSHL, 8);
            low.or(high).intoMemorySegment(target, offset + 2L * i, ByteOrder.LITTLE_ENDIAN);
        }
    }

    /** The nearest step; a half is rounded away from zero. The scalar twin of what is above. */
    static int roundedSteps(float value) {
        int steps = (int) (value + Math.copySign(0.5f, value));
        return Math.max(-LARGEST, Math.min(LARGEST, steps));
    }

    /** Elements of the query. */
    int dimension() {
        return dimension;
    }

    /** An inner product of steps times this and the row's factor is the estimate. */
    public float step() {
        return step;
    }

    /** What the kernel's sums hold too much, because codes are stored with an offset. */
    public int zero() {
        return zero;
    }
}
