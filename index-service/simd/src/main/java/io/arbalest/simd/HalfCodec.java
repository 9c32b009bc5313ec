package io.arbalest.simd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * How a binary16 vector is stored for {@link HalfDot}: multiplied by a power of two, {@code
 * 2^exponent}, that lifts its largest element into the top binade of binary16 (32,768 to 65,504),
 * then zero-padded.
 *
 * <p>The exponent belongs to the vector and is never negative. So nothing can overflow, no bit can
 * be lost on the way up (a subnormal has at most ten significant bits), and dividing by the same
 * power gives back exactly the bits that were written: the encoding is exact for every finite
 * vector. A vector with an infinity or a NaN is stored as it is, with exponent 0. What remains
 * subnormal is only an element at least 2^29 times smaller than the largest of its vector.
 *
 * <p><b>Who picks the power, and when.</b> Whoever stores the vector, from its elements alone, when
 * it is stored: {@code exponent = 30 - field}, {@code field} being the exponent field of the
 * largest element, as if binary16 went on below 2^-14. Nothing is fixed for a segment or a
 * collection, so later vectors cannot outgrow what earlier ones decided, and no vector is scaled
 * again: segments that are sealed or merged take stored rows and exponents over as they are.
 *
 * <p>Thread-safe: no state.
 */
public final class HalfCodec {
    private static final ValueLayout.OfShort HALF =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int INFINITE = 0x7c00;
    private static final int TOP_EXPONENT_FIELD = 30;

    private HalfCodec() {}

    /** The exponent for the plain little-endian vector at the byte offset: 0 to 39. */
    public static int exponentOf(MemorySegment source, long offset, int dimension) {
        int largest = 0;
        for (int i = 0; i < dimension; i++) {
            largest = Math.max(largest, source.get(HALF, offset + 2L * i) & 0x7fff);
        }
        if (largest == 0 || largest >= INFINITE) {
            return 0;
        }
        int field = largest >>> 10;
        if (field == 0) { // largest * 2^-24: the field that its leading bit would have in a wider
            // format
            field = 22 - Integer.numberOfLeadingZeros(largest);
        }
        return TOP_EXPONENT_FIELD - field;
    }

    /** Copies a plain vector into its slot, times {@code 2^exponent}, and zeroes the padding. */
    public static void encode(
            MemorySegment source,
            long offset,
            int dimension,
            int exponent,
            MemorySegment slot,
            long slotOffset) {
        if (exponent == 0) {
            MemorySegment.copy(
                    source, JAVA_BYTE, offset, slot, JAVA_BYTE, slotOffset, 2L * dimension);
        } else {
            for (int i = 0; i < dimension; i++) {
                slot.set(
                        HALF,
                        slotOffset + 2L * i,
                        raise(source.get(HALF, offset + 2L * i), exponent));
            }
        }
        long padding = 2L * (HalfDot.paddedDimension(dimension) - dimension);
        slot.asSlice(slotOffset + 2L * dimension, padding).fill((byte) 0);
    }

    /** Reads a slot back: bit for bit the halves that were encoded. */
    public static void decode(MemorySegment slot, long slotOffset, int exponent, short[] target) {
        for (int i = 0; i < target.length; i++) {
            target[i] = lower(slot.get(HALF, slotOffset + 2L * i), exponent);
        }
    }

    /** The value of a plain element of a slot. */
    public static float element(MemorySegment slot, long slotOffset, int index) {
        return Float.float16ToFloat(slot.get(HALF, slotOffset + 2L * index));
    }

    private static short raise(short half, int exponent) {
        if ((half & 0x7fff) == 0) {
            return half;
        }
        if ((half & 0x7c00) != 0) {
            return (short) (half + (exponent << 10));
        }
        return Float.floatToFloat16(Math.scalb(Float.float16ToFloat(half), exponent));
    }

    private static short lower(short half, int exponent) {
        int field = (half >>> 10) & 0x1f;
        if (exponent == 0 || (half & 0x7fff) == 0) {
            return half;
        }
        if (field > exponent) {
            return (short) (half - (exponent << 10));
        }
        return Float.floatToFloat16(Math.scalb(Float.float16ToFloat(half), -exponent));
    }
}
