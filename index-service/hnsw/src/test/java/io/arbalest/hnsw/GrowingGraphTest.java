package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.OrdinalSet;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

class GrowingGraphTest {
    private static final int DIMENSION = 48;
    private static final int POINTS = 5000;
    private static final float ANY = Float.NEGATIVE_INFINITY;

    private final Cases cases = new Cases(DIMENSION, 50, Cases.SEED);

    @Test
    void anEmptyGraphAnswersNothingAndOnePointItself() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, 10);
                GrowingGraph graph = new GrowingGraph(table, 2, 2, 1, 10)) {
            cases.fill(table, 10, 0);
            GraphSearcher searcher = graph.newSearcher();
            PreparedQuery query = table.prepare(cases.next(0));
            NeighborQueue results = new NeighborQueue(3);
            searcher.search(query, SearchLimits.of(10), OrdinalSet.ALL, results);
            assertThat(results.size()).isZero();
            assertThat(searcher.scored()).isZero();
            graph.link(4);
            searcher.search(query, SearchLimits.of(10), OrdinalSet.ALL, results);
            assertThat(results.ordinalsBestFirst()).containsExactly(4);
            assertThat(graph.linkedCount()).isOne();
        }
    }

    @Test
    void equalPointsAreAllFoundInOrdinalOrder() {
        int copies = 400;
        try (VectorTable table = new VectorTable(DIMENSION, Metric.COSINE, copies);
                GrowingGraph graph = new GrowingGraph(table, 8, 64, 1, copies)) {
            short[] same = Cases.halves(cases.next(0));
            for (int i = 0; i < copies; i++) {
                table.set(i, Cases.segment(same), 0);
                graph.link(i);
            }
            NeighborQueue results = new NeighborQueue(copies);
            graph.newSearcher()
                    .search(
                            table.prepare(cases.next(0)),
                            SearchLimits.of(copies),
                            OrdinalSet.ALL,
                            results);
            assertThat(results.ordinalsBestFirst()).isEqualTo(IntStream.range(0, copies).toArray());
        }
    }

    @Test
    void oneLinkingThreadAlwaysBuildsTheSameGraph() {
        List<int[]> answers = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            Cases same = new Cases(DIMENSION, 50, Cases.SEED);
            try (VectorTable table = new VectorTable(DIMENSION, Metric.IP, 2000);
                    GrowingGraph graph = new GrowingGraph(table, 6, 40, 99, 2000)) {
                same.fill(table, 2000, 1);
                for (int ordinal = 0; ordinal < 2000; ordinal++) {
                    graph.link(ordinal);
                }
                GraphSearcher searcher = graph.newSearcher();
                NeighborQueue results = new NeighborQueue(20);
                for (int i = 0; i < 50; i++) {
                    results.clear(20);
                    searcher.search(
                            table.prepare(same.next(1)),
                            SearchLimits.of(20),
                            OrdinalSet.ALL,
                            results);
                    answers.add(results.ordinalsBestFirst());
                    answers.add(new int[] {(int) searcher.scored()});
                }
            }
        }
        for (int i = 0; i < 100; i++) {
            assertThat(answers.get(i)).isEqualTo(answers.get(i + 100));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 10, 100})
    void aFilteredSearchReturnsOnlyMatchesAndManyOfThem(int oneIn) {
        OrdinalSet accept = ordinal -> ordinal % oneIn == 1;
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table)) {
            GraphSearcher searcher = graph.newSearcher();
            NeighborQueue results = new NeighborQueue(10);
            int hits = 0;
            for (int i = 0; i < 50; i++) {
                float[] query = cases.next(0);
                results.clear(10);
                searcher.search(table.prepare(query), SearchLimits.of(64), accept, results);
                int[] found = results.ordinalsBestFirst();
                assertThat(found).hasSize(10);
                assertThat(Arrays.stream(found)).allMatch(accept::contains);
                hits += Cases.common(found, Cases.best(table, POINTS, query, 10, accept));
            }
            assertThat(hits).as("of 500, seed %s", Cases.SEED).isGreaterThanOrEqualTo(475);
        }
    }

    @Test
    void returnsNothingBelowTheMinimumScore() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table)) {
            GraphSearcher searcher = graph.newSearcher();
            NeighborQueue results = new NeighborQueue(30);
            PreparedQuery query = table.prepare(cases.next(0));
            searcher.search(query, SearchLimits.of(64), OrdinalSet.ALL, results);
            float bound = results.scoresBestFirst()[14];
            int[] all = results.ordinalsBestFirst();
            results.clear(30);
            searcher.search(
                    query, SearchLimits.of(64).withMinScore(bound), OrdinalSet.ALL, results);
            assertThat(results.ordinalsBestFirst()).isEqualTo(Arrays.copyOf(all, 15));
            results.clear(30);
            ExactScan.scan(table, query, 0, POINTS, OrdinalSet.ALL, bound, results);
            assertThat(results.size()).isBetween(15, 16);
        }
    }

    @Test
    void anExactScanSeesOnlyItsRangeAndWhatIsAccepted() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.COSINE, POINTS)) {
            cases.fill(table, POINTS, 0);
            PreparedQuery query = table.prepare(cases.next(0));
            NeighborQueue results = new NeighborQueue(POINTS);
            OrdinalSet accept = ordinal -> ordinal % 3 == 0;
            assertThat(ExactScan.scan(table, query, 100, 401, accept, ANY, results)).isEqualTo(100);
            Set<Integer> found = new HashSet<>();
            Arrays.stream(results.ordinalsBestFirst()).forEach(found::add);
            assertThat(found).hasSize(100).allMatch(o -> o >= 100 && o < 401 && o % 3 == 0);
            assertThat(ExactScan.scan(table, query, 5, 5, accept, ANY, results)).isZero();
        }
    }

    @Test
    void searchesWhileTwoThreadsLinkAndMissNothingLinked() throws Exception {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = new GrowingGraph(table, 12, 80, 5, POINTS);
                ExecutorService pool = Executors.newFixedThreadPool(3)) {
            cases.fill(table, POINTS, 0);
            AtomicInteger next = new AtomicInteger();
            boolean[] done = new boolean[POINTS];
            Runnable linking =
                    () -> {
                        for (int i = next.getAndIncrement();
                                i < POINTS;
                                i = next.getAndIncrement()) {
                            graph.link(i);
                            synchronized (done) {
                                done[i] = true;
                            }
                        }
                    };
            Future<?> first = pool.submit(linking);
            Future<?> second = pool.submit(linking);
            int asked = 0;
            int missed = 0;
            GraphSearcher searcher = graph.newSearcher();
            NeighborQueue results = new NeighborQueue(1);
            short[] halves = new short[DIMENSION];
            float[] query = new float[DIMENSION];
            while (!first.isDone() || !second.isDone() || asked == 0) {
                int linked = graph.linkedCount();
                for (int point = 0; point < linked; point += 1 + linked / 50) {
                    synchronized (done) {
                        if (!done[point]) {
                            continue;
                        }
                    }
                    table.read(point, halves);
                    for (int i = 0; i < DIMENSION; i++) {
                        query[i] = Float.float16ToFloat(halves[i]);
                    }
                    results.clear(1);
                    searcher.search(
                            table.prepare(query), SearchLimits.of(40), OrdinalSet.ALL, results);
                    asked++;
                    missed += results.ordinalsBestFirst()[0] == point ? 0 : 1;
                }
            }
            first.get(60, TimeUnit.SECONDS);
            second.get(60, TimeUnit.SECONDS);
            assertThat(graph.linkedCount()).isEqualTo(POINTS);
            assertThat(missed).as("of %s asked", asked).isLessThanOrEqualTo(asked / 100);
            assertThat(reachable(graph, table)).isGreaterThanOrEqualTo(POINTS - 2);
            int hits = commonWithExact(searcher, table);
            assertThat(hits).as("of 500, seed %s", Cases.SEED).isGreaterThanOrEqualTo(475);
        }
    }

    private int commonWithExact(GraphSearcher searcher, VectorTable table) {
        int hits = 0;
        NeighborQueue ten = new NeighborQueue(10);
        for (int i = 0; i < 50; i++) {
            float[] other = cases.next(0);
            ten.clear(10);
            searcher.search(table.prepare(other), SearchLimits.of(64), OrdinalSet.ALL, ten);
            hits +=
                    Cases.common(
                            ten.ordinalsBestFirst(),
                            Cases.best(table, POINTS, other, 10, OrdinalSet.ALL));
        }
        return hits;
    }

    @ParameterizedTest
    @CsvSource({"L2,128,16", "IP,192,12", "COSINE,50,32"})
    void bytesOfAPointAreThoseOfTheFormula(Metric metric, int dimension, int m) {
        int points = 65_536;
        Cases few = new Cases(dimension, 5, Cases.SEED);
        try (VectorTable table = new VectorTable(dimension, metric, points);
                GrowingGraph graph = new GrowingGraph(table, m, m, 5, points)) {
            short[] row = Cases.halves(few.next(1));
            for (int i = 0; i < points; i++) {
                table.set(i, Cases.segment(row), 0);
                graph.allocate(i);
            }
            double formula = (2 * dimension + 63) / 64 * 64 + 9 + 8 * m + 4.0 * m / (m - 1) + 9;
            double actual = (double) (table.sizeBytes() + graph.sizeBytes()) / points;
            assertThat(actual).isBetween(0.9 * formula, 1.1 * formula);
        }
    }

    @Test
    void refusesParametersOutOfRange() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, 10)) {
            assertThatThrownBy(() -> new GrowingGraph(table, 1, 10, 0, 10))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new GrowingGraph(table, 16, 10, 0, 10))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new GrowingGraph(table, 16, 100, 0, 11))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> table.prepare(new float[DIMENSION + 1]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private GrowingGraph linked(VectorTable table) {
        cases.fill(table, POINTS, 0);
        GrowingGraph graph = new GrowingGraph(table, 12, 80, 5, POINTS);
        for (int ordinal = 0; ordinal < POINTS; ordinal++) {
            graph.link(ordinal);
        }
        return graph;
    }

    /** How many points a search that keeps everything walks through. */
    private int reachable(GrowingGraph graph, VectorTable table) {
        NeighborQueue results = new NeighborQueue(POINTS);
        graph.newSearcher()
                .search(
                        table.prepare(cases.next(0)),
                        SearchLimits.of(POINTS),
                        OrdinalSet.ALL,
                        results);
        return results.size();
    }
}
