package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.model.Metric;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecallTest {
    private static final int POINTS = 6000;
    private static final int QUERIES = 100;

    @ParameterizedTest
    @CsvSource({"L2,31,0", "L2,128,0", "IP,33,1", "IP,192,1", "COSINE,97,0", "COSINE,7,0"})
    void findsTheNearest(Metric metric, int dimension, double norm) {
        Cases cases = new Cases(dimension, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(dimension, metric, POINTS);
                GrowingGraph graph = new GrowingGraph(table, 16, 100, 7, POINTS)) {
            cases.fill(table, POINTS, norm);
            for (int ordinal = 0; ordinal < POINTS; ordinal++) {
                graph.link(ordinal);
            }
            GraphSearcher searcher = graph.newSearcher();
            NeighborQueue walked = new NeighborQueue(10);
            NeighborQueue scanned = new NeighborQueue(10);
            int hits = 0;
            int exactHits = 0;
            long scored = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next(norm);
                PreparedQuery prepared = table.prepare(query);
                int[] truth = Cases.best(table, POINTS, query, 10, OrdinalSet.ALL);
                walked.clear(10);
                searcher.search(prepared, SearchLimits.of(64), OrdinalSet.ALL, walked);
                scored += searcher.scored();
                hits += Cases.common(truth, walked.ordinalsBestFirst());
                scanned.clear(10);
                ExactScan.scan(
                        table,
                        prepared,
                        0,
                        POINTS,
                        OrdinalSet.ALL,
                        Float.NEGATIVE_INFINITY,
                        scanned);
                exactHits += Cases.common(truth, scanned.ordinalsBestFirst());
            }
            assertThat(graph.linkedCount()).isEqualTo(POINTS);
            assertThat(hits)
                    .as("of %s, seed %s", 10 * QUERIES, Cases.SEED)
                    .isGreaterThanOrEqualTo(950);
            assertThat(exactHits)
                    .as("of %s, seed %s", 10 * QUERIES, Cases.SEED)
                    .isGreaterThanOrEqualTo(995);
            assertThat(scored).isLessThan((long) QUERIES * POINTS / 2);
        }
    }
}
