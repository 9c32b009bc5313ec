package io.arbalest.model;

/**
 * IEEE 754 binary16, bit-equal to {@code Float.floatToFloat16} and {@code Float.float16ToFloat} of
 * Java 20 and later, for the rooms that must run on 17.
 *
 * <p>Thread-safe: no state.
 */
public final class Binary16 {
    /** Largest finite value. */
    public static final float MAX_VALUE = 65504f;

    private Binary16() {}

    /** The nearest binary16, ties to even; overflow gives infinity, NaN stays NaN. */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) { // NaN: keep what fits of the payload, as the JDK does
            return (short)
                    (sign
                            | 0x7c00
                            | ((bits & 0x007fe000) >> 13)
                            | ((bits & 0x00001ff0) >> 4)
                            | (bits & 0x0000000f));
        }
        if (magnitude >= 0x477ff000) { // rounds to 2^16 or more
            return (short) (sign | 0x7c00);
        }
        if (magnitude >= 0x38800000) { // normal: rebias the exponent, round to nearest even
            int rebiased = magnitude - 0x38000000;
            return (short) (sign | ((rebiased + 0x0fff + ((rebiased >>> 13) & 1)) >>> 13));
        }
        if (magnitude
                <= 0x33000000) { // at most half of the smallest subnormal: ties to even gives zero
            return (short) sign;
        }
        int exponent = magnitude >>> 23;
        int significand = (magnitude & 0x7fffff) | 0x800000;
        int shift = 126 - exponent; // 14 .. 24
        int halfway = 1 << (shift - 1);
        int rounded = (significand + halfway - 1 + ((significand >>> shift) & 1)) >>> shift;
        return (short) (sign | rounded);
    }

    /** The exact float of a binary16. */
    public static float toFloat(short half) {
        int bits = half & 0xffff;
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >>> 10) & 0x1f;
        int significand = bits & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | (significand << 13));
        }
        if (exponent == 0) { // zero and subnormals: significand * 2^-24, exact in float
            float value = significand * 0x1p-24f;
            return sign == 0 ? value : -value;
        }
        return Float.intBitsToFloat(sign | ((exponent + 112) << 23) | (significand << 13));
    }
}
