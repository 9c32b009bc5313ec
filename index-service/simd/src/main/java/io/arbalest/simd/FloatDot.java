package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner products of float arrays in double, and their largest elements, for what a query needs
 * once.
 *
 * <p>Eight sums side by side, by the index of the element modulo eight, added up in pairs in the
 * end; the elements after the last whole group of eight are added one by one. Products of two
 * floats are exact in double, so that the same arrays give the same bits on every machine, with
 * vectors of 512 bits and without. Of finite elements the relative error is below {@code n * 2^-53}
 * of the sum of the magnitudes.
 *
 * <p>Thread-safe: no state.
 */
public final class FloatDot {
    private static final int SUMS = 8;
    private static final boolean WIDE = VectorWidth.bits() == 512;
    private static final VectorSpecies<Integer> INTS = VectorWidth.ints();
    private static final VectorSpecies<Float> FLOATS = INTS.withLanes(float.class);
    private static final VectorSpecies<Float> EIGHT_FLOATS = FloatVector.SPECIES_256;
    private static final VectorSpecies<Double> EIGHT_DOUBLES = DoubleVector.SPECIES_512;

    private FloatDot() {}

    /**
     * The inner product.
     *
     * @param b at least as long as {@code a}
     */
    public static double dot(float[] a, float[] b) {
        int whole = a.length & -SUMS;
        double sum = WIDE ? wideDot(a, b, whole) : narrowDot(a, b, whole);
        for (int i = whole; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static double wideDot(float[] a, float[] b, int whole) {
        DoubleVector sums = DoubleVector.zero(EIGHT_DOUBLES);
        for (int i = 0; i < whole; i += SUMS) {
            DoubleVector x =
                    (DoubleVector)
                            FloatVector.fromArray(EIGHT_FLOATS, a, i)
                                    .convertShape(F2D, EIGHT_DOUBLES, 0);
            DoubleVector y =
                    (DoubleVector)
                            FloatVector.fromArray(EIGHT_FLOATS, b, i)
                                    .convertShape(F2D, EIGHT_DOUBLES, 0);
            sums = x.fma(y, sums);
        }
        return ((sums.lane(0) + sums.lane(1)) + (sums.lane(2) + sums.lane(3)))
                + ((sums.lane(4) + sums.lane(5)) + (sums.lane(6) + sums.lane(7)));
    }

    /** The scalar twin of the sums in vectors. */
    static double narrowDot(float[] a, float[] b, int whole) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        double sum4 = 0;
        double sum5 = 0;
        double sum6 = 0;
        double sum7 = 0;
        for (int i = 0; i < whole; i += SUMS) {
            sum0 += (double) a[i] * b[i];
            sum1 += (double) a[i + 1] * b[i + 1];
            sum2 += (double) a[i + 2] * b[i + 2];
            sum3 += (double) a[i + 3] * b[i + 3];
            sum4 += (double) a[i + 4] * b[i + 4];
            sum5 += (double) a[i + 5] * b[i + 5];
            sum6 += (double) a[i + 6] * b[i + 6];
            sum7 += (double) a[i + 7] * b[i + 7];
        }
        return ((sum0 + sum1) + (sum2 + sum3)) + ((sum4 + sum5) + (sum6 + sum7));
    }

    /**
     * The largest magnitude of an element; 0 if there is none, infinite if one is infinite, and NaN
     * if one is NaN.
     */
    public static float largest(float[] elements) {
        IntVector most = IntVector.zero(INTS); // as bits, without sign: in the order of magnitudes
        int whole = INTS.loopBound(elements.length);
        for (int i = 0; i < whole; i += INTS.length()) {
            most =
                    FloatVector.fromArray(FLOATS, elements, i)
                            .reinterpretAsInts()
                            .and(Integer.MAX_VALUE)
                            .max(most);
        }
        int largest = most.reduceLanes(MAX);
        for (int i = whole; i < elements.length; i++) {
            int bits = Float.floatToRawIntBits(elements[i]) & Integer.MAX_VALUE;
            largest = Math.max(largest, bits);
        }
        return Float.intBitsToFloat(largest);
    }
}
