package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import io.arbalest.model.Metric;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Scores of stored vectors in their direct form, in double precision: what results report, larger
 * for closer ones. The inner product, the squared Euclidean distance with its sign turned, or the
 * cosine of the angle, which is 0 if either vector is zero.
 *
 * <p>Eight sums are kept, by the index of the element modulo eight, and added up in pairs in the
 * end; the elements after the last whole group of eight are added one by one. So the same input
 * gives the same bits on every machine, with vectors of 512 bits and without, and whatever else is
 * in the list. With such vectors, four rows are scored in lockstep: an addition waits for the one
 * before it, and the query is widened once for four.
 *
 * <p>Thread-safe: immutable.
 */
public final class DirectScore {
    private static final int SUMS = 8;
    private static final int ROWS = 4; // in lockstep

    /** The shift kernel leaves binary16 values divided by this power of two; see HalfDot. */
    private static final int SHIFT_SCALE = 112;

    private static final int FRACTION_BITS = Double.PRECISION - 1;
    private static final double UNSHIFT = powerOfTwo(SHIFT_SCALE);
    private static final int KEPT = 0x8fffe000;
    private static final boolean WIDE = VectorWidth.bits() == 512;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final VectorSpecies<Short> HALVES = ShortVector.SPECIES_128;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_512;

    private final Metric metric;
    private final MemorySegment rows;
    private final long strideBytes;
    private final IntUnaryOperator exponents;

    /**
     * Scores rows of a table.
     *
     * @param rows vectors as {@link HalfCodec} stores them, one every {@code strideBytes}
     * @param exponents of the stored rows, by ordinal
     */
    public DirectScore(
            Metric metric, MemorySegment rows, long strideBytes, IntUnaryOperator exponents) {
        this.metric = metric;
        this.rows = rows;
        this.strideBytes = strideBytes;
        this.exponents = exponents;
    }

    /**
     * Scores some rows.
     *
     * @param ordinals which, from index 0
     * @param count how many, at least 0
     * @param query as many finite elements as the vectors have
     * @param scores receives the scores, from index 0
     */
    public void of(int[] ordinals, int count, float[] query, double[] scores) {
        double[] sums = new double[ROWS * SUMS];
        double[] unscales = new double[ROWS];
        double squares = metric == Metric.COSINE ? FloatDot.dot(query, query) : 0;
        for (int at = 0; at < count; at += ROWS) {
            int some = Math.min(ROWS, count - at);
            for (int row = 0; row < some; row++) {
                unscales[row] = powerOfTwo(-exponents.applyAsInt(ordinals[at + row]));
            }
            if (metric == Metric.L2) {
                distances(ordinals, at, some, query, unscales, sums, scores);
            } else {
                products(ordinals, at, some, query, unscales, sums, scores);
            }
            if (metric == Metric.COSINE) {
                for (int row = 0; row < some; row++) {
                    double stored = squares(ordinals[at + row], query.length, unscales[row], sums);
                    scores[at + row] = cosine(scores[at + row], stored, squares);
                }
            }
        }
    }

    /** As scalb(1, exponent), of an exponent far from what double ends at. */
    private static double powerOfTwo(int exponent) {
        return Double.longBitsToDouble((long) (Double.MAX_EXPONENT + exponent) << FRACTION_BITS);
    }

    private void products(
            int[] ordinals,
            int from,
            int count,
            float[] query,
            double[] unscales,
            double[] sums,
            double[] scores) {
        double scale = 1;
        if (WIDE) {
            fourProducts(rows, strideBytes, ordinals, from, from + count, query, sums);
            scale = UNSHIFT;
        }
        for (int row = 0; row < count; row++) {
            long offset = ordinals[from + row] * strideBytes;
            if (!WIDE) {
                narrowProduct(rows, offset, query, sums, row * SUMS);
            }
            double sum = inPairs(sums, row * SUMS) * scale;
            for (int i = query.length & -SUMS; i < query.length; i++) {
                sum += (double) HalfCodec.element(rows, offset, i) * query[i];
            }
            scores[from + row] = sum * unscales[row];
        }
    }

    private void distances(
            int[] ordinals,
            int from,
            int count,
            float[] query,
            double[] unscales,
            double[] sums,
            double[] scores) {
        if (WIDE) {
            for (int row = 0; row < ROWS; row++) {
                sums[row] = unscales[Math.min(row, count - 1)] * UNSHIFT;
            }
            fourDistances(rows, strideBytes, ordinals, from, from + count, query, sums);
        }
        for (int row = 0; row < count; row++) {
            long offset = ordinals[from + row] * strideBytes;
            double unscale = unscales[row];
            if (!WIDE) {
                narrowDistance(rows, offset, unscale, query, sums, row * SUMS);
            }
            double sum = inPairs(sums, row * SUMS);
            for (int i = query.length & -SUMS; i < query.length; i++) {
                double difference = HalfCodec.element(rows, offset, i) * unscale - query[i];
                sum += difference * difference;
            }
            scores[from + row] = -sum;
        }
    }

