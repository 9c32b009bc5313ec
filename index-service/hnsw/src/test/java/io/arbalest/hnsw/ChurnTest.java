package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.OrdinalSet;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/** Merges that grow the graph they find: nothing gets lost and recall does not rot. */
class ChurnTest {
    private static final int DIMENSION = 32;
    private static final int POINTS = 4000;
    private static final int MERGES = 50;
    private static final int FEW = 8; // die in a merge
    private static final int QUERIES = 1000;
    private static final int M = 12;
    private static final int EF_CONSTRUCTION = 80;
    private static final int EF = 10;

    private final Cases cases = new Cases(DIMENSION, 40, Cases.SEED);
    private final SplittableRandom random = new SplittableRandom(Cases.SEED);

    /** Which points of a graph die in a merge; in each case all are replaced in the end. */
    enum Deaths {
        OLDEST,
        RANDOM,
        NEAREST_TO_EACH_OTHER
    }

    /** A graph and its vectors. */
    private record Shard(VectorTable table, GrowingGraph graph) implements AutoCloseable {
        static Shard empty(Metric metric) {
            VectorTable table = new VectorTable(DIMENSION, metric, POINTS);
            return new Shard(table, new GrowingGraph(table, M, EF_CONSTRUCTION, 3, POINTS));
        }

        @Override
        public void close() {
            graph.close();
            table.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void recallAfterAllPointsWereReplacedIsThatOfAFreshGraph(Deaths deaths) {
        int merges = deaths == Deaths.OLDEST ? MERGES : 3 * MERGES; // 95 % at random
        assertThatRecallIsThatOfAFreshGraph(churned(deaths, POINTS / MERGES, merges));
    }

    /** Then hardly a point loses more than one neighbour at once, however many in the end. */
    @Test
    void recallDoesNotRotWhereFewPointsDieAtOnce() {
        assertThatRecallIsThatOfAFreshGraph(churned(Deaths.OLDEST, FEW, POINTS / FEW));
    }

    /** A shard of which some points died in each of several merges. */
    private Shard churned(Deaths deaths, int count, int merges) {
        Shard shard = Shard.empty(Metric.L2);
        cases.fill(shard.table(), POINTS, 0);
        linkFrom(shard, 0);
        for (int merge = 0; merge < merges; merge++) {
            Shard before = shard;
            shard = merged(before, dying(before, deaths, count));
            before.close();
            assertThat(reached(shard)).as("merge %s, seed %s", merge, Cases.SEED).isEqualTo(POINTS);
        }
        return shard;
    }

    private void assertThatRecallIsThatOfAFreshGraph(Shard shard) {
        try (Shard churned = shard;
                Shard fresh = Shard.empty(Metric.L2)) {
            for (int i = 0; i < POINTS; i++) {
                copy(churned.table(), i, fresh.table(), i);
            }
            linkFrom(fresh, 0);
            int expected = 0;
            int actual = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] query = cases.next(0);
                int[] best = Cases.best(fresh.table(), POINTS, query, 10, OrdinalSet.ALL);
                expected += Cases.common(best, search(fresh, query));
                actual += Cases.common(best, search(churned, query));
            }
            assertThat(actual)
                    .as("of %s, fresh %s, seed %s", 10 * QUERIES, expected, Cases.SEED)
                    .isGreaterThanOrEqualTo(expected - 3 * QUERIES / 100);
        }
    }

    @Test
    void nothingIsReachedButWhatLives() {
        try (Shard first = Shard.empty(Metric.COSINE);
                Shard second = Shard.empty(Metric.COSINE)) {
            cases.fill(first.table(), POINTS, 0);
            linkFrom(first, 0);
            int[] ordinals = new int[POINTS];
            Arrays.fill(ordinals, -1);
            int next = 0;
            for (int i = 0; i < POINTS; i++) {
                if (random.nextInt(10) == 0) { // nine of ten are dead
                    copy(first.table(), i, second.table(), next);
                    ordinals[i] = next++;
                }
            }
            assertThat(second.graph().load(first.graph().source(), ordinals)).isEqualTo(next);
            assertThat(second.graph().linkedCount()).isEqualTo(next);
            assertThat(reached(second)).isEqualTo(next);
            assertThatThrownBy(() -> second.graph().load(first.graph().source(), ordinals))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aGraphOfWhichNothingLivesIsEmpty() {
        try (Shard first = Shard.empty(Metric.IP);
                Shard second = Shard.empty(Metric.IP)) {
            cases.fill(first.table(), 100, 1);
            for (int i = 0; i < 100; i++) {
                first.graph().link(i);
            }
            int[] ordinals = new int[100];
            Arrays.fill(ordinals, -1);
            assertThat(second.graph().load(first.graph().source(), ordinals)).isZero();
            cases.fill(second.table(), 1, 1);
            second.graph().link(0);
            assertThat(search(second, cases.next(1))).containsExactly(0);
        }
    }

    private Shard merged(Shard before, BitSet dying) {
        Shard after = Shard.empty(before.table().metric());
        int[] ordinals = new int[POINTS];
        int next = 0;
        for (int i = 0; i < POINTS; i++) {
            ordinals[i] = dying.get(i) ? -1 : next;
            if (!dying.get(i)) {
                copy(before.table(), i, after.table(), next++);
            }
        }
        assertThat(after.graph().load(before.graph().source(), ordinals)).isEqualTo(next);
        for (int i = next; i < POINTS; i++) {
            after.table().set(i, Cases.segment(Cases.halves(cases.next(0))), 0);
        }
        linkFrom(after, next);
        return after;
    }

    private BitSet dying(Shard shard, Deaths deaths, int count) {
        BitSet dying = new BitSet();
        switch (deaths) {
            case OLDEST -> dying.set(0, count);
            case RANDOM -> {
                while (dying.cardinality() < count) {
                    dying.set(random.nextInt(POINTS));
                }
            }
            case NEAREST_TO_EACH_OTHER -> {
                NeighborQueue nearest = new NeighborQueue(count);
                PreparedQuery query = shard.table().prepare(cases.next(0));
                shard.graph()
                        .newSearcher()
                        .search(query, SearchLimits.of(count), OrdinalSet.ALL, nearest);
                for (int ordinal : nearest.ordinalsBestFirst()) {
                    dying.set(ordinal);
                }
            }
        }
        return dying;
    }

    private static void linkFrom(Shard shard, int first) {
        for (int i = first; i < POINTS; i++) {
            shard.graph().link(i);
        }
    }

    private static void copy(VectorTable from, int source, VectorTable to, int target) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(2L * DIMENSION, 2);
            from.copyStored(source, row, 0);
            to.setStored(
                    target,
                    row,
                    0,
                    from.exponent(source),
                    from.factor(source),
                    from.offset(source));
        }
    }

    private static int[] search(Shard shard, float[] query) {
        NeighborQueue results = new NeighborQueue(10);
        shard.graph()
                .newSearcher()
                .search(shard.table().prepare(query), SearchLimits.of(EF), OrdinalSet.ALL, results);
        return results.ordinalsBestFirst();
    }

    /** Points that a search of everything walks through. */
    private int reached(Shard shard) {
        NeighborQueue results = new NeighborQueue(POINTS);
        shard.graph()
                .newSearcher()
                .search(
                        shard.table().prepare(cases.next(0)),
                        SearchLimits.of(POINTS),
                        OrdinalSet.ALL,
                        results);
        return results.size();
    }
}
