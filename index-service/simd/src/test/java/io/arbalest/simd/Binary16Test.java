package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.Binary16;

import org.junit.jupiter.api.Test;

import java.util.SplittableRandom;

/**
 * The vocabulary's own binary16, written for Java 17, against the JDK's. The bits of a NaN are
 * compared only in being a NaN of that sign: the JDK's own depend on whether the processor converts
 * (it makes the NaN quiet and cuts the payload) or Java does.
 */
class Binary16Test {
    private static final long SEED = Long.getLong("seed", 20_261_102L);
    private static final int RANDOM_FLOATS = 10_000_000;

    @Test
    void widensEveryHalfAsTheJdkDoes() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            int expected = Float.floatToRawIntBits(Float.float16ToFloat((short) bits));
            int actual = Float.floatToRawIntBits(Binary16.toFloat((short) bits));
            if (actual != expected
                    && !(isNaN(bits) && Float.isNaN(Binary16.toFloat((short) bits)))) {
                assertThat(Integer.toHexString(actual))
                        .as("half %x", bits)
                        .isEqualTo(Integer.toHexString(expected));
            }
        }
    }

    @Test
    void narrowsAsTheJdkDoesNearEveryHalfAndHalfway() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            int at = Float.floatToRawIntBits(Float.float16ToFloat((short) bits));
            int halfway = at + (((bits & 0x7c00) == 0 ? 1 : 0) << 12) + 0x1000;
            for (int near = -3; near <= 3; near++) {
                check(at + near);
                check(halfway + near);
                check((at | 0x0fff) + near);
            }
        }
        for (int m = 0; m <= 2048; m++) { // subnormal halves and the points between them
            int halfway = Float.floatToRawIntBits((m + 0.5f) * 0x1p-24f);
            for (int near = -2; near <= 2; near++) {
                check(halfway + near);
                check((halfway + near) | 0x80000000);
            }
        }
        for (int exponent = 0; exponent < 512; exponent++) {
            for (int near = -4; near <= 4; near++) {
                check((exponent << 23) + near);
            }
        }
    }

    @Test
    void narrowsRandomFloatsAsTheJdkDoes() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < RANDOM_FLOATS; i++) {
            check(random.nextInt());
        }
    }

    private static void check(int bits) {
        float value = Float.intBitsToFloat(bits);
        short expected = Float.floatToFloat16(value);
        short actual = Binary16.fromFloat(value);
        boolean sameNaN =
                isNaN(expected) && isNaN(actual) && (expected & 0x8000) == (actual & 0x8000);
        if (actual != expected && !sameNaN) {
            assertThat(Integer.toHexString(actual & 0xffff))
                    .as("float bits %x, seed %s", bits, SEED)
                    .isEqualTo(Integer.toHexString(expected & 0xffff));
        }
    }

    private static boolean isNaN(int half) {
        return (half & 0x7fff) > 0x7c00;
    }
}