    private static double cosine(double product, double left, double right) {
        return left == 0 || right == 0 ? 0 : product / Math.sqrt(left) / Math.sqrt(right);
    }

    /** Of the elements of a row, as they were written. */
    private double squares(int ordinal, int dimension, double unscale, double[] sums) {
        long offset = ordinal * strideBytes;
        double scale = 1;
        if (WIDE) {
            wideSquares(rows, offset, dimension, sums);
            scale = UNSHIFT * UNSHIFT;
        } else {
            narrowSquares(rows, offset, dimension, sums);
        }
        double sum = inPairs(sums, 0) * scale;
        for (int i = dimension & -SUMS; i < dimension; i++) {
            double element = HalfCodec.element(rows, offset, i);
            sum += element * element;
        }
        return sum * unscale * unscale;
    }

    private static double inPairs(double[] sums, int at) {
        return ((sums[at] + sums[at + 1]) + (sums[at + 2] + sums[at + 3]))
                + ((sums[at + 4] + sums[at + 5]) + (sums[at + 6] + sums[at + 7]));
    }

    /** Sums of products, of the rows divided by 2^112; behind the end, the last row stands in. */
    private static void fourProducts(
            MemorySegment rows,
            long strideBytes,
            int[] ordinals,
            int at,
            int end,
            float[] query,
            double[] sums) {
        long o0 = ordinals[at] * strideBytes;
        long o1 = ordinals[Math.min(at + 1, end - 1)] * strideBytes;
        long o2 = ordinals[Math.min(at + 2, end - 1)] * strideBytes;
        long o3 = ordinals[Math.min(at + 3, end - 1)] * strideBytes;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = DoubleVector.zero(DOUBLES);
        DoubleVector s2 = DoubleVector.zero(DOUBLES);
        DoubleVector s3 = DoubleVector.zero(DOUBLES);
        for (int i = 0; i < (query.length & -SUMS); i += SUMS) {
            FloatVector asked = FloatVector.fromArray(FLOATS, query, i);
            DoubleVector q = (DoubleVector) asked.convertShape(F2D, DOUBLES, 0);
            ShortVector h0 = ShortVector.fromMemorySegment(HALVES, rows, o0 + 2L * i, LE);
            ShortVector h1 = ShortVector.fromMemorySegment(HALVES, rows, o1 + 2L * i, LE);
            ShortVector h2 = ShortVector.fromMemorySegment(HALVES, rows, o2 + 2L * i, LE);
            ShortVector h3 = ShortVector.fromMemorySegment(HALVES, rows, o3 + 2L * i, LE);
            IntVector i0 = (IntVector) h0.convertShape(S2I, INTS, 0);
            IntVector i1 = (IntVector) h1.convertShape(S2I, INTS, 0);
            IntVector i2 = (IntVector) h2.convertShape(S2I, INTS, 0);
            IntVector i3 = (IntVector) h3.convertShape(S2I, INTS, 0);
            FloatVector f0 = i0.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            FloatVector f1 = i1.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            FloatVector f2 = i2.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            FloatVector f3 = i3.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            DoubleVector d0 = (DoubleVector) f0.convertShape(F2D, DOUBLES, 0);
            DoubleVector d1 = (DoubleVector) f1.convertShape(F2D, DOUBLES, 0);
            DoubleVector d2 = (DoubleVector) f2.convertShape(F2D, DOUBLES, 0);
            DoubleVector d3 = (DoubleVector) f3.convertShape(F2D, DOUBLES, 0);
            // of a half and a float exact, so that this rounds as an addition does
            s0 = d0.fma(q, s0);
            s1 = d1.fma(q, s1);
            s2 = d2.fma(q, s2);
            s3 = d3.fma(q, s3);
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, 1 * SUMS);
        s2.intoArray(sums, 2 * SUMS);
        s3.intoArray(sums, 3 * SUMS);
    }

