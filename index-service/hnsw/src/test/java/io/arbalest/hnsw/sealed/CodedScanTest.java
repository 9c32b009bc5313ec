package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.AcceptedPoints;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/** Searches among accepted points of a packed graph, with codes and without. */
class CodedScanTest {
    private static final int POINTS = 3000;
    private static final int K = 10;
    private static final int QUERIES = 30;

    @ParameterizedTest
    @CsvSource({"NONE, 40", "BYTES, 40", "BYTES, 140", "NIBBLES, 40", "NIBBLES, 400", "SIGNS, 40"})
    void aScanByCodesFindsWhatAnExactOneDoes(CodeKind codes, int dimension) {
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            SealedGraph graph = graph(table, codes, arena);
            SplittableRandom random = new SplittableRandom(SealedCases.SEED);
            SealedCases cases = new SealedCases(dimension, 20, SealedCases.SEED);
            SealedSearcher searcher = graph.newSearcher();
            int missed = 0; // of about K * QUERIES: four bits cannot always tell the tenth
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next();
                int part = 1 + random.nextInt(12);
                OrdinalSet accept = ordinal -> ordinal % part == 0;
                int from = random.nextInt(POINTS / 2);
                int to = from + random.nextInt(POINTS / 2);
                NeighborQueue exact = new NeighborQueue(K);
                long scanned =
                        searcher.scan(query, from, to, accept, Float.NEGATIVE_INFINITY, exact);
                NeighborQueue byCode = new NeighborQueue(K);
                long coded =
                        searcher.scanCodes(
                                query, from, to, accept, 100, Float.NEGATIVE_INFINITY, byCode);
                assertThat(coded).isGreaterThanOrEqualTo(scanned);
                int common =
                        SealedCases.common(exact.ordinalsBestFirst(), byCode.ordinalsBestFirst());
                assertThat(byCode.size()).isEqualTo(exact.size());
                if (common == exact.size()) {
                    assertThat(byCode.scoresBestFirst()).containsExactly(exact.scoresBestFirst());
                }
                missed += exact.size() - common;
                float bound = exact.size() > 3 ? exact.scoresBestFirst()[2] : 0;
                NeighborQueue bounded = new NeighborQueue(K);
                searcher.scanCodes(query, from, to, accept, 100, bound, bounded);
                for (float score : bounded.scoresBestFirst()) {
                    assertThat(score).isGreaterThanOrEqualTo(bound);
                }
                assertThat(bounded.size()).isEqualTo(Math.min(exact.size(), bound == 0 ? 0 : 3));
            }
            assertThat(missed)
                    .as("seed %s", SealedCases.SEED)
                    .isLessThanOrEqualTo(codes == CodeKind.NIBBLES ? 3 : 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"NONE, 40", "BYTES, 40", "BYTES, 140", "NIBBLES, 40", "NIBBLES, 400", "SIGNS, 40"})
    void aWalkAmongAcceptedPointsScoresWhatItReturnsExactly(CodeKind codes, int dimension) {
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            SealedGraph graph = graph(table, codes, arena);
            SealedCases cases = new SealedCases(dimension, 20, SealedCases.SEED);
            SealedSearcher searcher = graph.newSearcher();
            OrdinalSet accept = ordinal -> ordinal % 5 == 0;
            int hits = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next();
                for (double dense : new double[] {2, 0}) {
                    NeighborQueue found = new NeighborQueue(K);
                    boolean ended =
                            searcher.searchAccepted(
                                    query,
                                    SearchLimits.of(100),
                                    new AcceptedPoints(accept, POINTS, POINTS / 5, dense),
                                    Long.MAX_VALUE,
                                    found);
                    assertThat(ended).isTrue();
                    assertThat(searcher.walkedAll()).isEqualTo(dense == 0);
                    int[] ordinals = found.ordinalsBestFirst();
                    float[] scores = found.scoresBestFirst();
                    for (int place = 0; place < ordinals.length; place++) {
                        assertThat(accept.contains(ordinals[place])).isTrue();
                        assertThat((double) scores[place])
                                .isCloseTo(
                                        SealedCases.exactScore(graph, ordinals[place], query),
                                        Offset.offset(0.01));
                    }
                    hits += SealedCases.common(SealedCases.best(graph, query, K, accept), ordinals);
                }
            }
            assertThat(hits)
                    .as("of %s, seed %s", 2 * K * QUERIES, SealedCases.SEED)
                    .isGreaterThan((int) (2 * K * QUERIES * 0.9));
        }
    }

    /** Of few that walks go on from: codes cannot tell the last of them. */
    @ParameterizedTest
    @CsvSource({"BYTES, 140, 12", "NIBBLES, 140, 20"})
    void whatTheExactLookTakesIsKeptHoweverSmallTheEf(CodeKind codes, int dimension, int kept) {
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            SealedSearcher searcher = graph(table, codes, arena).newSearcher();
            SearchLimits least = SearchLimits.of(1);
            SealedCases cases = new SealedCases(dimension, 20, SealedCases.SEED);
            AcceptedPoints half =
                    new AcceptedPoints(point -> point % 2 == 0, POINTS, POINTS / 2, 0);
            AcceptedPoints few = new AcceptedPoints(point -> point < K + 1, POINTS, K + 1, 2);
            NeighborQueue results = new NeighborQueue(K);
            long most = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next();
                results.clear(K);
                searcher.search(query, least, OrdinalSet.ALL, results);
                assertThat(searcher.reranked()).isBetween(12L, (long) kept);
                most = Math.max(most, searcher.reranked());
                results.clear(K);
                assertThat(searcher.searchAccepted(query, least, half, 1 << 20, results)).isTrue();
                assertThat(searcher.reranked()).isBetween(12L, (long) kept);
                results.clear(K);
                searcher.scanCodes(
                        query, 0, POINTS, half.set(), 1, Float.NEGATIVE_INFINITY, results);
                assertThat(searcher.reranked()).isBetween(12L, (long) kept);
                results.clear(K);
                assertThat(searcher.searchAccepted(query, least, few, 1 << 20, results)).isTrue();
                assertThat(results.size()).isEqualTo(K);
            }
            assertThat(most).isEqualTo(kept);
        }
    }

    private static SealedGraph graph(VectorTable table, CodeKind codes, Arena arena) {
        new SealedCases(table.dimension(), 20, SealedCases.SEED).fill(table, POINTS);
        try (GrowingGraph graph = SealedCases.linked(table, 16, POINTS)) {
            PackedGraph packed =
                    SealedGraphPacker.pack(table, graph.source(), OrdinalSet.ALL, POINTS, codes);
            return SealedGraph.open(SealedCases.write(packed, arena));
        }
    }
}
