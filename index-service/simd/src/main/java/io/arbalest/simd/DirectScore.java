package io.arbalest.simd;

import io.arbalest.model.Metric;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Inner products and distances of a stored vector and a query in their direct form, in double
 * precision: what results report. Eight sums are kept, by the index of the element modulo eight,
 * and added up in pairs in the end; the elements after the last whole group of eight have a sum of
 * their own. So the same input gives the same bits on every machine, with vectors of 512 bits and
 * without.
 *
 * <p>Thread-safe: no state.
 */
public final class DirectScore {
    private static final int LANES = 8;

    /** The shift kernel leaves binary16 values divided by this power of two; see HalfDot. */
    private static final int SHIFT_SCALE = 112;

    private static final int KEPT = 0x8fffe000;
    private static final boolean WIDE = VectorWidth.bits() == 512;
    private static final VectorSpecies<Short> HALVES = ShortVector.SPECIES_128;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_512;

    private DirectScore() {}

    /**
     * The score of a vector, larger for closer ones.
     *
     * @param slot holds the vector as {@link HalfCodec} stores it
     * @param exponent of the stored vector
     */
    public static double of(
            Metric metric, MemorySegment slot, long offset, int exponent, float[] query) {
        return switch (metric) {
            case IP -> product(slot, offset, exponent, query);
            case L2 -> -squaredDistance(slot, offset, exponent, query);
            case COSINE -> cosine(slot, offset, exponent, query);
        };
    }

    /**
     * The inner product.
     *
     * @param slot holds the vector as {@link HalfCodec} stores it
     * @param exponent of the stored vector
     */
    static double product(MemorySegment slot, long offset, int exponent, float[] query) {
        double sum =
                WIDE
                        ? wideProduct(slot, offset, query) * Math.scalb(1.0, SHIFT_SCALE)
                        : narrowProduct(slot, offset, query);
        for (int i = query.length & -LANES; i < query.length; i++) {
            sum += (double) HalfCodec.element(slot, offset, i) * query[i];
        }
        return sum * unscale(exponent);
    }

    private static double wideProduct(MemorySegment slot, long offset, float[] query) {
        DoubleVector sums = DoubleVector.zero(DOUBLES);
        for (int i = 0; i < (query.length & -LANES); i += LANES) {
            DoubleVector stored = // times 2^-112
                    (DoubleVector)
                            ((IntVector)
                                            ShortVector.fromMemorySegment(
                                                            HALVES,
                                                            slot,
                                                            offset + 2L * i,
                                                            ByteOrder.LITTLE_ENDIAN)
                                                    .convertShape(VectorOperators.S2I, INTS, 0))
                                    .lanewise(VectorOperators.LSHL, 13)
                                    .and(KEPT)
                                    .reinterpretAsFloats()
                                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector asked =
                    (DoubleVector)
                            FloatVector.fromArray(FLOATS, query, i)
                                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
            sums = sums.add(stored.mul(asked));
        }
        return ((sums.lane(0) + sums.lane(1)) + (sums.lane(2) + sums.lane(3)))
                + ((sums.lane(4) + sums.lane(5)) + (sums.lane(6) + sums.lane(7)));
    }

    static double narrowProduct(MemorySegment slot, long offset, float[] query) {
        double[] sums = new double[LANES];
        for (int i = 0; i < (query.length & -LANES); i++) {
            sums[i % LANES] += (double) HalfCodec.element(slot, offset, i) * query[i];
        }
        return inPairs(sums);
    }

    /** The squared Euclidean distance. */
    static double squaredDistance(MemorySegment slot, long offset, int exponent, float[] query) {
        double unscale = unscale(exponent);
        double sum =
                WIDE
                        ? wideDistance(slot, offset, unscale, query)
                        : narrowDistance(slot, offset, unscale, query);
        for (int i = query.length & -LANES; i < query.length; i++) {
            double difference = HalfCodec.element(slot, offset, i) * unscale - query[i];
            sum += difference * difference;
        }
        return sum;
    }

    private static double wideDistance(
            MemorySegment slot, long offset, double unscale, float[] query) {
        double scale = Math.scalb(unscale, SHIFT_SCALE);
        DoubleVector sums = DoubleVector.zero(DOUBLES);
        for (int i = 0; i < (query.length & -LANES); i += LANES) {
            DoubleVector stored = // times 2^-112
                    (DoubleVector)
                            ((IntVector)
                                            ShortVector.fromMemorySegment(
                                                            HALVES,
                                                            slot,
                                                            offset + 2L * i,
                                                            ByteOrder.LITTLE_ENDIAN)
                                                    .convertShape(VectorOperators.S2I, INTS, 0))
                                    .lanewise(VectorOperators.LSHL, 13)
                                    .and(KEPT)
                                    .reinterpretAsFloats()
                                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector asked =
                    (DoubleVector)
                            FloatVector.fromArray(FLOATS, query, i)
                                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector difference = stored.mul(scale).sub(asked);
            sums = sums.add(difference.mul(difference));
        }
        return ((sums.lane(0) + sums.lane(1)) + (sums.lane(2) + sums.lane(3)))
                + ((sums.lane(4) + sums.lane(5)) + (sums.lane(6) + sums.lane(7)));
    }

    static double narrowDistance(MemorySegment slot, long offset, double unscale, float[] query) {
        double[] sums = new double[LANES];
        for (int i = 0; i < (query.length & -LANES); i++) {
            double difference = HalfCodec.element(slot, offset, i) * unscale - query[i];
            sums[i % LANES] += difference * difference;
        }
        return inPairs(sums);
    }

    /** The cosine of the angle; 0 if either is zero. */
    static double cosine(MemorySegment slot, long offset, int exponent, float[] query) {
        double vectorNorm = 0;
        double queryNorm = 0;
        for (int i = 0; i < query.length; i++) {
            double x = HalfCodec.element(slot, offset, i);
            vectorNorm += x * x;
            queryNorm += (double) query[i] * query[i];
        }
        return vectorNorm == 0 || queryNorm == 0
                ? 0
                : product(slot, offset, exponent, query)
                        / (Math.sqrt(vectorNorm) * unscale(exponent))
                        / Math.sqrt(queryNorm);
    }

    private static double inPairs(double[] sums) {
        return ((sums[0] + sums[1]) + (sums[2] + sums[3]))
                + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    }

    private static double unscale(int exponent) {
        return Math.scalb(1.0, -exponent);
    }
}
