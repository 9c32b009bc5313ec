package io.arbalest.engine;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.ExactScan;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.hnsw.sealed.CodeKind;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedGraph;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.hnsw.sealed.SealedSearcher;
import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.model.Metric;
import io.arbalest.simd.BitWords;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;

/**
 * Searches small made-up graphs, and compares made-up numbers as filters do, while shards open,
 * once a process: until the compiler has seen them, distance kernels run a hundred times slower and
 * comparisons thirty times, which the first searches after a start would pay for. The number of
 * searches and comparisons is fixed, so it ends by itself.
 *
 * <p>Thread-safe.
 */
final class KernelWarmUp {
    /** What is searched: each has kernels of its own. */
    private static final List<Case> CASES =
            List.of(
                    new Case(128, List.of(CodeKind.BYTES)),
                    new Case(64, List.of(CodeKind.BYTES, CodeKind.NIBBLES))); // terms lie apart

    private static final int POINTS = 400;
    private static final int SEARCHES = 400;
    private static final int EF = 64;
    private static final int K = 10;
    private static final int COMPARISONS = 2000;
    private static final int NUMBERS = 512;
    private static final int WORDS = 64;
    private static final AtomicBoolean DONE = new AtomicBoolean();

    private KernelWarmUp() {}

    private record Case(int dimension, List<CodeKind> codes) {}

    /** Does it, unless it was done before; on the calling thread. */
    static void once(RandomGenerator random) {
        if (DONE.compareAndSet(false, true)) {
            for (Case one : CASES) {
                search(one, random);
            }
            compare();
        }
    }

    private static void compare() {
        long[] numbers = new long[NUMBERS];
        long[] some = new long[WORDS];
        long[] others = new long[WORDS];
        for (int i = 0; i < COMPARISONS; i++) {
            BitWords.inRange(numbers, NUMBERS, i, i + 1L, some);
            BitWords.or(some, others, WORDS);
            BitWords.and(others, some, WORDS);
            BitWords.andNot(some, others, WORDS);
        }
    }

    private static void search(Case one, RandomGenerator random) {
        int dimension = one.dimension();
        try (Arena arena = Arena.ofConfined();
                VectorTable vectors = new VectorTable(dimension, Metric.L2, POINTS);
                GrowingGraph graph = new GrowingGraph(vectors, 16, EF, 1, POINTS)) {
            short[] halves = new short[dimension];
            for (int i = 0; i < POINTS; i++) {
                for (int d = 0; d < dimension; d++) {
                    halves[d] = Float.floatToFloat16(random.nextFloat() - 0.5f);
                }
                vectors.set(i, MemorySegment.ofArray(halves), 0);
                graph.link(i);
            }
            List<SealedSearcher> sealed = new ArrayList<>();
            for (CodeKind codes : one.codes()) {
                PackedGraph packed =
                        SealedGraphPacker.pack(
                                vectors, graph.source(), OrdinalSet.ALL, POINTS, codes);
                sealed.add(open(packed, arena).newSearcher());
            }
            float[] query = new float[dimension];
            for (int i = 0; i < SEARCHES; i++) {
                for (int d = 0; d < dimension; d++) {
                    query[d] = random.nextFloat() - 0.5f;
                }
                for (SealedSearcher searcher : sealed) {
                    NeighborQueue results = new NeighborQueue(K);
                    searcher.search(query, SearchLimits.of(EF), OrdinalSet.ALL, results);
                }
                ExactScan.scan(
                        vectors,
                        vectors.prepare(query),
                        0,
                        POINTS,
                        OrdinalSet.ALL,
                        Float.NEGATIVE_INFINITY,
                        new NeighborQueue(K));
            }
        }
    }

    private static SealedGraph open(PackedGraph packed, Arena arena) {
        Map<SealedSection, MemorySegment> sections = new EnumMap<>(SealedSection.class);
        for (SealedSection section : SealedSection.values()) {
            if (section != SealedSection.HEAD && packed.sizeBytes(section) > 0) {
                MemorySegment bytes = arena.allocate(packed.sizeBytes(section), 64);
                packed.write(section, bytes);
                sections.put(section, bytes);
            }
        }
        MemorySegment head = arena.allocate(packed.sizeBytes(SealedSection.HEAD), 64);
        packed.write(SealedSection.HEAD, head);
        sections.put(SealedSection.HEAD, head);
        return SealedGraph.open(sections);
    }
}
