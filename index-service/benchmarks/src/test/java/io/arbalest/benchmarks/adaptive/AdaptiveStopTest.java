package io.arbalest.benchmarks.adaptive;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.benchmarks.data.ArrayRows;
import io.arbalest.benchmarks.data.ClusteredVectors;
import io.arbalest.benchmarks.data.ExactTruth;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a client gets who asks for the adaptive stop, of a shard as a node runs it: at k = 100 at
 * least a fifth of the distances are saved, for at most half a point of recall.
 */
class AdaptiveStopTest {
    private static final long SEED = 44;
    private static final int POINTS = 12_000;
    private static final int QUERIES = 150;
    private static final int DIMENSION = 64;
    private static final int K = 100;

    @TempDir Path directory = Path.of("");

    @Test
    void aFifthOfTheDistancesIsSavedForHalfAPointOfRecall() throws Exception {
        ClusteredVectors vectors =
                new ClusteredVectors(
                        new ClusteredVectors.Shape(
                                DIMENSION,
                                ClusteredVectors.Shape.latentOf(DIMENSION),
                                POINTS / 500,
                                false,
                                SEED));
        float[][] base = new float[POINTS][];
        for (int i = 0; i < POINTS; i++) {
            base[i] = row(vectors, i);
        }
        float[][] queries = new float[QUERIES][];
        for (int i = 0; i < QUERIES; i++) {
            queries[i] = row(vectors, -1 - i);
        }
        List<AdaptiveBench.Row> rows = new ArrayList<>();
        new AdaptiveBench(
                        new AdaptiveBench.Settings(
                                base,
                                queries,
                                ExactTruth.of(queries, new ArrayRows(base), Metric.L2, K, 2),
                                Metric.L2,
                                new HnswParams(16, 100, 100),
                                K,
                                new int[] {400},
                                1,
                                directory))
                .run(rows::add, line -> {});
        AdaptiveBench.Row row = rows.getFirst();
        System.out.println("seed " + SEED + ": " + row);
        assertThat(rows).hasSize(1);
        assertThat(row.codes()).as("the segment is sealed").isEqualTo("bytes");
        assertThat(row.recall()).isGreaterThan(0.98);
        assertThat(row.saved()).isGreaterThanOrEqualTo(0.2);
        assertThat(row.lost()).isLessThanOrEqualTo(0.005);
    }

    /** As binary16 holds it, so that the truth is that of the stored rows. */
    private static float[] row(ClusteredVectors vectors, int number) {
        float[] row = new float[DIMENSION];
        vectors.row(number, row);
        for (int i = 0; i < DIMENSION; i++) {
            row[i] = Float.float16ToFloat(Float.floatToFloat16(row[i]));
        }
        return row;
    }
}
