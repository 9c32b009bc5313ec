package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.CandidateCodes;
import io.arbalest.hnsw.ExactScan;
import io.arbalest.hnsw.GraphSearcher;
import io.arbalest.hnsw.GraphSource;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.memory.MemoryBudget;
import io.arbalest.memory.SlabArena;
import io.arbalest.model.Metric;
import io.arbalest.simd.NibbleCodes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Points linked by codes of four bits, once 2,048 are there. */
class GrowingCodesTest {
    private static final int DIMENSION = 400;
    private static final int POINTS = 6000;
    private static final int M = 8;
    private static final int EF_CONSTRUCTION = 64;
    private static final int QUERIES = 500;
    private static final int ROW = NibbleCodes.rowBytes(DIMENSION);

    private final SealedCases cases = new SealedCases(DIMENSION, 40, SealedCases.SEED, 0.5f);

    private static GrowingGraph graph(VectorTable table, CandidateCodes.Source codes) {
        return new GrowingGraph(table, M, EF_CONSTRUCTION, 7, table.capacity(), codes);
    }

    private static void link(GrowingGraph graph, int from, int to) {
        for (int ordinal = from; ordinal < to; ordinal++) {
            graph.link(ordinal);
        }
    }

    private static double recall(VectorTable table, GrowingGraph graph, float[][] queries) {
        GraphSearcher searcher = graph.newSearcher();
        int hits = 0;
        for (float[] query : queries) {
            NeighborQueue results = new NeighborQueue(10);
            searcher.search(table.prepare(query), SearchLimits.of(20), OrdinalSet.ALL, results);
            NeighborQueue all = new NeighborQueue(10);
            ExactScan.scan(
                    table,
                    table.prepare(query),
                    0,
                    POINTS,
                    OrdinalSet.ALL,
                    Float.NEGATIVE_INFINITY,
                    all);
            hits += SealedCases.common(results.ordinalsBestFirst(), all.ordinalsBestFirst());
        }
        return hits / (10.0 * queries.length);
    }

    private float[][] queries() {
        float[][] queries = new float[QUERIES][];
        Arrays.setAll(queries, i -> cases.next());
        return queries;
    }

    private static List<int[]> lists(GrowingGraph graph) {
        List<int[]> lists = new ArrayList<>();
        GraphSource source = graph.source();
        int[] list = new int[source.limit(0)];
        for (int ordinal = 0; ordinal < graph.linkedCount(); ordinal++) {
            lists.add(Arrays.copyOf(list, source.neighbors(ordinal, 0, list)));
        }
        return lists;
    }

    @ParameterizedTest
    @EnumSource
    void recallIsThatOfAGraphLinkedByVectors(Metric metric) {
        try (VectorTable table = new VectorTable(DIMENSION, metric, POINTS);
                GrowingGraph byVectors = graph(table, CandidateCodes.NONE);
                GrowingGraph byCodes = graph(table, GrowingCodes.SOURCE)) {
            cases.fill(table, POINTS);
            link(byVectors, 0, POINTS);
            link(byCodes, 0, POINTS);
            long codeBytes = byCodes.sizeBytes() - byVectors.sizeBytes();
            assertThat(codeBytes)
                    .isBetween((long) ROW * POINTS, (long) ROW * POINTS + SlabArena.SLAB_BYTES);
            float[][] queries = queries();
            double expected = recall(table, byVectors, queries);
            assertThat(expected).as("leaves room for a difference").isBetween(0.7, 0.995);
            assertThat(recall(table, byCodes, queries))
                    .as("by vectors %s, seed %s", expected, SealedCases.SEED)
                    .isGreaterThanOrEqualTo(expected - 0.02);
        }
    }

