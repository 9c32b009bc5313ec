package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.memory.MemoryBudget;
import io.arbalest.memory.SlabArena;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;

/** Packed graphs that are merged again and again: nothing gets lost and recall does not rot. */
class SealedMergeTest {
    private static final int DIMENSION = 32;
    private static final int POINTS = 3000;
    private static final int MERGES = 51;
    private static final int QUERIES = 200;
    private static final int M = 16;
    private static final int EF_CONSTRUCTION = 80;
    private static final int EF = 15;

    private final SealedCases cases = new SealedCases(DIMENSION, 30, SealedCases.SEED);
    private final SplittableRandom random = new SplittableRandom(SealedCases.SEED);

    /** A packed graph and the number of each of its points. */
    private record Graph(SealedGraph graph, int[] numbers, Arena arena) implements AutoCloseable {
        @Override
        public void close() {
            arena.close();
        }
    }

    /** Which points of a graph die in a merge. */
    enum Deaths {
        RANDOM,
        NEAREST_TO_EACH_OTHER
    }

    @SuppressWarnings("MustBeClosedChecker") // the graph closes its arena
    private Graph packed(PackedGraph packed, int[] numbers) {
        Arena arena = Arena.ofShared();
        SealedGraph graph = SealedGraph.open(SealedCases.write(packed, arena));
        graph.verify();
        int[] order = packed.newToOld();
        Arrays.setAll(order, i -> numbers[order[i]]);
        return new Graph(graph, order, arena);
    }

    /** The vectors of all points by their numbers. */
    private VectorTable table(Metric metric) {
        VectorTable table = new VectorTable(DIMENSION, metric, POINTS);
        cases.fill(table, POINTS);
        return table;
    }

    private Graph fresh(VectorTable all, int[] numbers, long seed) {
        short[] vector = new short[DIMENSION];
        MemorySegment bytes = MemorySegment.ofArray(vector);
        try (VectorTable table = new VectorTable(DIMENSION, all.metric(), numbers.length);
                GrowingGraph graph =
                        new GrowingGraph(table, M, EF_CONSTRUCTION, seed, numbers.length)) {
            for (int i = 0; i < numbers.length; i++) {
                all.read(numbers[i], vector);
                table.set(i, bytes, 0);
                graph.link(i);
            }
            return packed(
                    SealedGraphPacker.pack(
                            table, graph.source(), OrdinalSet.ALL, numbers.length, CodeKind.NONE),
                    numbers);
        }
    }

    private static int[] upTo(int count) {
        int[] numbers = new int[count];
        Arrays.setAll(numbers, i -> i);
        return numbers;
    }

    @ParameterizedTest
    @EnumSource
    void recallAfterAllPointsWereReplacedIsThatOfAFreshGraph(Deaths deaths) {
        try (VectorTable all = table(Metric.L2);
                Graph fresh = fresh(all, upTo(POINTS), 1)) {
            Graph churned = fresh(all, upTo(POINTS), 2);
            BitSet replaced = new BitSet();
            BitSet dead = new BitSet();
            for (int merge = 0; merge < MERGES; merge++) {
                int[] back = dead.stream().toArray();
                dead = merge == MERGES - 1 ? new BitSet() : dying(churned, replaced, deaths);
                replaced.or(dead);
                Graph before = churned;
                churned = merged(all, before, dead, back, merge);
                before.close();
                assertThat(churned.graph().points()).isEqualTo(POINTS - dead.cardinality());
            }
            assertThat(replaced.cardinality()).isEqualTo(POINTS);
            double expected = recall(fresh);
            assertThat(recall(churned))
                    .as("fresh %s, seed %s", expected, SealedCases.SEED)
                    .isGreaterThanOrEqualTo(expected - 0.01);
            assertThat(expected).as("leaves room for a difference").isBetween(0.8, 0.995);
            churned.close();
        }
    }

    /** A part of those that were not replaced yet. */
    private BitSet dying(Graph graph, BitSet replaced, Deaths deaths) {
        BitSet dying = new BitSet();
        int count = (POINTS + MERGES - 2) / (MERGES - 1);
        if (deaths == Deaths.NEAREST_TO_EACH_OTHER) {
            NeighborQueue nearest = new NeighborQueue(count);
            OrdinalSet left = ordinal -> !replaced.get(graph.numbers()[ordinal]);
            graph.graph()
                    .newSearcher()
                    .scan(
                            cases.next(),
                            0,
                            graph.graph().points(),
                            left,
                            Float.NEGATIVE_INFINITY,
                            nearest);
            for (int ordinal : nearest.ordinalsBestFirst()) {
                dying.set(graph.numbers()[ordinal]);
            }
            return dying;
        }
        count = Math.min(count, POINTS - replaced.cardinality());
        while (dying.cardinality() < count) {
            int number = random.nextInt(POINTS);
            dying.set(number, dying.get(number) || !replaced.get(number));
        }
        return dying;
    }

    private Graph merged(VectorTable all, Graph graph, BitSet dead, int[] back, long seed) {
        SealedMerge.Part old =
                new SealedMerge.Part(graph.graph(), ordinal -> !dead.get(graph.numbers()[ordinal]));
        if (back.length == 0) {
            return merged(List.of(old), List.of(graph), seed);
        }
        try (Graph young = fresh(all, back, seed)) {
            SealedMerge.Part more = new SealedMerge.Part(young.graph(), OrdinalSet.ALL);
            return merged(List.of(more, old), List.of(young, graph), seed);
        }
    }

