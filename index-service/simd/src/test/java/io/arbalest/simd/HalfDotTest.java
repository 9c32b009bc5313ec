package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Kernels against double precision; the build runs it with 128, 256 and the machine's widest
 * vectors.
 */
class HalfDotTest {
    @Test
    void usesTheVectorWidthThatTheBuildAskedFor() {
        int bits = Integer.getInteger("arbalest.test.vector-bits", 0);
        if (bits > 0) {
            assertThat(HalfDot.vectorBits()).isLessThanOrEqualTo(bits);
        }
    }

    @Test
    void allKernelsAgreeInAllDimensions() {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        IntStream.concat(
                        IntStream.rangeClosed(1, 300),
                        IntStream.of(384, 511, 768, 1000, 1536, 2049, 4095, 4096))
                .forEach(dimension -> check(random, dimension, 1.0, 1.0));
    }

    @ParameterizedTest
    @CsvSource({
        "1e-6, 1",
        "1e-4, 1e-30",
        "1e-4, 1e30",
        "12000, 1e30",
        "12000, 1e-38",
        "1, 1e37",
        "0.036, 0.036",
        "0, 1",
        "1, 0"
    })
    void magnitudesDoNotMatter(double vectorDeviation, double queryDeviation) {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        for (int dimension : new int[] {3, 64, 200, 768}) {
            check(random, dimension, vectorDeviation, queryDeviation);
        }
    }

    @Test
    void subnormalsThatCannotBeLiftedStillCount() {
        short[] halves = new short[33];
        Arrays.fill(halves, (short) 1); // 2^-24
        halves[5] = 0x7bff;
        float[] query = new float[33];
        Arrays.fill(query, 1024f);
        query[5] = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(128, 64);
            int exponent = HalfCases.store(arena, halves, slot, 0);
            HalfQuery prepared = new HalfQuery(33);
            prepared.load(query);
            assertThat(exponent).isZero();
            assertThat(HalfDot.dot(slot, 0, prepared) * prepared.scale()).isEqualTo(32 * 0x1p-14);
        }
    }

    private static void check(
            SplittableRandom random, int dimension, double vectorDeviation, double queryDeviation) {
        try (Arena arena = Arena.ofConfined()) {
            long stride = 2L * HalfDot.paddedDimension(dimension);
            MemorySegment rows = arena.allocate(stride * 10, 64);
            int[] ordinals = new int[5];
            short[][] halves = new short[5][];
            int[] exponents = new int[5];
            for (int i = 0; i < 5; i++) {
                ordinals[i] = 9 - 2 * i;
                halves[i] = HalfCases.gaussian(random, dimension, vectorDeviation);
                exponents[i] = HalfCases.store(arena, halves[i], rows, ordinals[i] * stride);
            }
            float[] query = new float[dimension];
            for (int i = 0; i < dimension; i++) {
                query[i] = (float) (queryDeviation * random.nextGaussian());
            }
            HalfQuery prepared = new HalfQuery(dimension);
            prepared.load(query);
            String where = "dimension " + dimension + " seed " + HalfCases.SEED;
            double[] expected = new double[5];
            double[] bounds = new double[5];
            for (int i = 0; i < 5; i++) {
                double raise = Math.scalb(1.0, exponents[i]) / prepared.scale();
                expected[i] = HalfCases.dot(halves[i], query) * raise;
                bounds[i] = dimension * 0x1p-23 * HalfCases.absoluteDot(halves[i], query) * raise;
                long offset = ordinals[i] * stride;
                within(HalfDot.dot(rows, offset, prepared), expected[i], bounds[i], where);
                within(HalfDot.scalarDot(rows, offset, prepared), expected[i], bounds[i], where);
            }
            for (int from = 0; from <= 5; from++) {
                for (int count = 0; from + count <= 5; count++) {
                    float[] dots = new float[6];
                    Arrays.fill(dots, 7f);
                    HalfDot.dots(rows, stride, ordinals, from, count, prepared, dots);
                    for (int i = 0; i < dots.length; i++) {
                        if (i < from || i >= from + count) {
                            assertThat(dots[i]).isEqualTo(7f);
                        } else {
                            within(dots[i], expected[i], bounds[i], "list: " + where);
                        }
                    }
                }
            }
            checkStoredAsQuery(rows, stride, ordinals, halves, exponents);
        }
    }

    private static void checkStoredAsQuery(
            MemorySegment rows, long stride, int[] ordinals, short[][] halves, int[] exponents) {
        int dimension = halves[0].length;
        HalfQuery stored = new HalfQuery(dimension);
        stored.load(rows, ordinals[0] * stride);
        float[] plain = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            plain[i] = Float.float16ToFloat(halves[0][i]);
        }
        double unscale = stored.scale() * Math.scalb(1.0, -exponents[0] - exponents[1]);
        double bound = dimension * 0x1p-23 * HalfCases.absoluteDot(halves[1], plain);
        double actual = HalfDot.dot(rows, ordinals[1] * stride, stored) * unscale;
        within(
                actual,
                HalfCases.dot(halves[1], plain),
                bound,
                "stored query, dimension " + dimension);
    }

    private static void within(double actual, double expected, double bound, String where) {
        if (!(Math.abs(actual - expected) <= bound)) {
            assertThat(actual).as("%s: expected %s within %s", where, expected, bound).isNaN();
        }
    }
}