    @Test
    void oneLinkingThreadAlwaysBuildsTheSameGraph() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph first = graph(table, GrowingCodes.SOURCE);
                GrowingGraph second = graph(table, GrowingCodes.SOURCE)) {
            cases.fill(table, POINTS);
            link(first, 0, POINTS);
            link(second, 0, POINTS);
            List<int[]> lists = lists(first);
            List<int[]> others = lists(second);
            for (int ordinal = 0; ordinal < POINTS; ordinal++) {
                assertThat(lists.get(ordinal)).isEqualTo(others.get(ordinal));
            }
        }
    }

    @Test
    void shortVectorsAreLinkedByThemselves() {
        SealedCases shorter = new SealedCases(383, 40, SealedCases.SEED);
        try (VectorTable table = new VectorTable(383, Metric.L2, 2100);
                GrowingGraph byVectors = graph(table, CandidateCodes.NONE);
                GrowingGraph graph = graph(table, GrowingCodes.SOURCE)) {
            shorter.fill(table, 2100);
            link(byVectors, 0, 2100);
            link(graph, 0, 2100);
            assertThat(graph.sizeBytes()).isEqualTo(byVectors.sizeBytes());
        }
    }

    /** One element is so large that the steps of the others are lost, in all or in later points. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3000})
    void whatCodesCannotTellApartIsLinkedByVectors(int from) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph byVectors = graph(table, CandidateCodes.NONE);
                GrowingGraph byCodes = graph(table, GrowingCodes.SOURCE)) {
            fillWithLarge(table, from);
            link(byVectors, 0, POINTS);
            link(byCodes, 0, Math.max(from, 2100));
            assertThat(byCodes.sizeBytes()).isGreaterThan(byVectors.sizeBytes());
            link(byCodes, Math.max(from, 2100), POINTS);
            assertThat(byCodes.sizeBytes()).isEqualTo(byVectors.sizeBytes());
            float[][] queries = queries();
            for (int i = 0; i < queries.length; i++) {
                queries[i][3] = i % 2 == 0 ? 1000 : -1000;
            }
            double expected = recall(table, byVectors, queries);
            assertThat(recall(table, byCodes, queries))
                    .as("by vectors %s, seed %s", expected, SealedCases.SEED)
                    .isGreaterThanOrEqualTo(expected - 0.02);
        }
    }

    private void fillWithLarge(VectorTable table, int from) {
        MemorySegment row = MemorySegment.ofArray(new byte[2 * DIMENSION]);
        ValueLayout.OfShort half =
                ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        for (int ordinal = 0; ordinal < table.capacity(); ordinal++) {
            float[] point = cases.next();
            if (ordinal >= from) {
                point[3] = ordinal % 2 == 0 ? 1000 : -1000;
            }
            for (int i = 0; i < DIMENSION; i++) {
                row.set(half, 2L * i, Float.floatToFloat16(point[i]));
            }
            table.set(ordinal, row, 0);
        }
    }

    @Test
    void aGraphTakenOverHasCodesIfThereIsEnoughToLink() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph source = graph(table, CandidateCodes.NONE);
                GrowingGraph grown = graph(table, GrowingCodes.SOURCE);
                GrowingGraph full =
                        new GrowingGraph(table, M, EF_CONSTRUCTION, 7, 3001, GrowingCodes.SOURCE);
                GrowingGraph byVectors = graph(table, CandidateCodes.NONE)) {
            cases.fill(table, POINTS);
            link(source, 0, 3000);
            int[] same = new int[3000];
            Arrays.setAll(same, i -> i);
            grown.load(source.source(), same);
            full.load(source.source(), same);
            byVectors.load(source.source(), same);
            link(full, 3000, 3001);
            link(grown, 3000, POINTS);
            link(byVectors, 3000, POINTS);
            assertThat(full.sizeBytes()).isLessThan(byVectors.sizeBytes());
            assertThat(grown.sizeBytes())
                    .isGreaterThanOrEqualTo(byVectors.sizeBytes() + (long) ROW * POINTS);
            float[][] queries = queries();
            double expected = recall(table, byVectors, queries);
            assertThat(recall(table, grown, queries))
                    .as("by vectors %s, seed %s", expected, SealedCases.SEED)
                    .isGreaterThanOrEqualTo(expected - 0.02);
        }
    }

    @Test
    void withoutRoomForCodesPointsAreLinkedByVectors() {
        MemoryBudget budget = new MemoryBudget("test", 64 * SlabArena.SLAB_BYTES);
        SealedCases longer = new SealedCases(768, 40, SealedCases.SEED);
        assertThat(NibbleCodes.rowBytes(768) * POINTS).as("two slabs").isGreaterThan(2 << 20);
        try (VectorTable table = new VectorTable(768, Metric.L2, POINTS, budget);
                GrowingGraph first = graph(table, GrowingCodes.SOURCE);
                GrowingGraph later = graph(table, GrowingCodes.SOURCE)) {
            longer.fill(table, POINTS);
            link(first, 0, 2000);
            link(later, 0, 2100);
            long before = first.sizeBytes();
            assertThat(later.sizeBytes()).isGreaterThan(before);
            long taken = budget.limitBytes() - budget.reservedBytes();
            budget.reserve(taken); // before the first code of one, before the second slab of other
            link(first, 2000, POINTS);
            link(later, 2100, POINTS);
            assertThat(first.sizeBytes()).isEqualTo(before);
            assertThat(later.sizeBytes()).isEqualTo(before);
            budget.release(taken);
        }
        assertThat(budget.reservedBytes()).isZero();
    }
}
