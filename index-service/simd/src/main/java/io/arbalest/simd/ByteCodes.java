package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Codes of seven bits an element and their inner products with a {@link ByteQuery}.
 *
 * <p>A vector is stored as {@code round(x_i / scale) + 64}, with a scale of its own such that the
 * largest element takes 63 steps, and stands for its steps times a factor ({@link FittedFactor}).
 * The kernel is the "pair" form: a load of 64 codes is taken as 32 shorts, of which the even and
 * the odd codes are a mask and a shift; products of 7 by 8 bits in pairs fit into a signed short
 * and, lifted by 2^15, into an unsigned one; two additions in int lanes widen them. The top bits of
 * even codes count for nothing: {@link ByteTerms}. It is exact in integers, so it gives the same
 * bits as {@link #scalarDot} with vectors of any width.
 *
 * <p>An estimate differs from the inner product by at most {@code sum|d_i| |q_i| + step / 2 *
 * sum|x_i - d_i|}, with d what the vector has beside its steps times the factor: {@code |d_i|} is
 * at most {@code scale / 2 + |factor - scale| * 63}.
 *
 * <p>Thread-safe: no state.
 */
public final class ByteCodes {
    /** Queries are padded to a multiple of this many elements: one 512-bit load. */
    static final int PADDING = 64;

    /** Rows are padded to a multiple of this many bytes. */
    public static final int ROW_PADDING = 32;

    /** Bytes that must be readable after the last row. */
    public static final int TAIL_BYTES = PADDING - ROW_PADDING;

    static final int ZERO = 64;
    private static final int LARGEST = 63;
    private static final int BIAS = 1 << 15;
    private static final short LOW = 0x7f;

    private static final VectorSpecies<Integer> INTS = VectorWidth.ints();
    private static final VectorSpecies<Short> SHORTS = INTS.withLanes(short.class);
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private ByteCodes() {}

    /** Bytes of a row. */
    public static int rowBytes(int dimension) {
        return (dimension + ROW_PADDING - 1) / ROW_PADDING * ROW_PADDING;
    }

    /**
     * Writes a row.
     *
     * @return the factor: an element is about {@code (code - 64) * factor}
     */
    public static float encode(float[] vector, MemorySegment rows, long offset) {
        float largest = FloatDot.largest(vector);
        float scale = largest == 0 ? 1 : largest / LARGEST;
        float inverse = 1 / scale;
        FittedFactor factor = new FittedFactor();
        for (int i = 0; i < vector.length; i++) {
            int rounded = Math.round(vector[i] * inverse);
            int steps = Math.max(-LARGEST, Math.min(LARGEST, rounded));
            rows.set(JAVA_BYTE, offset + i, (byte) (steps + ZERO));
            factor.add(vector[i], steps);
        }
        return factor.or(scale);
    }

    /** The steps that an element has in a row. */
    public static int steps(MemorySegment rows, long offset, int element) {
        return (rows.get(JAVA_BYTE, offset + element) & LOW) - ZERO;
    }

    /**
     * Inner products of steps of the rows of a list, {@link ByteQuery#zero} included: four rows in
     * lockstep; of two or three that are left, the last stands in for the missing ones.
     *
     * <p>A lane holds two products, added and lifted by {@link #BIAS} so that they count as
     * unsigned. Of two such lanes in an int, s sums both and t the upper one; what is left of s
     * without t is the lower. Long and without helpers on purpose: see the package's text on how
     * kernels are compiled.
     *
     * @param base byte offset of row 0
     * @param dots receives the sums, from index 0
     */
    public static void dots(
            MemorySegment rows, long base, int[] ordinals, int count, ByteQuery query, int[] dots) {
        short[] even = query.even;
        short[] odd = query.odd;
        int bias = BIAS * even.length;
        int step = query.lanes; // unknown to the compiler on purpose
        int last = count - 1;
        int at = 0;
        for (; at < last; at += 4) {
            int third = Math.min(at + 2, last);
            int fourth = Math.min(at + 3, last);
            long o0 = base + ordinals[at] * query.rowBytes;
            long o1 = base + ordinals[at + 1] * query.rowBytes;
            long o2 = base + ordinals[third] * query.rowBytes;
            long o3 = base + ordinals[fourth] * query.rowBytes;
            IntVector s0 = IntVector.zero(INTS);
            IntVector t0 = IntVector.zero(INTS);
            IntVector s1 = IntVector.zero(INTS);
            IntVector s2 = IntVector.zero(INTS);
            IntVector s3 = IntVector.zero(INTS);
            IntVector t1 = IntVector.zero(INTS);
            IntVector t2 = IntVector.zero(INTS);
            IntVector t3 = IntVector.zero(INTS);
            for (int i = 0; i < even.length; i += step) {
                ShortVector e = ShortVector.fromArray(SHORTS, even, i);
                ShortVector o = ShortVector.fromArray(SHORTS, odd, i);
                ShortVector x0 = ShortVector.fromMemorySegment(SHORTS, rows, o0 + 2L * i, LE);
                ShortVector x1 = ShortVector.fromMemorySegment(SHORTS, rows, o1 + 2L * i, LE);
                ShortVector x2 = ShortVector.fromMemorySegment(SHORTS, rows, o2 + 2L * i, LE);
                ShortVector x3 = ShortVector.fromMemorySegment(SHORTS, rows, o3 + 2L * i, LE);
                ShortVector p0 = x0.and(LOW).mul(e).add(x0.lanewise(LSHR, 8).mul(o));
                ShortVector p1 = x1.and(LOW).mul(e).add(x1.lanewise(LSHR, 8).mul(o));
                ShortVector p2 = x2.and(LOW).mul(e).add(x2.lanewise(LSHR, 8).mul(o));
                ShortVector p3 = x3.and(LOW).mul(e).add(x3.lanewise(LSHR, 8).mul(o));
                IntVector z0 = p0.lanewise(XOR, (short) BIAS).reinterpretAsInts();
                IntVector z1 = p1.lanewise(XOR, (short) BIAS).reinterpretAsInts();
                IntVector z2 = p2.lanewise(XOR, (short) BIAS).reinterpretAsInts();
                IntVector z3 = p3.lanewise(XOR, (short) BIAS).reinterpretAsInts();
                s0 = s0.add(z0);
                s1 = s1.add(z1);
                s2 = s2.add(z2);
                s3 = s3.add(z3);
                t0 = t0.add(z0.lanewise(LSHR, 16));
                t1 = t1.add(z1.lanewise(LSHR, 16));
                t2 = t2.add(z2.lanewise(LSHR, 16));
                t3 = t3.add(z3.lanewise(LSHR, 16));
            }
            dots[at] = s0.sub(t0.lanewise(LSHL, 16)).add(t0).reduceLanes(ADD) - bias;
            dots[at + 1] = s1.sub(t1.lanewise(LSHL, 16)).add(t1).reduceLanes(ADD) - bias;
            dots[third] = s2.sub(t2.lanewise(LSHL, 16)).add(t2).reduceLanes(ADD) - bias;
            dots[fourth] = s3.sub(t3.lanewise(LSHL, 16)).add(t3).reduceLanes(ADD) - bias;
        }
        if (at == last) {
            dots[at] = dot(rows, base + ordinals[at] * query.rowBytes, query);
        }
    }

    /** Of one row. */
    private static int dot(MemorySegment rows, long at, ByteQuery query) {
        short[] even = query.even;
        short[] odd = query.odd;
        int step = query.lanes;
        IntVector s = IntVector.zero(INTS);
        IntVector t = IntVector.zero(INTS);
        for (int i = 0; i < even.length; i += step) {
            ShortVector e = ShortVector.fromArray(SHORTS, even, i);
            ShortVector o = ShortVector.fromArray(SHORTS, odd, i);
            ShortVector x = ShortVector.fromMemorySegment(SHORTS, rows, at + 2L * i, LE);
            ShortVector p = x.and(LOW).mul(e).add(x.lanewise(LSHR, 8).mul(o));
            IntVector z = p.lanewise(XOR, (short) BIAS).reinterpretAsInts();
            s = s.add(z);
            t = t.add(z.lanewise(LSHR, 16));
        }
        return s.sub(t.lanewise(LSHL, 16)).add(t).reduceLanes(ADD) - BIAS * even.length;
    }

    /** The scalar twin of {@link #dots}, of one row. */
    public static int scalarDot(MemorySegment rows, long offset, int dimension, ByteQuery query) {
        int sum = 0;
        for (int i = 0; i < dimension; i++) {
            short q = (i & 1) == 0 ? query.even[i >> 1] : query.odd[i >> 1];
            sum += (rows.get(JAVA_BYTE, offset + i) & LOW) * q;
        }
        return sum;
    }
}
