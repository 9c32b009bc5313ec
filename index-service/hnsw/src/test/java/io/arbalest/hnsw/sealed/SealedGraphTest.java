package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

class SealedGraphTest {
    private static final int DIMENSION = 40;
    private static final int POINTS = 4000;

    private final SealedCases cases = new SealedCases(DIMENSION, 30, SealedCases.SEED);

    @ParameterizedTest
    @CsvSource({
        "L2, NONE",
        "L2, BYTES",
        "L2, SIGNS",
        "IP, NONE",
        "IP, BYTES",
        "IP, SIGNS",
        "COSINE, NONE",
        "COSINE, BYTES",
        "COSINE, SIGNS",
        "L2, NIBBLES",
        "IP, NIBBLES",
        "COSINE, NIBBLES"
    })
    void findsWhatTheExactScanFinds(Metric metric, CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, metric, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            SealedGraph graph = packed(table, OrdinalSet.ALL, codes, arena);
            graph.verify();
            assertThat(graph.points()).isEqualTo(POINTS);
            assertThat(graph.codes()).isEqualTo(codes);
            assertThat(recall(graph, OrdinalSet.ALL)).isGreaterThanOrEqualTo(0.93);
            double beyond =
                    (double) graph.sizeBytes() / POINTS - SealedGraphFormat.vectorBytes(DIMENSION);
            double limit = codes == CodeKind.SIGNS ? 450 + 4.2 * DIMENSION : 200 + 1.1 * DIMENSION;
            assertThat(beyond).isLessThanOrEqualTo(limit);
        }
    }

    @ParameterizedTest
    @EnumSource
    void scoresThatAreReturnedAreThoseOfTheVectors(CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            SealedGraph graph = packed(table, OrdinalSet.ALL, codes, arena);
            SealedSearcher searcher = graph.newSearcher();
            NeighborQueue results = new NeighborQueue(10);
            for (int i = 0; i < 20; i++) {
                float[] query = cases.next();
                results.clear(10);
                searcher.search(query, SearchLimits.of(40), OrdinalSet.ALL, results);
                int[] ordinals = results.ordinalsBestFirst();
                float[] scores = results.scoresBestFirst();
                for (int j = 0; j < 10; j++) {
                    double exact = SealedCases.exactScore(graph, ordinals[j], query);
                    assertThat((double) scores[j]).isBetween(exact - 1e-3, exact + 1e-3);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"NONE, 40", "BYTES, 40", "BYTES, 140", "NIBBLES, 40", "NIBBLES, 400", "SIGNS, 40"})
    void aSearchAllocatesNothingOnceItIsWarm(CodeKind codes, int dimension) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        SealedCases some = new SealedCases(dimension, 20, SealedCases.SEED);
        try (VectorTable table = new VectorTable(dimension, Metric.IP, POINTS);
                Arena arena = Arena.ofConfined()) {
            some.fill(table, POINTS);
            SealedSearcher searcher = packed(table, OrdinalSet.ALL, codes, arena).newSearcher();
            NeighborQueue results = new NeighborQueue(10);
            SearchLimits limits = SearchLimits.of(60).withAdaptiveStop(true);
            OrdinalSet accept = ordinal -> ordinal % 3 != 0;
            float[][] queries = new float[100][];
            Arrays.setAll(queries, i -> some.next());
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 10_000 && least > 0; round++) { // until all is compiled
                long before = threads.getCurrentThreadAllocatedBytes();
                for (float[] query : queries) {
                    results.clear(10);
                    searcher.search(query, limits, accept, results);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("%s: bytes of 100 searches", codes).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anExpiredDeadlineEndsTheWalk(CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            SealedSearcher searcher = packed(table, OrdinalSet.ALL, codes, arena).newSearcher();
            NeighborQueue results = new NeighborQueue(10);
            SearchLimits limits = new SearchLimits(500, Float.NEGATIVE_INFINITY, false, () -> true);
            searcher.search(cases.next(), limits, OrdinalSet.ALL, results);
            assertThat(searcher.expired()).isTrue();
            assertThat(results.size()).isEqualTo(10);
            searcher.search(cases.next(), SearchLimits.of(20), OrdinalSet.ALL, results);
            assertThat(searcher.expired()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingBelowTheThresholdIsReturned(CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.IP, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            SealedSearcher searcher = packed(table, OrdinalSet.ALL, codes, arena).newSearcher();
            float[] query = cases.next();
            NeighborQueue all = new NeighborQueue(20);
            searcher.search(query, SearchLimits.of(60), OrdinalSet.ALL, all);
            float threshold = all.scoresBestFirst()[7];
            NeighborQueue some = new NeighborQueue(20);
            searcher.search(
                    query, SearchLimits.of(60).withMinScore(threshold), OrdinalSet.ALL, some);
            assertThat(some.ordinalsBestFirst())
                    .isEqualTo(Arrays.copyOf(all.ordinalsBestFirst(), 8));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theAdaptiveStopSavesScoresAndCostsLittleRecall(CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            SealedGraph graph = packed(table, OrdinalSet.ALL, codes, arena);
            SealedSearcher searcher = graph.newSearcher();
            int kept = 0;
            long scored = 0;
            long scoredAdaptively = 0;
            for (int i = 0; i < 50; i++) {
                float[] query = cases.next();
                NeighborQueue full = new NeighborQueue(20);
                searcher.search(query, SearchLimits.of(400), OrdinalSet.ALL, full);
                scored += searcher.scored();
                NeighborQueue adaptive = new NeighborQueue(20);
                searcher.search(
                        query,
                        SearchLimits.of(400).withAdaptiveStop(true),
                        OrdinalSet.ALL,
                        adaptive);
                scoredAdaptively += searcher.scored();
                kept += SealedCases.common(full.ordinalsBestFirst(), adaptive.ordinalsBestFirst());
            }
            assertThat(scoredAdaptively).isLessThan(scored * 3 / 4);
            assertThat(kept).as("of 1000").isGreaterThanOrEqualTo(960);
        }
    }

    /**
     * Whoever keeps vectors on a disk is told of each that is read, before it is, and of few
     * others.
     */
    @ParameterizedTest
    @EnumSource(names = {"BYTES", "NIBBLES"})
    void announcesTheVectorsThatItWillRead(CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            PackedGraph packed =
                    SealedGraphPacker.pack(
                            table,
                            SealedCases.linked(table, 8, POINTS).source(),
                            OrdinalSet.ALL,
                            POINTS,
                            codes);
            Map<SealedSection, MemorySegment> sections = SealedCases.write(packed, arena);
            Announced announced = new Announced();
            SealedSearcher searcher = SealedGraph.open(sections, announced).newSearcher();
            SealedSearcher silent = SealedGraph.open(sections).newSearcher();
            long reranked = 0;
            for (int i = 0; i < 50; i++) {
                float[] query = cases.next();
                NeighborQueue found = new NeighborQueue(10);
                searcher.search(query, SearchLimits.of(60), OrdinalSet.ALL, found);
                reranked += searcher.reranked();
                NeighborQueue same = new NeighborQueue(10);
                silent.search(query, SearchLimits.of(60), OrdinalSet.ALL, same);
                int[] ordinals = found.ordinalsBestFirst();
                assertThat(ordinals).isEqualTo(same.ordinalsBestFirst());
                long stride = SealedGraphFormat.vectorBytes(DIMENSION);
                for (int ordinal : ordinals) {
                    assertThat(announced.offsets).contains(ordinal * stride);
                }
                announced.offsets.clear();
            }
            assertThat(announced.searches).isEqualTo(50);
            if (codes == CodeKind.BYTES) {
                assertThat(announced.count).isEqualTo(reranked);
            } else { // a guess of how many it will be
                assertThat(announced.count).isBetween(reranked, 2 * reranked);
            }
        }
    }

    private static final class Announced implements RowsAhead {
        private final Set<Long> offsets = new HashSet<>();
        private int searches;
        private long count;

        @Override
        public boolean begin() {
            searches++;
            return true;
        }

        @Override
        public void expect(long offset, long bytes) {
            assertThat(bytes).isEqualTo(SealedGraphFormat.vectorBytes(DIMENSION));
            offsets.add(offset);
            count++;
        }
    }

    @Test
    void keepsVectorsAndScoresBitForBit() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.COSINE, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            GrowingGraph growing = SealedCases.linked(table, 8, POINTS);
            PackedGraph packed =
                    SealedGraphPacker.pack(
                            table, growing.source(), OrdinalSet.ALL, POINTS, CodeKind.NONE);
            SealedGraph graph = SealedGraph.open(SealedCases.write(packed, arena));
            int[] newToOld = packed.newToOld();
            assertThat(Arrays.stream(newToOld).sorted().toArray())
                    .isEqualTo(IntStream.range(0, POINTS).toArray());
            short[] there = new short[DIMENSION];
            short[] here = new short[DIMENSION];
            float[] query = cases.next();
            for (int ordinal = 0; ordinal < POINTS; ordinal++) {
                table.read(newToOld[ordinal], there);
                graph.read(ordinal, here);
                assertThat(here).isEqualTo(there);
            }
            double[] expected = new double[POINTS];
            double[] found = new double[POINTS];
            table.exactScores(newToOld, POINTS, query, expected);
            graph.exactScores(IntStream.range(0, POINTS).toArray(), POINTS, query, found);
            assertThat(found).isEqualTo(expected);
        }
    }

    @Test
    void dropsTheDeadAndStillReachesEveryLivePoint() {
        OrdinalSet live = ordinal -> ordinal % 10 < 3;
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            SealedGraph graph = packed(table, live, CodeKind.SIGNS, arena);
            graph.verify();
            assertThat(graph.points()).isEqualTo(POINTS * 3 / 10);
            assertThat(reachable(graph)).isEqualTo(graph.points());
            assertThat(recall(graph, OrdinalSet.ALL)).isGreaterThanOrEqualTo(0.95);
        }
    }

    @Test
    void pointsThatAreNotAcceptedAreWalkedThrough() {
        OrdinalSet accept = ordinal -> ordinal % 20 == 3;
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, POINTS);
            SealedGraph graph = packed(table, OrdinalSet.ALL, CodeKind.SIGNS, arena);
            assertThat(recall(graph, accept)).isGreaterThanOrEqualTo(0.95);
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersAreTheSameWhetherTheSectionsAreMappedOrNot(CodeKind codes, @TempDir Path directory)
            throws IOException {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.IP, POINTS);
                Arena arena = Arena.ofShared()) {
            cases.fill(table, POINTS);
            GrowingGraph growing = SealedCases.linked(table, 8, POINTS);
            PackedGraph packed =
                    SealedGraphPacker.pack(table, growing.source(), OrdinalSet.ALL, POINTS, codes);
            Map<SealedSection, MemorySegment> sections = SealedCases.write(packed, arena);
            SealedSearcher inMemory = SealedGraph.open(sections).newSearcher();
            SealedSearcher mapped =
                    SealedGraph.open(mapped(sections, directory, arena)).newSearcher();
            float[][] queries = new float[100][];
            Arrays.setAll(queries, i -> cases.next());
            // Interpreted and compiled code add the lanes of a vector in different orders, so a
            // round in which the compiler finishes may differ in the last bit.
            int equalRounds = 0;
            for (int round = 0; round < 40 && equalRounds < 3; round++) {
                boolean equal = true;
                for (float[] query : queries) {
                    equal &= sameAnswers(inMemory, mapped, query);
                }
                equalRounds += equal ? 1 : 0;
            }
            assertThat(equalRounds).isEqualTo(3);
        }
    }

    private static boolean sameAnswers(SealedSearcher one, SealedSearcher other, float[] query) {
        NeighborQueue left = new NeighborQueue(20);
        NeighborQueue right = new NeighborQueue(20);
        one.search(query, SearchLimits.of(50), OrdinalSet.ALL, left);
        other.search(query, SearchLimits.of(50), OrdinalSet.ALL, right);
        return Arrays.equals(left.ordinalsBestFirst(), right.ordinalsBestFirst())
                && Arrays.equals(left.scoresBestFirst(), right.scoresBestFirst())
                && one.scored() == other.scored();
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyGraphAnswersNothingAndOnePointItself(CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, 10);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, 10);
            for (int kept = 0; kept < 2; kept++) {
                int count = kept;
                SealedGraph graph = packed(table, ordinal -> ordinal < count, codes, arena);
                graph.verify();
                NeighborQueue results = new NeighborQueue(3);
                graph.newSearcher()
                        .search(cases.next(), SearchLimits.of(10), OrdinalSet.ALL, results);
                assertThat(results.size()).isEqualTo(kept);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesWhatIsDamaged(CodeKind codes) {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, 300);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, 300);
            GrowingGraph growing = SealedCases.linked(table, 8, 300);
            PackedGraph packed =
                    SealedGraphPacker.pack(table, growing.source(), OrdinalSet.ALL, 300, codes);
            Map<SealedSection, MemorySegment> sections = SealedCases.write(packed, arena);
            SealedGraph.open(sections).verify();
            sections.forEach((section, bytes) -> {
                for (long at = 0; at < bytes.byteSize(); at += 61) {
                    byte before = bytes.get(SealedGraphFormat.BYTE, at);
                    bytes.set(SealedGraphFormat.BYTE, at, (byte) (before ^ 4));
                    assertThatThrownBy(() -> SealedGraph.open(sections).verify())
                            .as("%s byte %s", section, at)
                            .isInstanceOf(ArbalestException.class);
                    bytes.set(SealedGraphFormat.BYTE, at, before);
                }
            });
            Map<SealedSection, MemorySegment> shorter = new EnumMap<>(sections);
            shorter.put(SealedSection.TERMS, arena.allocate(8 * 299));
            assertThatThrownBy(() -> SealedGraph.open(shorter))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.SEGMENT_CORRUPT));
        }
    }

    @Test
    void refusesAVersionOfTheFuture() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(SealedGraphFormat.HEAD_BYTES);
            head.set(SealedGraphFormat.BYTE, 0, (byte) (SealedGraphFormat.VERSION + 1));
            assertThatThrownBy(() -> SealedGraph.open(Map.of(SealedSection.HEAD, head)))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e ->
                                    assertThat(e.code())
                                            .isEqualTo(ErrorCode.UNSUPPORTED_FORMAT_VERSION));
        }
    }

    private static SealedGraph packed(
            VectorTable table, OrdinalSet live, CodeKind codes, Arena arena) {
        GrowingGraph growing = SealedCases.linked(table, 8, table.capacity());
        PackedGraph packed =
                SealedGraphPacker.pack(table, growing.source(), live, table.capacity(), codes);
        return SealedGraph.open(SealedCases.write(packed, arena));
    }

    private static int reachable(SealedGraph graph) {
        int[][] lists = new int[graph.points()][];
        int[] list = new int[graph.longestList()];
        for (int ordinal = 0; ordinal < lists.length; ordinal++) {
            int count = graph.read(ordinal, list);
            lists[ordinal] = Arrays.copyOf(list, count);
        }
        return Reachability.count(lists, 0);
    }

    private double recall(SealedGraph graph, OrdinalSet accept) {
        SealedSearcher searcher = graph.newSearcher();
        NeighborQueue results = new NeighborQueue(10);
        int hits = 0;
        for (int i = 0; i < 50; i++) {
            float[] query = cases.next();
            results.clear(10);
            searcher.search(query, SearchLimits.of(80), accept, results);
            int[] found = results.ordinalsBestFirst();
            assertThat(Arrays.stream(found)).allMatch(accept::contains);
            hits += SealedCases.common(found, SealedCases.best(graph, query, 10, accept));
        }
        return hits / 500.0;
    }

    private static Map<SealedSection, MemorySegment> mapped(
            Map<SealedSection, MemorySegment> sections, Path directory, Arena arena)
            throws IOException {
        Map<SealedSection, MemorySegment> mapped = new EnumMap<>(SealedSection.class);
        for (Map.Entry<SealedSection, MemorySegment> entry : sections.entrySet()) {
            try (FileChannel channel =
                    FileChannel.open(
                            directory.resolve(entry.getKey().name()),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE)) {
                long bytes = entry.getValue().byteSize();
                MemorySegment map =
                        bytes == 0
                                ? MemorySegment.NULL
                                : channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
                map.copyFrom(entry.getValue());
                mapped.put(entry.getKey(), map);
            }
        }
        return mapped;
    }
}
