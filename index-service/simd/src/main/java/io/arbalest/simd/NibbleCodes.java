package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Codes of four bits an element and their inner products with a {@link NibbleQuery}.
 *
 * <p>A vector is stored as {@code round(x_i / scale) + 8}, with a scale of its own such that the
 * largest element takes 7 steps, and stands for its steps times a factor ({@link FittedFactor}),
 * behind two floats of whoever uses the row:
 *
 * <pre>
 *   0  f32 factor | f32 offset, little-endian
 *   8  32 bytes for each 64 elements: byte j of group g holds element 64g + j in its
 *      low nibble and element 64g + 32 + j in its high one; 0 where there is no element
 * </pre>
 *
 * <p>The kernel takes 64 bytes as 32 shorts of four codes each. Products of 4 by 8 bits in fours
 * fit into a signed short and, lifted by 2^15, into an unsigned one; two additions in int lanes
 * widen them. Codes are not even masked: the query takes back what the codes above add ({@link
 * NibbleQuery}). It is exact in integers, so it gives the same bits as {@link #scalarDot} with
 * vectors of any width.
 *
 * <p>An estimate differs from the inner product by at most {@code sum|d_i| |q_i| + step / 2 *
 * sum|x_i - d_i|}, with d what the vector has beside its steps times the factor: {@code |d_i|} is
 * at most {@code scale / 2 + |factor - scale| * 7}.
 *
 * <p>Thread-safe: no state.
 */
public final class NibbleCodes {
    /** Bytes that must be readable after the last row: a 512-bit load of an odd last group. */
    public static final int TAIL_BYTES = 32;

    /** Bytes of a row before its codes. */
    public static final int TERM_BYTES = 8;

    /** Elements of a group. */
    static final int GROUP = 64;

    /** Bytes of a group, and elements from that in the low nibble of a byte to that in the high. */
    static final int GROUP_BYTES = 32;

    static final int ZERO = 8;

    private static final int LARGEST = 7;
    private static final int LOW = 0xf;
    private static final int BIAS = 1 << 15;
    private static final short LIFT = Short.MIN_VALUE; // adds it, and takes what overflows away
    private static final int OFFSET_AT = 4;

    private static final long LOWEST_OF_NIBBLES = 0x1111111111111111L;
    private static final long LOW_NIBBLES = 0x0f0f0f0f0f0f0f0fL;

    private static final VectorSpecies<Integer> INTS = VectorWidth.ints();
    private static final VectorSpecies<Short> SHORTS = INTS.withLanes(short.class);
    private static final int LANES = SHORTS.length();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(LE);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(LE);
    private static final ValueLayout.OfLong EIGHT = JAVA_LONG_UNALIGNED.withOrder(LE);

    private NibbleCodes() {}

    /** Bytes of a row, its floats included. */
    public static int rowBytes(int dimension) {
        return TERM_BYTES + groups(dimension) * GROUP_BYTES;
    }

    static int groups(int dimension) {
        return (dimension + GROUP - 1) / GROUP;
    }

    /**
     * Writes the codes of a row, but not its floats.
     *
     * @param at where the row starts
     * @return the factor: an element is about {@code (code - 8) * factor}
     */
    public static float encode(float[] vector, MemorySegment rows, long at) {
        float largest = FloatDot.largest(vector);
        float scale = largest == 0 ? 1 : largest / LARGEST;
        float inverse = 1 / scale;
        FittedFactor factor = new FittedFactor();
        rows.asSlice(at + TERM_BYTES, (long) groups(vector.length) * GROUP_BYTES).fill((byte) 0);
        for (int i = 0; i < vector.length; i++) {
            int steps = Math.max(-LARGEST, Math.min(LARGEST, Math.round(vector[i] * inverse)));
            long place = at + placeOf(i);
            int others = rows.get(JAVA_BYTE, place);
            int code = (steps + ZERO) << shiftOf(i);
            rows.set(JAVA_BYTE, place, (byte) (others | code));
            factor.add(vector[i], steps);
        }
        return factor.or(scale);
    }

    /** The steps that an element has in a row. */
    public static int steps(MemorySegment rows, long at, int element) {
        int codes = rows.get(JAVA_BYTE, at + placeOf(element));
        return ((codes >>> shiftOf(element)) & LOW) - ZERO;
    }

    /** Where in a row the byte of an element is. */
    private static int placeOf(int element) {
        return TERM_BYTES + element / GROUP * GROUP_BYTES + element % GROUP_BYTES;
    }

    /** By how many bits its code is shifted there. */
    private static int shiftOf(int element) {
        return (element & GROUP_BYTES) == 0 ? 0 : 4;
    }

    /** Puts the floats into a row. */
    public static void putTerms(MemorySegment rows, long at, float factor, float offset) {
        rows.set(FLOAT, at, factor);
        rows.set(FLOAT, at + OFFSET_AT, offset);
    }

    /** The factor in a row. */
    public static float factor(MemorySegment rows, long at) {
        return rows.get(FLOAT, at);
    }

    /** The offset in a row. */
    public static float offset(MemorySegment rows, long at) {
        return rows.get(FLOAT, at + OFFSET_AT);
    }

    /**
     * Reads the floats of the rows of a list, as the bits that {@link Float#floatToRawIntBits}
     * gives.
     *
     * @param base byte offset of row 0
     * @param rowBytes from a row to the next
     * @param factors receives the bits of the factors, from index 0
     * @param offsets receives the bits of the offsets, from index 0
     */
    public static void terms(
            MemorySegment rows,
            long base,
            long rowBytes,
            int[] ordinals,
            int count,
            int[] factors,
            int[] offsets) {
        for (int i = 0; i < count; i++) {
            long at = base + ordinals[i] * rowBytes;
            factors[i] = rows.get(INT, at);
            offsets[i] = rows.get(INT, at + OFFSET_AT);
        }
    }

    /** Whether the codes of a row are such: 1 to 15 for an element, 0 where there is none. */
    public static boolean codesFit(MemorySegment rows, long at, int dimension) {
        int bytes = groups(dimension) * GROUP_BYTES;
        for (int i = 0; i < bytes; i += Long.BYTES) {
            int elements = dimension - (i / GROUP_BYTES * GROUP + i % GROUP_BYTES);
            long used = bytesBelow(elements) & LOW_NIBBLES;
            used |= bytesBelow(elements - GROUP_BYTES) & ~LOW_NIBBLES;
            long codes = rows.get(EIGHT, at + TERM_BYTES + i);
            long any = codes | codes >>> 1;
            any |= any >>> 2;
            if ((codes & ~used) != 0 || (~any & used & LOWEST_OF_NIBBLES) != 0) {
                return false;
            }
        }
        return true;
    }

    /** All bits of the first bytes of a long. */
    private static long bytesBelow(int count) {
        int within = Math.max(0, Math.min(Long.BYTES, count));
        return within == 0 ? 0 : -1L >>> ((Long.BYTES - within) * Byte.SIZE);
    }

    /**
     * Inner products of steps of the rows of a list, {@link NibbleQuery#zero} included: four rows
     * in lockstep; of two or three that are left, the last stands in for the missing ones.
     *
     * <p>A lane holds four products, added and lifted by {@link #BIAS} so that they count as
     * unsigned; sums start that much lower. Of two such lanes in an int, s sums both and t the
     * upper one; what is left of s without t is the lower. Long and without helpers on purpose: see
     * the package's text on how kernels are compiled.
     *
     * @param base byte offset of row 0
     * @param dots receives the sums, from index 0
     */
    public static void dots(
            MemorySegment rows,
            long base,
            int[] ordinals,
            int count,
            NibbleQuery query,
            int[] dots) {
        short[] q = query.steps;
        int n = query.shorts;
        long codes = base + TERM_BYTES;
        int step = query.lanes; // unknown to the compiler on purpose
        int last = count - 1;
        int at = 0;
        for (; at < last; at += 4) {
            int third = Math.min(at + 2, last);
            int fourth = Math.min(at + 3, last);
            long o0 = codes + ordinals[at] * query.rowBytes;
            long o1 = codes + ordinals[at + 1] * query.rowBytes;
            long o2 = codes + ordinals[third] * query.rowBytes;
            long o3 = codes + ordinals[fourth] * query.rowBytes;
            IntVector s0 = IntVector.broadcast(INTS, -2 * BIAS * (n / LANES));
            IntVector t0 = IntVector.zero(INTS);
            IntVector s1 = s0;
            IntVector s2 = s0;
            IntVector s3 = s0;
            IntVector t1 = t0;
            IntVector t2 = t0;
            IntVector t3 = t0;
            for (int i = 0; i < n; i += step) {
                ShortVector a = ShortVector.fromArray(SHORTS, q, i);
                ShortVector b = ShortVector.fromArray(SHORTS, q, i + n);
                ShortVector c = ShortVector.fromArray(SHORTS, q, i + 2 * n);
                ShortVector d = ShortVector.fromArray(SHORTS, q, i + 3 * n);
                ShortVector x0 = ShortVector.fromMemorySegment(SHORTS, rows, o0 + 2L * i, LE);
                ShortVector x1 = ShortVector.fromMemorySegment(SHORTS, rows, o1 + 2L * i, LE);
                ShortVector x2 = ShortVector.fromMemorySegment(SHORTS, rows, o2 + 2L * i, LE);
                ShortVector x3 = ShortVector.fromMemorySegment(SHORTS, rows, o3 + 2L * i, LE);
                ShortVector p0 = x0.mul(a).add(LIFT).add(x0.lanewise(LSHR, 4).mul(b));
                ShortVector p1 = x1.mul(a).add(LIFT).add(x1.lanewise(LSHR, 4).mul(b));
                ShortVector p2 = x2.mul(a).add(LIFT).add(x2.lanewise(LSHR, 4).mul(b));
                ShortVector p3 = x3.mul(a).add(LIFT).add(x3.lanewise(LSHR, 4).mul(b));
                p0 = p0.add(x0.lanewise(LSHR, 8).mul(c)).add(x0.lanewise(LSHR, 12).mul(d));
                p1 = p1.add(x1.lanewise(LSHR, 8).mul(c)).add(x1.lanewise(LSHR, 12).mul(d));
                p2 = p2.add(x2.lanewise(LSHR, 8).mul(c)).add(x2.lanewise(LSHR, 12).mul(d));
                p3 = p3.add(x3.lanewise(LSHR, 8).mul(c)).add(x3.lanewise(LSHR, 12).mul(d));
                s0 = s0.add(p0.reinterpretAsInts());
                s1 = s1.add(p1.reinterpretAsInts());
                s2 = s2.add(p2.reinterpretAsInts());
                s3 = s3.add(p3.reinterpretAsInts());
                t0 = t0.add(p0.reinterpretAsInts().lanewise(LSHR, 16));
                t1 = t1.add(p1.reinterpretAsInts().lanewise(LSHR, 16));
                t2 = t2.add(p2.reinterpretAsInts().lanewise(LSHR, 16));
                t3 = t3.add(p3.reinterpretAsInts().lanewise(LSHR, 16));
            }
            dots[at] = s0.sub(t0.lanewise(LSHL, 16)).add(t0).reduceLanes(ADD);
            dots[at + 1] = s1.sub(t1.lanewise(LSHL, 16)).add(t1).reduceLanes(ADD);
            dots[third] = s2.sub(t2.lanewise(LSHL, 16)).add(t2).reduceLanes(ADD);
            dots[fourth] = s3.sub(t3.lanewise(LSHL, 16)).add(t3).reduceLanes(ADD);
        }
        if (at == last) {
            dots[at] = dot(rows, codes + ordinals[at] * query.rowBytes, query);
        }
    }

    /** Of one row. */
    private static int dot(MemorySegment rows, long at, NibbleQuery query) {
        short[] q = query.steps;
        int n = query.shorts;
        int step = query.lanes;
        IntVector s = IntVector.broadcast(INTS, -2 * BIAS * (n / LANES));
        IntVector t = IntVector.zero(INTS);
        for (int i = 0; i < n; i += step) {
            ShortVector x = ShortVector.fromMemorySegment(SHORTS, rows, at + 2L * i, LE);
            ShortVector p = ShortVector.fromArray(SHORTS, q, i).mul(x).add(LIFT);
            p = p.add(ShortVector.fromArray(SHORTS, q, i + n).mul(x.lanewise(LSHR, 4)));
            p = p.add(ShortVector.fromArray(SHORTS, q, i + 2 * n).mul(x.lanewise(LSHR, 8)));
            p = p.add(ShortVector.fromArray(SHORTS, q, i + 3 * n).mul(x.lanewise(LSHR, 12)));
            s = s.add(p.reinterpretAsInts());
            t = t.add(p.reinterpretAsInts().lanewise(LSHR, 16));
        }
        return s.sub(t.lanewise(LSHL, 16)).add(t).reduceLanes(ADD);
    }

    /** The scalar twin of {@link #dots}, of one row. */
    public static int scalarDot(MemorySegment rows, long at, int dimension, NibbleQuery query) {
        int sum = 0;
        for (int i = 0; i < dimension; i++) {
            sum += (steps(rows, at, i) + ZERO) * query.steps(i);
        }
        return sum;
    }
}
