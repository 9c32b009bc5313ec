package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

class FilteredWalkTest {
    private static final int POINTS = 8000;
    private static final int QUERIES = 60;
    private static final int DIMENSION = 48;

    @ParameterizedTest
    @CsvSource({"0.9", "0.5", "0.2", "0.05"})
    void findsTheNearestOfThoseAccepted(double share) {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        SplittableRandom random = new SplittableRandom(Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table, cases)) {
            GraphSearcher searcher = graph.newSearcher();
            NeighborQueue found = new NeighborQueue(10);
            int hits = 0;
            long scored = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next(0);
                BitSet bits = some(random, share);
                OrdinalSet accept = bits::get;
                found.clear(10);
                boolean ended =
                        searcher.searchAccepted(
                                table.prepare(query),
                                SearchLimits.of(64),
                                new AcceptedPoints(accept, POINTS, bits.cardinality(), 2),
                                Long.MAX_VALUE,
                                found);
                assertThat(ended).isTrue();
                int[] ordinals = found.ordinalsBestFirst();
                assertThat(ordinals).hasSize(10);
                assertThat(IntStream.of(ordinals).allMatch(bits::get)).isTrue();
                hits += Cases.common(Cases.best(table, POINTS, query, 10, accept), ordinals);
                scored += searcher.scored();
                assertThat(searcher.visited()).isGreaterThanOrEqualTo(searcher.scored());
            }
            assertThat(hits)
                    .as("of %s, seed %s", 10 * QUERIES, Cases.SEED)
                    .isGreaterThanOrEqualTo(9 * QUERIES);
            assertThat(scored).isLessThan((long) QUERIES * POINTS / 2);
        }
    }

    @ParameterizedTest
    @CsvSource({"100", "400"})
    void givesUpAtItsLimit(long limit) {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table, cases)) {
            GraphSearcher searcher = graph.newSearcher();
            NeighborQueue found = new NeighborQueue(10);
            boolean ended =
                    searcher.searchAccepted(
                            table.prepare(cases.next(0)),
                            SearchLimits.of(200),
                            new AcceptedPoints(ordinal -> ordinal % 2 == 0, POINTS, POINTS / 2, 2),
                            limit,
                            found);
            assertThat(ended).isFalse();
            assertThat(searcher.scored()).isLessThan(limit + 300);
        }
    }

    /**
     * The nearest half is not accepted: an ordinary walk would go through all of it. The hardest
     * case: the nearest accepted points lie on a rim all around the query.
     */
    @Test
    void findsTheNearestOfThoseFarFromTheQuery() {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table, cases)) {
            GraphSearcher searcher = graph.newSearcher();
            int hits = 0;
            long scored = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next(0);
                BitSet bits = farthest(table, query, POINTS / 2);
                NeighborQueue found = new NeighborQueue(10);
                boolean ended =
                        searcher.searchAccepted(
                                table.prepare(query),
                                SearchLimits.of(100),
                                new AcceptedPoints(bits::get, POINTS, POINTS / 2, 0.4),
                                Long.MAX_VALUE,
                                found);
                assertThat(ended).isTrue();
                assertThat(searcher.walkedAll()).isFalse();
                scored += searcher.scored();
                hits +=
                        Cases.common(
                                Cases.best(table, POINTS, query, 10, bits::get),
                                found.ordinalsBestFirst());
            }
            assertThat(hits)
                    .as("of %s, seed %s", 10 * QUERIES, Cases.SEED)
                    .isGreaterThanOrEqualTo(7 * QUERIES);
            assertThat(scored).isLessThan((long) QUERIES * POINTS / 3);
        }
    }

    @Test
    void walksAllPointsWhereMostAroundTheQueryAreAccepted() {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table, cases)) {
            GraphSearcher searcher = graph.newSearcher();
            float[] query = cases.next(0);
            BitSet far = farthest(table, query, POINTS / 2);
            OrdinalSet near = ordinal -> !far.get(ordinal);
            NeighborQueue found = new NeighborQueue(10);
            searcher.searchAccepted(
                    table.prepare(query),
                    SearchLimits.of(100),
                    new AcceptedPoints(near, POINTS, POINTS / 2, 0.9),
                    Long.MAX_VALUE,
                    found);
            assertThat(searcher.walkedAll()).isTrue();
            assertThat(
                            Cases.common(
                                    Cases.best(table, POINTS, query, 10, near),
                                    found.ordinalsBestFirst()))
                    .isGreaterThanOrEqualTo(9);
        }
    }

    @Test
    void givesUpWhereFewerCanBeReachedThanItShouldKeep() {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = new GrowingGraph(table, 16, 100, 7, POINTS)) {
            cases.fill(table, POINTS, 0);
            for (int ordinal = 0; ordinal < POINTS / 2; ordinal++) {
                graph.link(ordinal);
            }
            OrdinalSet few = ordinal -> ordinal < 70;
            boolean ended =
                    graph.newSearcher()
                            .searchAccepted(
                                    table.prepare(cases.next(0)),
                                    SearchLimits.of(100),
                                    new AcceptedPoints(few, POINTS / 2, POINTS / 2, 2),
                                    Long.MAX_VALUE,
                                    new NeighborQueue(10));
            assertThat(ended).isFalse();
        }
    }

    /** What was found among all points is not lost when the walk turns to accepted ones. */
    @Test
    void turnsToAcceptedPointsWhereFewAreLeft() {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table, cases)) {
            GraphSearcher searcher = graph.newSearcher();
            int hits = 0;
            int turned = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next(0);
                int[] nearest = Cases.best(table, POINTS, query, 30, OrdinalSet.ALL);
                BitSet bits = farthest(table, query, POINTS / 2);
                IntStream.of(nearest).forEach(bits::set);
                NeighborQueue found = new NeighborQueue(10);
                searcher.searchAccepted(
                        table.prepare(query),
                        SearchLimits.of(100),
                        new AcceptedPoints(bits::get, POINTS, bits.cardinality(), 0.4),
                        Long.MAX_VALUE,
                        found);
                turned += searcher.walkedAll() ? 0 : 1;
                hits += Cases.common(Arrays.copyOf(nearest, 10), found.ordinalsBestFirst());
            }
            assertThat(turned).as("seed %s", Cases.SEED).isEqualTo(QUERIES);
            assertThat(hits)
                    .as("of %s, seed %s", 10 * QUERIES, Cases.SEED)
                    .isGreaterThanOrEqualTo(95 * QUERIES / 10);
        }
    }

    @Test
    void endsOnceTheBestHaveSettled() {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table, cases)) {
            GraphSearcher searcher = graph.newSearcher();
            PreparedQuery query = table.prepare(cases.next(0));
            for (double dense : new double[] {2, 0}) {
                AcceptedPoints half =
                        new AcceptedPoints(ordinal -> ordinal % 2 == 0, POINTS, POINTS / 2, dense);
                long[] scored = new long[2];
                for (int stop = 0; stop < 2; stop++) {
                    NeighborQueue found = new NeighborQueue(10);
                    SearchLimits limits = SearchLimits.of(1000).withAdaptiveStop(stop == 1);
                    assertThat(searcher.searchAccepted(query, limits, half, Long.MAX_VALUE, found))
                            .isTrue();
                    assertThat(found.size()).isEqualTo(10);
                    scored[stop] = searcher.scored();
                }
                assertThat(scored[1]).isLessThan(scored[0] / 2);
            }
        }
    }

    private static BitSet some(SplittableRandom random, double share) {
        BitSet bits = new BitSet();
        for (int ordinal = 0; ordinal < POINTS; ordinal++) {
            bits.set(ordinal, random.nextDouble() < share);
        }
        return bits;
    }

    private static BitSet farthest(VectorTable table, float[] query, int count) {
        BitSet bits = new BitSet();
        int[] nearest = Cases.best(table, POINTS, query, POINTS, OrdinalSet.ALL);
        for (int place = POINTS - count; place < POINTS; place++) {
            bits.set(nearest[place]);
        }
        return bits;
    }

    /** With what it has, and without a fall-back that would take longer still. */
    @Test
    void endsWhenItsTimeIsOver() {
        Cases cases = new Cases(DIMENSION, 60, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph graph = linked(table, cases)) {
            GraphSearcher searcher = graph.newSearcher();
            SearchLimits late = SearchLimits.of(1000).withExpired(() -> true);
            NeighborQueue found = new NeighborQueue(10);
            AcceptedPoints half =
                    new AcceptedPoints(ordinal -> ordinal % 2 == 0, POINTS, POINTS / 2, 2);
            PreparedQuery query = table.prepare(cases.next(0));
            assertThat(searcher.searchAccepted(query, late, half, Long.MAX_VALUE, found)).isTrue();
            assertThat(searcher.expired()).isTrue();
            long cut = searcher.scored();
            assertThat(found.size()).isEqualTo(10);
            SearchLimits all = SearchLimits.of(1000);
            found.clear(10);
            assertThat(searcher.searchAccepted(query, all, half, Long.MAX_VALUE, found)).isTrue();
            assertThat(searcher.expired()).isFalse();
            assertThat(searcher.scored()).isGreaterThan(3 * cut);

            found.clear(10);
            searcher.search(query, late, OrdinalSet.ALL, found);
            assertThat(searcher.expired()).isTrue();
            assertThat(found.size()).isEqualTo(10);
            cut = searcher.scored();
            found.clear(10);
            searcher.search(query, all, OrdinalSet.ALL, found);
            assertThat(searcher.expired()).isFalse();
            assertThat(searcher.scored()).isGreaterThan(3 * cut);
        }
    }

    private static GrowingGraph linked(VectorTable table, Cases cases) {
        cases.fill(table, POINTS, 0);
        GrowingGraph graph = new GrowingGraph(table, 16, 100, 7, POINTS);
        for (int ordinal = 0; ordinal < POINTS; ordinal++) {
            graph.link(ordinal);
        }
        return graph;
    }
}