    private Graph merged(List<SealedMerge.Part> parts, List<Graph> graphs, long seed) {
        try (SealedMerge merge = merge(parts, seed, MemoryBudget.unlimited("test"))) {
            int[] numbers = new int[merge.points()];
            Arrays.setAll(numbers, i -> graphs.get(merge.part(i)).numbers()[merge.ordinal(i)]);
            return packed(merge.pack(), numbers);
        }
    }

    private static SealedMerge merge(List<SealedMerge.Part> parts, long seed, MemoryBudget budget) {
        return new SealedMerge(parts, M, EF_CONSTRUCTION, seed, budget, () -> false);
    }

    private static double recall(Graph graph) {
        SealedCases queries = new SealedCases(DIMENSION, 30, SealedCases.SEED);
        SealedSearcher searcher = graph.graph().newSearcher();
        NeighborQueue results = new NeighborQueue(10);
        int found = 0;
        for (int i = 0; i < POINTS; i++) {
            queries.next(); // those are the points
        }
        for (int i = 0; i < QUERIES; i++) {
            float[] query = queries.next();
            results.clear(10);
            searcher.search(query, SearchLimits.of(EF), OrdinalSet.ALL, results);
            int[] best = SealedCases.best(graph.graph(), query, 10, OrdinalSet.ALL);
            found += SealedCases.common(best, results.ordinalsBestFirst());
        }
        return found / (10.0 * QUERIES);
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void takesWhatLivesWithItsVectorsWhereverItWas(Metric metric) {
        try (VectorTable all = table(metric);
                Graph large = fresh(all, upTo(900), 1);
                Graph small = fresh(all, upTo(300), 2)) {
            OrdinalSet third = ordinal -> ordinal % 3 == 0;
            OrdinalSet most = ordinal -> ordinal % 10 != 0;
            List<SealedMerge.Part> parts =
                    List.of(
                            new SealedMerge.Part(small.graph(), third),
                            new SealedMerge.Part(large.graph(), most));
            try (Graph merged = merged(parts, List.of(small, large), 3)) {
                assertThat(merged.graph().points()).isEqualTo(100 + 810);
                short[] expected = new short[DIMENSION];
                short[] actual = new short[DIMENSION];
                for (int i = 0; i < merged.graph().points(); i++) {
                    all.read(merged.numbers()[i], expected);
                    merged.graph().read(i, actual);
                    assertThat(actual).isEqualTo(expected);
                }
            }
        }
    }

    /** Two thirds of it are dead, so its graph is not worth mending. */
    @Test
    void whatIsMostlyDeadIsLinkedAnew() {
        try (VectorTable all = table(Metric.IP);
                Graph graph = fresh(all, upTo(900), 1)) {
            SealedMerge.Part part =
                    new SealedMerge.Part(graph.graph(), ordinal -> ordinal % 3 == 0);
            try (Graph merged = merged(List.of(part), List.of(graph), 3)) {
                assertThat(merged.graph().points()).isEqualTo(300);
            }
            SealedMerge.Part none = new SealedMerge.Part(graph.graph(), ordinal -> false);
            try (Graph merged = merged(List.of(none), List.of(graph), 3)) {
                assertThat(merged.graph().points()).isZero();
            }
        }
    }

    @Test
    void takesTheMemoryOfItsLivePointsAndNoMore() {
        try (VectorTable all = table(Metric.L2);
                Graph graph = fresh(all, upTo(POINTS), 1)) {
            long perPoint = 2 * DIMENSION + 8 * M;
            long slabs = 3L * SlabArena.SLAB_BYTES; // vectors, level 0, upper levels: rounded up
            long limit = perPoint * (POINTS / 2) + slabs;
            MemoryBudget budget = new MemoryBudget("merge", limit);
            List<SealedMerge.Part> half =
                    List.of(new SealedMerge.Part(graph.graph(), ordinal -> ordinal % 2 == 0));
            try (SealedMerge merge = merge(half, 1, budget)) {
                assertThat(budget.reservedBytes()).isPositive().isLessThanOrEqualTo(limit);
                assertThat(merge.points()).isEqualTo(POINTS / 2);
            }
            assertThat(budget.reservedBytes()).isZero();
            MemoryBudget tight = new MemoryBudget("merge", perPoint);
            assertThatThrownBy(() -> merge(half, 1, tight)).isInstanceOf(ArbalestException.class);
            assertThat(tight.reservedBytes()).isZero();
        }
    }

    @Test
    void canBeStopped() {
        try (VectorTable all = table(Metric.L2);
                Graph graph = fresh(all, upTo(600), 1)) {
            AtomicInteger asked = new AtomicInteger();
            MemoryBudget budget = MemoryBudget.unlimited("test");
            List<SealedMerge.Part> parts =
                    List.of(new SealedMerge.Part(graph.graph(), OrdinalSet.ALL));
            assertThatThrownBy(() ->
                            new SealedMerge(
                                    parts,
                                    M,
                                    EF_CONSTRUCTION,
                                    1,
                                    budget,
                                    () -> asked.incrementAndGet() > 100))
                    .isInstanceOf(CancellationException.class);
            assertThat(asked).hasValue(101);
            assertThat(budget.reservedBytes()).isZero();
        }
    }
}
