package io.arbalest.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Random;

class Binary16Test {
    /** The definition: sign, exponent, significand, computed in double. */
    private static double valueOf(int half) {
        int exponent = (half >> 10) & 0x1f;
        int significand = half & 0x3ff;
        double magnitude =
                exponent == 0
                        ? significand * 0x1p-24
                        : exponent == 31
                                ? (significand == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                                : (1024 + significand) * Math.scalb(1.0, exponent - 25);
        return (half & 0x8000) == 0 ? magnitude : -magnitude;
    }

    @Test
    void everyHalfIsReadAsItIsDefinedAndComesBack() {
        for (int half = 0; half <= 0xffff; half++) {
            float value = Binary16.toFloat((short) half);
            if (Double.isNaN(valueOf(half))) {
                assertThat(value).isNaN();
                assertThat(Binary16.toFloat(Binary16.fromFloat(value))).isNaN();
            } else {
                assertThat(Double.doubleToRawLongBits(value))
                        .as("half %04x", half)
                        .isEqualTo(Double.doubleToRawLongBits(valueOf(half)));
                assertThat(Binary16.fromFloat(value)).as("half %04x", half).isEqualTo((short) half);
            }
        }
    }

    @Test
    void roundsToTheNearestAndTiesToEven() {
        for (int half = 0; half < 0x7bff; half++) {
            double low = valueOf(half);
            double high = valueOf(half + 1);
            float middle = (float) ((low + high) / 2); // exact: a float has 13 more bits
            int even = (half & 1) == 0 ? half : half + 1;
            assertThat(Binary16.fromFloat(middle)).isEqualTo((short) even);
            assertThat(Binary16.fromFloat(Math.nextDown(middle))).isEqualTo((short) half);
            assertThat(Binary16.fromFloat(Math.nextUp(middle))).isEqualTo((short) (half + 1));
            assertThat(Binary16.fromFloat(-middle)).isEqualTo((short) (even | 0x8000));
        }
    }

    @Test
    void overflowIsInfinityAndUnderflowIsZero() {
        assertThat(Binary16.fromFloat(65519.996f)).isEqualTo((short) 0x7bff);
        assertThat(Binary16.fromFloat(65520f)).isEqualTo((short) 0x7c00);
        assertThat(Binary16.fromFloat(-Float.MAX_VALUE)).isEqualTo((short) 0xfc00);
        assertThat(Binary16.fromFloat(0x1p-25f)).isEqualTo((short) 0);
        assertThat(Binary16.fromFloat(Math.nextUp(0x1p-25f))).isEqualTo((short) 1);
        assertThat(Binary16.fromFloat(-0.0f)).isEqualTo((short) 0x8000);
    }

    @Test
    void neverFurtherThanTheNeighbours() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 100_000; round++) {
            float value = Float.intBitsToFloat(random.nextInt());
            if (Float.isFinite(value) && Math.abs(value) <= Binary16.MAX_VALUE) {
                int half = Binary16.fromFloat(value) & 0xffff;
                double error = Math.abs(valueOf(half) - value);
                for (int neighbour : new int[] {half - 1, half + 1}) {
                    if ((neighbour & 0x7fff) < 0x7c00 && (neighbour & 0x8000) == (half & 0x8000)) {
                        assertThat(error)
                                .as("seed %d value %s", seed, value)
                                .isLessThanOrEqualTo(Math.abs(valueOf(neighbour) - value));
                    }
                }
            }
        }
    }
}