    /** Sums of squared differences; {@code sums} holds what each row is multiplied with first. */
    private static void fourDistances(
            MemorySegment rows,
            long strideBytes,
            int[] ordinals,
            int at,
            int end,
            float[] query,
            double[] sums) {
        long o0 = ordinals[at] * strideBytes;
        long o1 = ordinals[Math.min(at + 1, end - 1)] * strideBytes;
        long o2 = ordinals[Math.min(at + 2, end - 1)] * strideBytes;
        long o3 = ordinals[Math.min(at + 3, end - 1)] * strideBytes;
        double scale0 = sums[0];
        double scale1 = sums[1];
        double scale2 = sums[2];
        double scale3 = sums[3];
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = DoubleVector.zero(DOUBLES);
        DoubleVector s2 = DoubleVector.zero(DOUBLES);
        DoubleVector s3 = DoubleVector.zero(DOUBLES);
        for (int i = 0; i < (query.length & -SUMS); i += SUMS) {
            FloatVector asked = FloatVector.fromArray(FLOATS, query, i);
            DoubleVector q = (DoubleVector) asked.convertShape(F2D, DOUBLES, 0);
            ShortVector h0 = ShortVector.fromMemorySegment(HALVES, rows, o0 + 2L * i, LE);
            ShortVector h1 = ShortVector.fromMemorySegment(HALVES, rows, o1 + 2L * i, LE);
            ShortVector h2 = ShortVector.fromMemorySegment(HALVES, rows, o2 + 2L * i, LE);
            ShortVector h3 = ShortVector.fromMemorySegment(HALVES, rows, o3 + 2L * i, LE);
            IntVector i0 = (IntVector) h0.convertShape(S2I, INTS, 0);
            IntVector i1 = (IntVector) h1.convertShape(S2I, INTS, 0);
            IntVector i2 = (IntVector) h2.convertShape(S2I, INTS, 0);
            IntVector i3 = (IntVector) h3.convertShape(S2I, INTS, 0);
            FloatVector f0 = i0.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            FloatVector f1 = i1.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            FloatVector f2 = i2.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            FloatVector f3 = i3.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            DoubleVector d0 = (DoubleVector) f0.convertShape(F2D, DOUBLES, 0);
            DoubleVector d1 = (DoubleVector) f1.convertShape(F2D, DOUBLES, 0);
            DoubleVector d2 = (DoubleVector) f2.convertShape(F2D, DOUBLES, 0);
            DoubleVector d3 = (DoubleVector) f3.convertShape(F2D, DOUBLES, 0);
            DoubleVector e0 = d0.mul(scale0).sub(q);
            DoubleVector e1 = d1.mul(scale1).sub(q);
            DoubleVector e2 = d2.mul(scale2).sub(q);
            DoubleVector e3 = d3.mul(scale3).sub(q);
            s0 = s0.add(e0.mul(e0));
            s1 = s1.add(e1.mul(e1));
            s2 = s2.add(e2.mul(e2));
            s3 = s3.add(e3.mul(e3));
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, 1 * SUMS);
        s2.intoArray(sums, 2 * SUMS);
        s3.intoArray(sums, 3 * SUMS);
    }

    private static void wideSquares(MemorySegment rows, long offset, int dimension, double[] sums) {
        DoubleVector s = DoubleVector.zero(DOUBLES);
        for (int at = 0; at < (dimension & -SUMS); at += SUMS) {
            ShortVector h = ShortVector.fromMemorySegment(HALVES, rows, offset + 2L * at, LE);
            IntVector i = (IntVector) h.convertShape(S2I, INTS, 0);
            FloatVector f = i.lanewise(LSHL, 13).and(KEPT).reinterpretAsFloats();
            DoubleVector d = (DoubleVector) f.convertShape(F2D, DOUBLES, 0);
            s = d.fma(d, s);
        }
        s.intoArray(sums, 0);
    }

    /** The scalar twin of {@link #fourProducts}, of one row that is not divided. */
    static void narrowProduct(
            MemorySegment rows, long offset, float[] query, double[] sums, int at) {
        Arrays.fill(sums, at, at + SUMS, 0);
        for (int i = 0; i < (query.length & -SUMS); i++) {
            sums[at + i % SUMS] += (double) HalfCodec.element(rows, offset, i) * query[i];
        }
    }

    /** The scalar twin of {@link #fourDistances}, of one row. */
    static void narrowDistance(
            MemorySegment rows, long offset, double unscale, float[] query, double[] sums, int at) {
        Arrays.fill(sums, at, at + SUMS, 0);
        for (int i = 0; i < (query.length & -SUMS); i++) {
            double difference = HalfCodec.element(rows, offset, i) * unscale - query[i];
            sums[at + i % SUMS] += difference * difference;
        }
    }

    /** The scalar twin of {@link #wideSquares}. */
    static void narrowSquares(MemorySegment rows, long offset, int dimension, double[] sums) {
        Arrays.fill(sums, 0, SUMS, 0);
        for (int i = 0; i < (dimension & -SUMS); i++) {
            double element = HalfCodec.element(rows, offset, i);
            sums[i % SUMS] += element * element;
        }
    }
}
