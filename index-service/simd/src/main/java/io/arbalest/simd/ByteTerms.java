package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.NE;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Two floats of a row of {@link ByteCodes}, a factor and an offset, inside the row: in bits that
 * codes of seven bits leave. Whoever has read the codes has read them too, so a row of 128 codes is
 * two cache lines and no third.
 *
 * <pre>
 *   code of the row  0   1  2   3      62   63  64  65  66  67     126  127 128
 *   its top bit      f0  0  f1  0  ... f31  0   o0  0   o1  0  ... o31  0   0  ...
 *   f: bits of the factor, o: bits of the offset, the lowest first
 * </pre>
 *
 * <p>Even codes, because the kernel of inner products masks those and has the odd ones by a shift,
 * which would leave a top bit in.
 *
 * <p>Thread-safe: no state.
 */
public final class ByteTerms {
    /** Codes of a row that carry the floats; a shorter row cannot. */
    public static final int CODES = 128;

    private static final int HALF = CODES / 2;
    private static final int TOP = 0x80;
    private static final short TOP_OF_EVEN = TOP;
    private static final short NONE = 0;

    private static final long TOP_OF_ALL = 0x8080808080808080L;
    private static final long TOP_OF_ODD = 0x8000800080008000L;

    private static final VectorSpecies<Short> SHORTS = VectorWidth.ints().withLanes(short.class);
    private static final int LANES = SHORTS.length();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfLong EIGHT = JAVA_LONG_UNALIGNED.withOrder(LE);

    private ByteTerms() {}

    /** Puts the floats into a row that {@link ByteCodes#encode} wrote. */
    public static void put(MemorySegment rows, long at, float factor, float offset) {
        putBits(rows, at, Float.floatToRawIntBits(factor));
        putBits(rows, at + HALF, Float.floatToRawIntBits(offset));
    }

    private static void putBits(MemorySegment rows, long at, int bits) {
        for (int i = 0; i < Integer.SIZE; i++) {
            int code = rows.get(JAVA_BYTE, at + 2L * i) & ~TOP;
            int top = (bits >>> i & 1) == 0 ? 0 : TOP;
            rows.set(JAVA_BYTE, at + 2L * i, (byte) (code | top));
        }
    }

    /**
     * Whether no code of a row takes more than seven bits, but for those that carry the floats.
     *
     * @param inside whether the row carries them
     */
    public static boolean codesFit(MemorySegment rows, long at, int rowBytes, boolean inside) {
        for (int i = 0; i < rowBytes; i += Long.BYTES) {
            long free = inside && i < CODES ? TOP_OF_ODD : TOP_OF_ALL;
            if ((rows.get(EIGHT, at + i) & free) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The factor in a row. */
    public static float factor(MemorySegment rows, long at) {
        return Float.intBitsToFloat(bits(rows, at));
    }

    /** The offset in a row. */
    public static float offset(MemorySegment rows, long at) {
        return Float.intBitsToFloat(bits(rows, at + HALF));
    }

    private static int bits(MemorySegment rows, long at) {
        int bits = 0;
        for (int i = 0; i < Integer.SIZE; i++) {
            bits |= (rows.get(JAVA_BYTE, at + 2L * i) & TOP) >>> 7 << i;
        }
        return bits;
    }

    /**
     * Reads the floats of the rows of a list, as the bits that {@link Float#floatToRawIntBits}
     * gives: the same as {@link #factor} and {@link #offset}, which are its scalar twin.
     *
     * @param base byte offset of row 0
     * @param rowBytes from a row to the next
     * @param factors receives the bits of the factors, from index 0
     * @param offsets receives the bits of the offsets, from index 0
     */
    public static void read(
            MemorySegment rows,
            long base,
            long rowBytes,
            int[] ordinals,
            int count,
            int[] factors,
            int[] offsets) {
        for (int row = 0; row < count; row++) {
            long at = base + ordinals[row] * rowBytes;
            long factor = 0;
            long offset = 0;
            for (int i = 0; i < Integer.SIZE; i += LANES) {
                long left = at + 2L * i;
                ShortVector f = ShortVector.fromMemorySegment(SHORTS, rows, left, LE);
                ShortVector o = ShortVector.fromMemorySegment(SHORTS, rows, left + HALF, LE);
                factor |= f.and(TOP_OF_EVEN).compare(NE, NONE).toLong() << i;
                offset |= o.and(TOP_OF_EVEN).compare(NE, NONE).toLong() << i;
            }
            factors[row] = (int) factor;
            offsets[row] = (int) offset;
        }
    }
}
