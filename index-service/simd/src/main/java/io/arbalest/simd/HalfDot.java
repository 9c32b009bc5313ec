package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Inner products of stored binary16 vectors with a {@link HalfQuery}.
 *
 * <p>The "pair" form: one load takes two halves per 32-bit lane. Shifting a half's exponent and
 * significand into a float's place gives the half times 2^-112, exactly; the query carries the
 * 2^112. The upper half of a lane needs one shift and a mask, the lower one more shift; no
 * widening, no shuffle. A subnormal half becomes a subnormal float, which is right but slow (about
 * 50 ns each), hence the scaling in {@link HalfCodec}.
 *
 * <p>Vectors are stored with zero padding up to {@link #PADDING} elements, so there are no tails.
 * The sum is accumulated in float, in an order that depends on the width of the machine's vectors:
 * results differ from {@link #scalarDot} by at most {@code dimension * 2^-23 * sum(|x_i * q_i|)}.
 *
 * <p>Thread-safe: no state.
 */
public final class HalfDot {
    /**
     * Stored vectors are padded with zeros to a multiple of this many elements: one 512-bit load.
     */
    public static final int PADDING = 32;

    private static final VectorSpecies<Integer> INTS = VectorWidth.ints();
    private static final VectorSpecies<Float> FLOATS = INTS.withLanes(float.class);
    private static final int LANES = INTS.length();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfShort HALF = JAVA_SHORT_UNALIGNED.withOrder(LE);
    private static final int MASK = 0x8fffe000;

    private HalfDot() {}

    /** Number of elements, padding included, of a stored vector. */
    public static int paddedDimension(int dimension) {
        return (dimension + PADDING - 1) / PADDING * PADDING;
    }

    /** Width of the vectors in use, in bits. */
    public static int vectorBits() {
        return INTS.vectorBitSize();
    }

    /**
     * The inner product of the stored vector at the byte offset with the query, without {@link
     * HalfQuery#scale}. Adds in the order of {@link #dots}, so that, once compiled, equal vectors
     * have equal scores however they are batched. (The order in which {@code reduceLanes} adds is
     * the compiler's; the interpreter has another, which may change the last bits.)
     *
     * <p>The first one or two vectors are apart, so that pairs are left and what is tested at the
     * first needs no test in the loop. Long and without helpers on purpose: see the package's text
     * on how kernels are compiled.
     */
    public static float dot(MemorySegment segment, long offset, HalfQuery query) {
        float[] even = query.even;
        float[] odd = query.odd;
        int step = 2 * query.lanes; // unknown to the compiler on purpose
        FloatVector a = FloatVector.zero(FLOATS);
        FloatVector b = FloatVector.zero(FLOATS); // a sum of its own: half as long a chain
        IntVector u = IntVector.fromMemorySegment(INTS, segment, offset, LE);
        FloatVector eu = FloatVector.fromArray(FLOATS, even, 0);
        FloatVector ou = FloatVector.fromArray(FLOATS, odd, 0);
        a = u.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(eu, a);
        b = u.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(ou, b);
        int i = LANES;
        if ((even.length & LANES) == 0) {
            IntVector v = IntVector.fromMemorySegment(INTS, segment, offset + 4L * i, LE);
            FloatVector ev = FloatVector.fromArray(FLOATS, even, i);
            FloatVector ov = FloatVector.fromArray(FLOATS, odd, i);
            a = v.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(ev, a);
            b = v.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(ov, b);
            i += LANES;
        }
        for (; i < even.length; i += step) {
            IntVector x = IntVector.fromMemorySegment(INTS, segment, offset + 4L * i, LE);
            FloatVector ex = FloatVector.fromArray(FLOATS, even, i);
            FloatVector ox = FloatVector.fromArray(FLOATS, odd, i);
            a = x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(ex, a);
            b = x.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(ox, b);
            int j = i + LANES;
            IntVector y = IntVector.fromMemorySegment(INTS, segment, offset + 4L * j, LE);
            FloatVector ey = FloatVector.fromArray(FLOATS, even, j);
            FloatVector oy = FloatVector.fromArray(FLOATS, odd, j);
            a = y.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(ey, a);
            b = y.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(oy, b);
        }
        return a.add(b).reduceLanes(VectorOperators.ADD);
    }

    /**
     * Inner products of a whole list of rows: four rows in lockstep, so that four cache misses
     * overlap and the query is loaded once for four. Of two or three that are left, the last stands
     * in for the missing ones.
     *
     * <p>Long and without helpers on purpose, as {@link #dot}.
     *
     * @param rows stored vectors, one every {@code strideBytes}
     * @param ordinals which rows, from index {@code from}
     * @param count how many, at least 0
     * @param dots receives the inner products, without {@link HalfQuery#scale}, at the indices of
     *     their ordinals
     */
    public static void dots(
            MemorySegment rows,
            long strideBytes,
            int[] ordinals,
            int from,
            int count,
            HalfQuery query,
            float[] dots) {
        float[] even = query.even;
        float[] odd = query.odd;
        int step = query.lanes; // unknown to the compiler on purpose
        int last = from + count - 1;
        int at = from;
        for (; at < last; at += 4) {
            int third = Math.min(at + 2, last);
            int fourth = Math.min(at + 3, last);
            long o0 = ordinals[at] * strideBytes;
            long o1 = ordinals[at + 1] * strideBytes;
            long o2 = ordinals[third] * strideBytes;
            long o3 = ordinals[fourth] * strideBytes;
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = FloatVector.zero(FLOATS);
            FloatVector a2 = FloatVector.zero(FLOATS);
            FloatVector a3 = FloatVector.zero(FLOATS);
            FloatVector b0 = FloatVector.zero(FLOATS);
            FloatVector b1 = FloatVector.zero(FLOATS);
            FloatVector b2 = FloatVector.zero(FLOATS);
            FloatVector b3 = FloatVector.zero(FLOATS);
            for (int i = 0; i < even.length; i += step) {
                FloatVector e = FloatVector.fromArray(FLOATS, even, i);
                FloatVector o = FloatVector.fromArray(FLOATS, odd, i);
                IntVector x0 = IntVector.fromMemorySegment(INTS, rows, o0 + 4L * i, LE);
                IntVector x1 = IntVector.fromMemorySegment(INTS, rows, o1 + 4L * i, LE);
                IntVector x2 = IntVector.fromMemorySegment(INTS, rows, o2 + 4L * i, LE);
                IntVector x3 = IntVector.fromMemorySegment(INTS, rows, o3 + 4L * i, LE);
                IntVector l0 = x0.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
                IntVector l1 = x1.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
                IntVector l2 = x2.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
                IntVector l3 = x3.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
                a0 = l0.reinterpretAsFloats().fma(e, a0);
                a1 = l1.reinterpretAsFloats().fma(e, a1);
                a2 = l2.reinterpretAsFloats().fma(e, a2);
                a3 = l3.reinterpretAsFloats().fma(e, a3);
                b0 = x0.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(o, b0);
                b1 = x1.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(o, b1);
                b2 = x2.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(o, b2);
                b3 = x3.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats().fma(o, b3);
            }
            dots[at] = a0.add(b0).reduceLanes(VectorOperators.ADD);
            dots[at + 1] = a1.add(b1).reduceLanes(VectorOperators.ADD);
            dots[third] = a2.add(b2).reduceLanes(VectorOperators.ADD);
            dots[fourth] = a3.add(b3).reduceLanes(VectorOperators.ADD);
        }
        if (at == last) {
            dots[at] = dot(rows, ordinals[at] * strideBytes, query);
        }
    }

    /** The scalar twin of {@link #dot}. */
    public static float scalarDot(MemorySegment segment, long offset, HalfQuery query) {
        float[] even = query.even;
        float[] odd = query.odd;
        float sum = 0;
        for (int i = 0; i < even.length; i++) {
            sum = Math.fma(raised(segment, offset + 4L * i), even[i], sum);
            sum = Math.fma(raised(segment, offset + 4L * i + 2), odd[i], sum);
        }
        return sum;
    }

    /**
     * Fills the query's pairs with the stored vector itself, times 2^96: see {@link
     * HalfQuery#load}.
     */
    static void unpack(MemorySegment segment, long offset, float[] even, float[] odd) {
        for (int i = 0; i < even.length; i += LANES) {
            IntVector x = IntVector.fromMemorySegment(INTS, segment, offset + 4L * i, LE);
            FloatVector low =
                    x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK).reinterpretAsFloats();
            FloatVector high = x.lanewise(ASHR, 3).and(MASK).reinterpretAsFloats();
            low.mul(0x1p112f).mul(0x1p96f).intoArray(even, i);
            high.mul(0x1p112f).mul(0x1p96f).intoArray(odd, i);
        }
    }

    private static float raised(MemorySegment segment, long offset) {
        return Float.float16ToFloat(segment.get(HALF, offset)) * 0x1p-112f;
    }
}
