package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;
import io.arbalest.simd.FloatDot;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** What codes miss of a vector, seen from the vector itself. */
class CodeWriterTest {
    private static final long SEED = Long.getLong("seed", 18);
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int POINTS = 200;
    private static final int DIMENSION = 200;

    /**
     * A point that asks for itself gets the score that it has, but for what the query's own steps
     * miss: neither its direction nor the mean of all, however large, makes it worse.
     */
    @ParameterizedTest
    @CsvSource({
        "L2, NIBBLES, 3",
        "IP, NIBBLES, 0",
        "IP, NIBBLES, 3",
        "COSINE, NIBBLES, 1",
        "L2, BYTES, 3",
        "L2, BYTES_APART, 3",
        "IP, BYTES, 0",
        "IP, BYTES, 3",
        "IP, BYTES_APART, 3",
        "COSINE, BYTES, 1"
    })
    void onlyTheStepsOfAQueryDisturbItsOwnScore(Metric metric, CodeForm form, float mean) {
        SplittableRandom random = new SplittableRandom(SEED);
        float[][] vectors = new float[POINTS][DIMENSION];
        MemorySegment row = MemorySegment.ofArray(new byte[2 * DIMENSION]);
        try (VectorTable table = new VectorTable(DIMENSION, metric, POINTS);
                Arena arena = Arena.ofConfined()) {
            for (int point = 0; point < POINTS; point++) {
                for (int i = 0; i < DIMENSION; i++) {
                    float element = (float) (random.nextGaussian() + (i % 3 == 0 ? mean : -mean));
                    row.set(HALF, 2L * i, Float.floatToFloat16(element));
                    vectors[point][i] = Float.float16ToFloat(row.get(HALF, 2L * i));
                }
                table.set(point, row, 0);
            }
            int[] all = IntStream.range(0, POINTS).toArray();
            MemorySegment codes = arena.allocate(form.sectionBytes(DIMENSION, POINTS), 64);
            CodeWriter.write(table, all, form, codes, PointRanges.HERE);
            CodeScorer scorer = new CodeScorer(codes, form, POINTS, DIMENSION, metric);
            double wrong = 0;
            double expected = 0;
            float[] scores = new float[POINTS];
            for (int point = 0; point < POINTS; point++) {
                float[] query = vectors[point];
                scorer.load(query);
                scorer.score(all, POINTS, scores);
                double squares = FloatDot.dot(query, query);
                double own =
                        switch (metric) {
                            case L2 -> 0;
                            case IP -> squares;
                            case COSINE -> 1;
                        };
                wrong += Math.abs(scores[point] - own);
                expected += errorOfSteps(metric, query, mean, squares);
            }
            assertThat(wrong / POINTS)
                    .as("mean error, seed %s", SEED)
                    .isLessThan(expected / POINTS);
        }
    }

    /** One standard deviation of what rounding to 127 steps does to a product with the point. */
    private static double errorOfSteps(Metric metric, float[] query, float mean, double squares) {
        float[] centred = query.clone();
        for (int i = 0; i < centred.length; i++) {
            centred[i] -= i % 3 == 0 ? mean : -mean;
        }
        double rest = Math.sqrt(FloatDot.dot(centred, centred));
        float largest = FloatDot.largest(metric == Metric.L2 ? centred : query);
        double error = largest / 127 / Math.sqrt(12) * rest;
        return switch (metric) {
            case L2 -> 2 * error;
            case IP -> error;
            case COSINE -> error / squares;
        };
    }
}
