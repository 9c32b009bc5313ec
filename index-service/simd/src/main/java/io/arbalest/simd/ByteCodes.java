package io.arbalest.simd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Codes of seven bits an element and their inner products with a {@link ByteQuery}.
 *
 * <p>A vector is stored as {@code round(x_i / scale) + 64}, with a scale of its own such that the
 * largest element takes 63 steps. The kernel is the "pair" form: a load of 64 codes is taken as 32
 * shorts, of which the even and the odd codes are a mask and a shift; products of 7 by 8 bits in
 * pairs fit into a signed short and, lifted by 2^15, into an unsigned one; two additions in int
 * lanes widen them. It is exact in integers, so it gives the same bits as {@link #scalarDot} with
 * vectors of any width.
 *
 * <p>An estimate differs from the inner product by at most {@code scale / 2 * sum|q_i| + step / 2 *
 * sum|x_i| + dimension * scale * step / 4}.
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

    private static final VectorSpecies<Short> SHORTS =
            ShortVector.SPECIES_PREFERRED.length() > 32
                    ? ShortVector.SPECIES_512
                    : ShortVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = SHORTS.withLanes(int.class);
    private static final int LANES = SHORTS.length();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private ByteCodes() {}

    /** Bytes of a row. */
    public static int rowBytes(int dimension) {
        return (dimension + ROW_PADDING - 1) / ROW_PADDING * ROW_PADDING;
    }

    /**
     * Writes a row.
     *
     * @return the scale: an element is about {@code (code - 64) * scale}
     */
    public static float encode(float[] vector, MemorySegment rows, long offset) {
        float largest = 0;
        for (float element : vector) {
            largest = Math.max(largest, Math.abs(element));
        }
        float scale = largest == 0 ? 1 : largest / LARGEST;
        float inverse = 1 / scale;
        for (int i = 0; i < vector.length; i++) {
            int steps = Math.round(vector[i] * inverse);
            rows.set(
                    JAVA_BYTE,
                    offset + i,
                    (byte) (Math.max(-LARGEST, Math.min(LARGEST, steps)) + ZERO));
        }
        return scale;
    }

    /**
     * Inner products of steps of the rows of a list, {@link ByteQuery#zero} included: two rows in
     * lockstep. (With four the compiler gives up inlining and boxes every vector.)
     *
     * @param at byte offset of row 0
     * @param rowBytes distance of two rows
     * @param dots receives the sums, from index 0
     */
    public static void dots(
            MemorySegment rows,
            long at,
            int rowBytes,
            int[] ordinals,
            int count,
            ByteQuery query,
            int[] dots) {
        // low: sums of whole lanes, high: sums of their upper halves; what is left of low is the
        // lower
        int i = 0;
        for (; i + 2 <= count; i += 2) {
            two(rows, at, rowBytes, ordinals, i, query, dots);
        }
        if (i < count) {
            dots[i] = one(rows, at + (long) ordinals[i] * rowBytes, query);
        }
    }

    private static int one(MemorySegment rows, long offset, ByteQuery query) {
        short[] even = query.even;
        short[] odd = query.odd;
        IntVector low = IntVector.zero(INTS);
        IntVector high = IntVector.zero(INTS);
        for (int i = 0; i < even.length; i += LANES) {
            ShortVector e = ShortVector.fromArray(SHORTS, even, i);
            ShortVector o = ShortVector.fromArray(SHORTS, odd, i);
            ShortVector x = ShortVector.fromMemorySegment(SHORTS, rows, offset + 2L * i, LE);
            IntVector z = pairs(x, e, o);
            low = low.add(z);
            high = high.add(z.lanewise(VectorOperators.LSHR, 16));
        }
        return low.sub(high.lanewise(VectorOperators.LSHL, 16))
                        .add(high)
                        .reduceLanes(VectorOperators.ADD)
                - BIAS * even.length;
    }

    private static void two(
            MemorySegment rows,
            long at,
            int rowBytes,
            int[] ordinals,
            int first,
            ByteQuery query,
            int[] dots) {
        short[] even = query.even;
        short[] odd = query.odd;
        long o0 = at + (long) ordinals[first] * rowBytes;
        long o1 = at + (long) ordinals[first + 1] * rowBytes;
        IntVector low0 = IntVector.zero(INTS);
        IntVector low1 = IntVector.zero(INTS);
        IntVector high0 = IntVector.zero(INTS);
        IntVector high1 = IntVector.zero(INTS);
        for (int i = 0; i < even.length; i += LANES) {
            ShortVector e = ShortVector.fromArray(SHORTS, even, i);
            ShortVector o = ShortVector.fromArray(SHORTS, odd, i);
            ShortVector x0 = ShortVector.fromMemorySegment(SHORTS, rows, o0 + 2L * i, LE);
            ShortVector x1 = ShortVector.fromMemorySegment(SHORTS, rows, o1 + 2L * i, LE);
            IntVector z0 = pairs(x0, e, o);
            IntVector z1 = pairs(x1, e, o);
            low0 = low0.add(z0);
            low1 = low1.add(z1);
            high0 = high0.add(z0.lanewise(VectorOperators.LSHR, 16));
            high1 = high1.add(z1.lanewise(VectorOperators.LSHR, 16));
        }
        dots[first] =
                low0.sub(high0.lanewise(VectorOperators.LSHL, 16))
                                .add(high0)
                                .reduceLanes(VectorOperators.ADD)
                        - BIAS * even.length;
        dots[first + 1] =
                low1.sub(high1.lanewise(VectorOperators.LSHL, 16))
                                .add(high1)
                                .reduceLanes(VectorOperators.ADD)
                        - BIAS * even.length;
    }

    /** Two products a lane, added and lifted by {@link #BIAS}, so that they count as unsigned. */
    private static IntVector pairs(ShortVector codes, ShortVector even, ShortVector odd) {
        return codes.and((short) 0xff)
                .mul(even)
                .add(codes.lanewise(VectorOperators.LSHR, 8).mul(odd))
                .lanewise(VectorOperators.XOR, (short) BIAS)
                .reinterpretAsInts();
    }

    /** The scalar twin of {@link #dots}, of one row. */
    public static int scalarDot(MemorySegment rows, long offset, int dimension, ByteQuery query) {
        int sum = 0;
        for (int i = 0; i < dimension; i++) {
            short q = (i & 1) == 0 ? query.even[i >> 1] : query.odd[i >> 1];
            sum += rows.get(JAVA_BYTE, offset + i) * q;
        }
        return sum;
    }
}
