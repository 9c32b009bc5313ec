package io.arbalest.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * The kernel of {@link HalfDot} over rows of one segment: a whole list of neighbours in one call,
 * four rows in lockstep, so that four cache misses overlap and the query is loaded once for four.
 *
 * <p>Adds in the order of {@link HalfDot#dot}: equal vectors have equal scores, whichever way they
 * are scored. Twin and error bound are those of {@link HalfDot#scalarDot}.
 *
 * <p>Thread-safe: no state.
 */
public final class HalfRows {
    private static final VectorSpecies<Integer> INTS =
            IntVector.SPECIES_PREFERRED.length() > 16
                    ? IntVector.SPECIES_512
                    : IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> FLOATS = INTS.withLanes(float.class);
    private static final int LANES = INTS.length();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final int MASK = 0x8fffe000;

    private HalfRows() {}

    /**
     * Inner products, without {@link HalfQuery#scale}, of the rows of a list.
     *
     * @param rows stored vectors as {@link HalfCodec} writes them
     * @param strideBytes distance of two rows
     * @param ordinals which rows, from index 0
     * @param count how many, at least 0
     * @param dots receives the inner products, from index 0
     */
    public static void dots(
            MemorySegment rows,
            long strideBytes,
            int[] ordinals,
            int count,
            HalfQuery query,
            float[] dots) {
        float[] even = query.even;
        float[] odd = query.odd;
        int i = 0;
        for (; i + 4 <= count; i += 4) {
            four(rows, strideBytes, ordinals, i, even, odd, dots);
        }
        for (; i < count; i++) {
            dots[i] = HalfDot.dot(rows, ordinals[i] * strideBytes, query);
        }
    }

    private static void four(
            MemorySegment rows,
            long stride,
            int[] ordinals,
            int at,
            float[] even,
            float[] odd,
            float[] dots) {
        long o0 = ordinals[at] * stride;
        long o1 = ordinals[at + 1] * stride;
        long o2 = ordinals[at + 2] * stride;
        long o3 = ordinals[at + 3] * stride;
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = FloatVector.zero(FLOATS);
        FloatVector a2 = FloatVector.zero(FLOATS);
        FloatVector a3 = FloatVector.zero(FLOATS);
        for (int i = 0; i < even.length; i += LANES) {
            FloatVector e = FloatVector.fromArray(FLOATS, even, i);
            FloatVector o = FloatVector.fromArray(FLOATS, odd, i);
            IntVector x0 = IntVector.fromMemorySegment(INTS, rows, o0 + 4L * i, LE);
            IntVector x1 = IntVector.fromMemorySegment(INTS, rows, o1 + 4L * i, LE);
            IntVector x2 = IntVector.fromMemorySegment(INTS, rows, o2 + 4L * i, LE);
            IntVector x3 = IntVector.fromMemorySegment(INTS, rows, o3 + 4L * i, LE);
            a0 = oddOf(x0).fma(o, evenOf(x0).fma(e, a0));
            a1 = oddOf(x1).fma(o, evenOf(x1).fma(e, a1));
            a2 = oddOf(x2).fma(o, evenOf(x2).fma(e, a2));
            a3 = oddOf(x3).fma(o, evenOf(x3).fma(e, a3));
        }
        dots[at] = a0.reduceLanes(VectorOperators.ADD);
        dots[at + 1] = a1.reduceLanes(VectorOperators.ADD);
        dots[at + 2] = a2.reduceLanes(VectorOperators.ADD);
        dots[at + 3] = a3.reduceLanes(VectorOperators.ADD);
    }

    private static FloatVector evenOf(IntVector pairs) {
        return pairs.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .and(MASK)
                .reinterpretAsFloats();
    }

    private static FloatVector oddOf(IntVector pairs) {
        return pairs.lanewise(VectorOperators.ASHR, 3).and(MASK).reinterpretAsFloats();
    }
}
