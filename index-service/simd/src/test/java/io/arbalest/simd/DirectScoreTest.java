package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

class DirectScoreTest {
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Test
    void isTheScalarTwinBitForBitAndThePlainFormulaNearly() {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        for (int round = 0; round < 500; round++) {
            int dimension = 1 + random.nextInt(100);
            float[] query = new float[dimension];
            float[] vector = new float[dimension];
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment plain = arena.allocate(2L * dimension);
                MemorySegment slot = arena.allocate(2L * HalfDot.paddedDimension(dimension));
                float size = (float) Math.scalb(1.0, random.nextInt(-20, 4));
                for (int i = 0; i < dimension; i++) {
                    query[i] = (float) random.nextGaussian();
                    short half = Float.floatToFloat16((float) random.nextGaussian() * size);
                    vector[i] = Float.float16ToFloat(half);
                    plain.set(HALF, 2L * i, half);
                }
                int exponent = HalfCodec.exponentOf(plain, 0, dimension);
                HalfCodec.encode(plain, 0, dimension, exponent, slot, 0);
                check(slot, exponent, query, vector, "round " + round + " " + HalfCases.SEED);
            }
        }
    }

    private static void check(
            MemorySegment slot, int exponent, float[] query, float[] vector, String seed) {
        double product = 0;
        double distance = 0;
        double squares = 0;
        double querySquares = 0;
        for (int i = 0; i < query.length; i++) {
            product += (double) vector[i] * query[i];
            distance += ((double) vector[i] - query[i]) * ((double) vector[i] - query[i]);
            squares += (double) vector[i] * vector[i];
            querySquares += (double) query[i] * query[i];
        }
        double norms = Math.sqrt(squares * querySquares);
        double foundProduct = DirectScore.product(slot, 0, exponent, query);
        double foundDistance = DirectScore.squaredDistance(slot, 0, exponent, query);
        assertThat(foundProduct).as(seed).isCloseTo(product, within(1e-12 * norms + 1e-300));
        assertThat(foundDistance).as(seed).isCloseTo(distance, within(1e-12 * (distance + 1)));
        double cosine = norms == 0 ? 0 : product / norms;
        assertThat(DirectScore.cosine(slot, 0, exponent, query))
                .as(seed)
                .isCloseTo(cosine, within(1e-12));
        double unscale = Math.scalb(1.0, -exponent);
        double twinProduct = DirectScore.narrowProduct(slot, 0, query);
        double twinDistance = DirectScore.narrowDistance(slot, 0, unscale, query);
        for (int i = query.length & -8; i < query.length; i++) {
            twinProduct += (double) HalfCodec.element(slot, 0, i) * query[i];
            double difference = HalfCodec.element(slot, 0, i) * unscale - query[i];
            twinDistance += difference * difference;
        }
        assertThat(foundProduct).as(seed).isEqualTo(twinProduct * unscale);
        assertThat(foundDistance).as(seed).isEqualTo(twinDistance);
    }

    @Test
    void anythingAndZeroHaveNoAngle() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(2L * HalfDot.paddedDimension(9));
            assertThat(DirectScore.cosine(slot, 0, 0, new float[9])).isZero();
            assertThat(DirectScore.squaredDistance(slot, 0, 0, new float[9])).isZero();
        }
    }
}
