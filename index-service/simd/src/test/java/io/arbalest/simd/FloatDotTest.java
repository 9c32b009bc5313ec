package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

import java.math.BigDecimal;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** The inner product against exact arithmetic, at every length around the unrolled loop. */
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
            assertThat(FloatDot.largest(a)).isEqualTo(largest);
        }
    }
}
