package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** The inner product against exact arithmetic, at every length around the loops of vectors. */
class FloatDotTest {
    private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);

    @Test
    void isWithinItsErrorAtEveryLength() {
        for (int n = 0; n <= 67; n++) {
            float[] a = new float[n];
            float[] b = new float[n];
            BigDecimal exact = BigDecimal.ZERO;
            double magnitudes = 0;
            float largest = 0;
            for (int i = 0; i < n; i++) {
                a[i] = (float) random.nextGaussian() * (i % 7 == 0 ? 1e10f : 1);
                b[i] = (float) random.nextGaussian();
                exact = exact.add(new BigDecimal(a[i]).multiply(new BigDecimal(b[i])));
                magnitudes += Math.abs((double) a[i] * b[i]);
                largest = Math.max(largest, Math.abs(a[i]));
            }
            assertThat(FloatDot.dot(a, b))
                    .isCloseTo(exact.doubleValue(), Offset.offset(n * 0x1p-53 * magnitudes));
            double twin = FloatDot.narrowDot(a, b, n & -8);
            for (int i = n & -8; i < n; i++) {
                twin += (double) a[i] * b[i];
            }
            assertThat(FloatDot.dot(a, b)).isEqualTo(twin);
            assertThat(FloatDot.largest(a)).isEqualTo(largest);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -3e38f})
    void theLargestIsFoundAtEveryPlace(float largest) {
        for (int n = 1; n <= 67; n++) {
            for (int place = 0; place < n; place++) {
                float[] elements = new float[n];
                Arrays.fill(elements, -2);
                elements[place] = largest;
                assertThat(Float.valueOf(FloatDot.largest(elements)))
                        .isEqualTo(Float.valueOf(Math.abs(largest)));
            }
        }
    }
}
