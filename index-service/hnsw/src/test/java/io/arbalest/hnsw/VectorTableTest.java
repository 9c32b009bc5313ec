package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.memory.MemoryBudget;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.SplittableRandom;

class VectorTableTest {
    @ParameterizedTest
    @EnumSource
    void givesBackTheBitsAndScoresAsDefined(Metric metric) {
        SplittableRandom random = new SplittableRandom(Cases.SEED);
        for (int dimension : new int[] {1, 31, 192, 1025}) {
            int points = 40;
            try (VectorTable table = new VectorTable(dimension, metric, points)) {
                short[][] written = new short[points][];
                for (int ordinal = 0; ordinal < points; ordinal++) {
                    double deviation = Math.pow(10, random.nextInt(9) - 5);
                    written[ordinal] = Cases.halves(gaussian(random, dimension, deviation));
                    written[ordinal][0] = (short) (written[ordinal][0] | 1); // never all zero
                    table.set(ordinal, Cases.segment(written[ordinal]), 0);
                }
                float[] query = gaussian(random, dimension, 3);
                PreparedQuery prepared = table.prepare(query);
                int[] ordinals = random.ints(points, 0, points).toArray();
                float[] scores = new float[points];
                table.score(prepared, ordinals, points, scores);
                short[] read = new short[dimension];
                for (int i = 0; i < points; i++) {
                    int ordinal = ordinals[i];
                    table.read(ordinal, read);
                    assertThat(read).isEqualTo(written[ordinal]);
                    double expected = score(metric, written[ordinal], query);
                    double size = size(metric, written[ordinal], query);
                    assertThat(Cases.exactScore(table, ordinal, query))
                            .isCloseTo(expected, within(1e-12 * size));
                    assertThat((double) scores[i])
                            .isCloseTo(expected, within(dimension * 0x1p-22 * size + 1e-30));
                    assertThat((double) table.score(prepared, ordinal))
                            .isCloseTo(expected, within(dimension * 0x1p-22 * size + 1e-30));
                }
            }
        }
    }

    @Test
    void refusesWhatTheBudgetDoesNotHoldAndFailsAfterClose() {
        MemoryBudget budget = new MemoryBudget("vectors", 3 << 20);
        VectorTable table = new VectorTable(64, Metric.IP, 1 << 20, budget);
        table.set(0, Cases.segment(new short[64]), 0);
        assertThatThrownBy(() -> table.set(900_000, Cases.segment(new short[64]), 0))
                .isInstanceOf(ArbalestException.class);
        assertThat(table.sizeBytes()).isGreaterThan(2 << 20);
        PreparedQuery prepared = table.prepare(new float[64]);
        table.close();
        assertThat(budget.reservedBytes()).isZero();
        assertThatThrownBy(() -> table.score(prepared, 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> table.read(0, new short[64]))
                .isInstanceOf(IllegalStateException.class);
    }

    private static float[] gaussian(SplittableRandom random, int dimension, double deviation) {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) Math.clamp(deviation * random.nextGaussian(), -65504, 65504);
        }
        return vector;
    }

    private static double score(Metric metric, short[] vector, float[] query) {
        double product = 0;
        double distance = 0;
        double norms = 0;
        double queryNorms = 0;
        for (int i = 0; i < query.length; i++) {
            double x = Float.float16ToFloat(vector[i]);
            product += x * query[i];
            distance += (x - query[i]) * (x - query[i]);
            norms += x * x;
            queryNorms += (double) query[i] * query[i];
        }
        return switch (metric) {
            case IP -> product;
            case L2 -> -distance;
            case COSINE -> product / Math.sqrt(norms * queryNorms);
        };
    }

    /** The sum of the magnitudes of all terms, which bounds the rounding error. */
    private static double size(Metric metric, short[] vector, float[] query) {
        double product = 0;
        double norms = 0;
        double queryNorms = 0;
        for (int i = 0; i < query.length; i++) {
            double x = Float.float16ToFloat(vector[i]);
            product += Math.abs(x * query[i]);
            norms += x * x;
            queryNorms += (double) query[i] * query[i];
        }
        return switch (metric) {
            case IP -> product;
            case L2 -> 2 * product + norms + queryNorms;
            case COSINE -> 1;
        };
    }
}
