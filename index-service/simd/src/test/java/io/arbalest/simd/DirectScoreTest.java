package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

class DirectScoreTest {
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Some rows, and a list of them in which rows may stand more than once. */
    private static final class Table {
        final int dimension;
        final float[] query;
        final float[][] vectors;
        final int[] exponents;
        final int[] list;
        final MemorySegment slots;
        final long stride;

        Table(SplittableRandom random, Arena arena) {
            dimension = 1 + random.nextInt(100);
            query = new float[dimension];
            for (int i = 0; i < dimension; i++) {
                query[i] = (float) random.nextGaussian();
            }
            vectors = new float[1 + random.nextInt(6)][dimension];
            exponents = new int[vectors.length];
            list = new int[random.nextInt(12)];
            for (int i = 0; i < list.length; i++) {
                list[i] = random.nextInt(vectors.length);
            }
            stride = 2L * HalfDot.paddedDimension(dimension);
            slots = arena.allocate(stride * vectors.length, 64);
            MemorySegment plain = arena.allocate(2L * dimension);
            for (int row = 0; row < vectors.length; row++) {
                float size = (float) Math.scalb(1.0, random.nextInt(-20, 4));
                for (int i = 0; i < dimension; i++) {
                    short half = Float.floatToFloat16((float) random.nextGaussian() * size);
                    vectors[row][i] = Float.float16ToFloat(half);
                    plain.set(HALF, 2L * i, half);
                }
                exponents[row] = HalfCodec.exponentOf(plain, 0, dimension);
                HalfCodec.encode(plain, 0, dimension, exponents[row], slots, row * stride);
            }
        }

        double[] scores(Metric metric) {
            double[] scores = new double[list.length];
            new DirectScore(metric, slots, stride, row -> exponents[row])
                    .of(list, list.length, query, scores);
            return scores;
        }
    }

    @ParameterizedTest
    @EnumSource
    void isThePlainFormulaNearly(Metric metric) {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        for (int round = 0; round < 500; round++) {
            try (Arena arena = Arena.ofConfined()) {
                Table table = new Table(random, arena);
                double[] scores = table.scores(metric);
                for (int i = 0; i < scores.length; i++) {
                    check(metric, scores[i], table.query, table.vectors[table.list[i]], round);
                }
            }
        }
    }

    private static void check(
            Metric metric, double score, float[] query, float[] vector, int round) {
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
        double expected =
                switch (metric) {
                    case IP -> product;
                    case L2 -> -distance;
                    case COSINE -> norms == 0 ? 0 : product / norms;
                };
        double error =
                switch (metric) {
                    case IP -> 1e-12 * norms + 1e-300;
                    case L2 -> 1e-12 * (distance + 1);
                    case COSINE -> 1e-12;
                };
        assertThat(score)
                .as("%s, round %s, seed %s", metric, round, HalfCases.SEED)
                .isCloseTo(expected, within(error));
    }

    @ParameterizedTest
    @EnumSource
    void isTheScalarTwinBitForBit(Metric metric) {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        for (int round = 0; round < 500; round++) {
            try (Arena arena = Arena.ofConfined()) {
                Table table = new Table(random, arena);
                double[] scores = table.scores(metric);
                for (int i = 0; i < scores.length; i++) {
                    assertThat(scores[i])
                            .as("%s, round %s, seed %s", metric, round, HalfCases.SEED)
                            .isEqualTo(twin(metric, table, table.list[i]));
                }
            }
        }
    }

    private static double twin(Metric metric, Table table, int row) {
        long offset = row * table.stride;
        float[] query = table.query;
        double unscale = Math.scalb(1.0, -table.exponents[row]);
        double[] products = new double[8];
        double[] distances = new double[8];
        double[] squares = new double[8];
        DirectScore.narrowProduct(table.slots, offset, query, products, 0);
        DirectScore.narrowDistance(table.slots, offset, unscale, query, distances, 0);
        DirectScore.narrowSquares(table.slots, offset, query.length, squares);
        double product = inPairs(products);
        double distance = inPairs(distances);
        double square = inPairs(squares);
        for (int i = query.length & -8; i < query.length; i++) {
            double element = HalfCodec.element(table.slots, offset, i);
            product += element * query[i];
            square += element * element;
            distance += (element * unscale - query[i]) * (element * unscale - query[i]);
        }
        double norm = Math.sqrt(square * unscale * unscale);
        double queryNorm = Math.sqrt(FloatDot.dot(query, query));
        return switch (metric) {
            case IP -> product * unscale;
            case L2 -> -distance;
            case COSINE -> norm == 0 || queryNorm == 0 ? 0 : product * unscale / norm / queryNorm;
        };
    }

    private static double inPairs(double[] sums) {
        return ((sums[0] + sums[1]) + (sums[2] + sums[3]))
                + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    }

    @Test
    void anythingAndZeroHaveNoAngle() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(2L * HalfDot.paddedDimension(9));
            double[] score = {1};
            for (Metric metric : new Metric[] {Metric.COSINE, Metric.L2}) {
                new DirectScore(metric, slot, 64, _ -> 0).of(new int[] {0}, 1, new float[9], score);
                assertThat(score[0]).as("%s", metric).isZero();
            }
        }
    }
}
