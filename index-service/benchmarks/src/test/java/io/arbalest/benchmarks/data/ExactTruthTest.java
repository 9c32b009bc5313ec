package io.arbalest.benchmarks.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

class ExactTruthTest {
    private static final int DIMENSION = 7;

    private record Rows(float[][] vectors) implements RowReader {
        @Override
        public int rows() {
            return vectors.length;
        }

        @Override
        public int dimension() {
            return vectors[0].length;
        }

        @Override
        public void read(int row, float[] target) {
            System.arraycopy(vectors[row], 0, target, 0, target.length);
        }
    }

    /** Small whole numbers, so that there are ties. */
    private static float[][] vectors(int count, long seed) {
        SplitMix random = new SplitMix(seed, 0);
        float[][] vectors = new float[count][DIMENSION];
        for (float[] vector : vectors) {
            for (int i = 0; i < DIMENSION; i++) {
                vector[i] = 1 + (int) (4 * random.nextDouble());
            }
        }
        return vectors;
    }

    /** In decimal arithmetic; the square of the cosine, which has the same order here. */
    private static BigDecimal score(float[] x, float[] q, Metric metric) {
        BigDecimal product = BigDecimal.ZERO;
        BigDecimal distance = BigDecimal.ZERO;
        BigDecimal square = BigDecimal.ZERO;
        for (int i = 0; i < x.length; i++) {
            BigDecimal xi = new BigDecimal(x[i]);
            BigDecimal qi = new BigDecimal(q[i]);
            product = product.add(xi.multiply(qi));
            distance = distance.add(xi.subtract(qi).pow(2));
            square = square.add(xi.pow(2));
        }
        return switch (metric) {
            case L2 -> distance.negate();
            case IP -> product;
            case COSINE -> product.pow(2).divide(square, java.math.MathContext.DECIMAL64);
        };
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void agreesWithDecimalArithmetic(Metric metric) {
        float[][] base = vectors(300, 1);
        float[][] queries = vectors(11, 2);
        int[][] found = ExactTruth.of(queries, new Rows(base), metric, 20, 3);
        for (int i = 0; i < queries.length; i++) {
            float[] query = queries[i];
            BigDecimal[] scores =
                    Arrays.stream(base)
                            .map(x -> score(x, query, metric))
                            .toArray(BigDecimal[]::new);
            int[] expected =
                    IntStream.range(0, base.length)
                            .boxed()
                            .sorted(
                                    Comparator.comparing((Integer row) -> scores[row])
                                            .reversed()
                                            .thenComparing(row -> row))
                            .limit(20)
                            .mapToInt(row -> row)
                            .toArray();
            if (metric == Metric.COSINE) { // ties of a quotient are not exact in double
                assertThat(scoresOf(found[i], scores)).isEqualTo(scoresOf(expected, scores));
            } else {
                assertThat(found[i]).containsExactly(expected);
            }
        }
    }

    private static BigDecimal[] scoresOf(int[] rows, BigDecimal[] scores) {
        return Arrays.stream(rows).mapToObj(row -> scores[row]).toArray(BigDecimal[]::new);
    }

    @Test
    void queriesOfAnotherDimensionAreRefused() {
        Rows base = new Rows(vectors(10, 1));
        assertThatThrownBy(() -> ExactTruth.of(new float[][] {{1, 2}}, base, Metric.L2, 1, 1))
                .isInstanceOf(ArbalestException.class)
                .hasMessageContaining("queries have dimension 2, the base 7");
    }

    @Test
    void asksForNoMoreRowsThanThereAre() {
        Rows base = new Rows(vectors(3, 1));
        assertThat(ExactTruth.of(vectors(1, 2), base, Metric.L2, 3, 1)[0])
                .containsExactlyInAnyOrder(0, 1, 2);
        assertThatThrownBy(() -> ExactTruth.of(vectors(1, 2), base, Metric.L2, 4, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
