package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Opens graphs that an earlier release packed, and packs the same points again. A golden file is a
 * run of {u8 section, i64 bytes, the bytes}, little-endian. {@code -Dgolden.write=DIRECTORY} writes
 * what this release packs.
 */
class SealedGraphGoldenTest {
    private static final int DIMENSION = 20;
    private static final int POINTS = 70;
    private static final int LONG_DIMENSION = 130; // whose codes hold their terms
    private static final int FEW_POINTS = 50;

    @ParameterizedTest
    @EnumSource
    void opensAndWritesAgain(CodeKind codes) throws IOException {
        String name =
                switch (codes) {
                    case NONE -> "sealed-graph-1-none.bin";
                    case BYTES -> "sealed-graph-1-bytes-fitted.bin";
                    case SIGNS -> "sealed-graph-1-signs.bin";
                    case NIBBLES -> "sealed-graph-3-nibbles-fitted.bin";
                };
        opensAndWritesAgain(name, codes, Metric.L2, DIMENSION, POINTS);
    }

    /** Whose terms hold what a code misses of the mean. */
    @ParameterizedTest
    @CsvSource({
        "sealed-graph-1-bytes-ip-fitted.bin, BYTES",
        "sealed-graph-3-nibbles-ip-fitted.bin, NIBBLES"
    })
    void opensAndWritesAgainInnerProducts(String name, CodeKind codes) throws IOException {
        opensAndWritesAgain(name, codes, Metric.IP, DIMENSION, POINTS);
    }

    @Test
    void opensAndWritesAgainCodesWithTheirTermsInside() throws IOException {
        opensAndWritesAgain(
                "sealed-graph-2-bytes-130-fitted.bin",
                CodeKind.BYTES,
                Metric.L2,
                LONG_DIMENSION,
                FEW_POINTS);
    }

    /** Factors were the widths of steps then. */
    @ParameterizedTest
    @CsvSource({
        "sealed-graph-1-bytes.bin, sealed-graph-1-bytes-fitted.bin, 20",
        "sealed-graph-2-bytes-130.bin, sealed-graph-2-bytes-130-fitted.bin, 130",
        "sealed-graph-3-nibbles.bin, sealed-graph-3-nibbles-fitted.bin, 20"
    })
    void opensWhatWasPackedBeforeTermsWereFitted(String older, String newer, int dimension)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            SealedGraph before = SealedGraph.open(golden(older, arena));
            SealedGraph now = SealedGraph.open(golden(newer, arena));
            before.verify();
            int points = now.points();
            int[] all = IntStream.range(0, points).toArray();
            float[] scoresBefore = new float[points];
            float[] scores = new float[points];
            float[] query = new SealedCases(dimension, 5, 43).next();
            scorer(before, query).score(all, points, scoresBefore);
            scorer(now, query).score(all, points, scores);
            for (int i = 0; i < points; i++) {
                assertThat(scoresBefore[i]).isCloseTo(scores[i], withinPercentage(5));
            }
            assertThat(scoresBefore).isNotEqualTo(scores);
            NeighborQueue results = new NeighborQueue(5);
            before.newSearcher().search(query, SearchLimits.of(70), OrdinalSet.ALL, results);
            assertThat(results.ordinalsBestFirst())
                    .isEqualTo(SealedCases.best(now, query, 5, OrdinalSet.ALL));
        }
    }

    /** The same points, by a release that knew version 1 only. */
    @Test
    void opensWhatVersion1WroteOfLongVectorsAndScoresAsVersion2() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            SealedGraph older = SealedGraph.open(golden("sealed-graph-1-bytes-130.bin", arena));
            SealedGraph newer = SealedGraph.open(golden("sealed-graph-2-bytes-130.bin", arena));
            older.verify();
            int[] all = IntStream.range(0, FEW_POINTS).toArray();
            float[] olderScores = new float[FEW_POINTS];
            float[] newerScores = new float[FEW_POINTS];
            SealedCases cases = new SealedCases(LONG_DIMENSION, 5, 43);
            for (int i = 0; i < 10; i++) {
                float[] query = cases.next();
                scorer(older, query).score(all, FEW_POINTS, olderScores);
                scorer(newer, query).score(all, FEW_POINTS, newerScores);
                assertThat(olderScores).isEqualTo(newerScores);
                for (SealedGraph graph : List.of(older, newer)) {
                    NeighborQueue results = new NeighborQueue(5);
                    graph.newSearcher().search(query, SearchLimits.of(50), OrdinalSet.ALL, results);
                    assertThat(results.ordinalsBestFirst())
                            .isEqualTo(SealedCases.best(newer, query, 5, OrdinalSet.ALL));
                }
            }
        }
    }

    private static CodeScorer scorer(SealedGraph graph, float[] query) {
        CodeScorer scorer = Objects.requireNonNull(graph.newCodeScorer());
        scorer.load(query);
        return scorer;
    }

    private static void opensAndWritesAgain(
            String name, CodeKind codes, Metric metric, int dimension, int points)
            throws IOException {
        SealedCases cases = new SealedCases(dimension, 5, 42);
        try (VectorTable table = new VectorTable(dimension, metric, points);
                Arena arena = Arena.ofConfined()) {
            cases.fill(table, points);
            GrowingGraph growing = SealedCases.linked(table, 4, points);
            PackedGraph packed =
                    SealedGraphPacker.pack(table, growing.source(), OrdinalSet.ALL, points, codes);
            Map<SealedSection, MemorySegment> written = SealedCases.write(packed, arena);
            String target = System.getProperty("golden.write", "");
            if (!target.isEmpty()) {
                Files.write(Path.of(target, name), bytes(written));
            }
            Map<SealedSection, MemorySegment> golden = golden(name, arena);
            SealedGraph graph = SealedGraph.open(golden);
            graph.verify();
            NeighborQueue results = new NeighborQueue(5);
            float[] query = cases.next();
            graph.newSearcher().search(query, SearchLimits.of(70), OrdinalSet.ALL, results);
            assertThat(results.ordinalsBestFirst())
                    .isEqualTo(SealedCases.best(graph, query, 5, OrdinalSet.ALL));
            written.forEach((section, bytes) -> {
                if (section == SealedSection.BLOCKS) {
                    sameBlocks(bytes, segment(golden, section));
                } else if (codes != CodeKind.SIGNS || section != SealedSection.HEAD) {
                    assertThat(segment(golden, section).mismatch(bytes))
                            .as(section.name())
                            .isEqualTo(-1);
                }
            });
        }
    }

    /** Ordinals and codes to the bit; terms are sums whose last bits depend on the machine. */
    private static void sameBlocks(MemorySegment left, MemorySegment right) {
        int blockBytes = SealedGraphFormat.blockBytes(DIMENSION);
        for (long block = 0; block < left.byteSize(); block += blockBytes) {
            for (long at = 0; at < blockBytes; at += 4) {
                boolean term =
                        at >= SealedGraphFormat.BLOCK_TERMS_AT
                                && at < SealedGraphFormat.BLOCK_CODES_AT;
                if (term) {
                    float l = left.get(SealedGraphFormat.FLOAT, block + at);
                    float r = right.get(SealedGraphFormat.FLOAT, block + at);
                    assertThat(l == r || Math.abs(l - r) < 1e-4f * (1 + Math.abs(r))).isTrue();
                } else {
                    assertThat(left.get(SealedGraphFormat.INT, block + at))
                            .isEqualTo(right.get(SealedGraphFormat.INT, block + at));
                }
            }
        }
    }

    private static MemorySegment segment(
            Map<SealedSection, MemorySegment> sections, SealedSection section) {
        return Objects.requireNonNull(sections.get(section));
    }

    private static byte[] bytes(Map<SealedSection, MemorySegment> sections) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (SealedSection section : SealedSection.values()) {
            MemorySegment bytes = segment(sections, section);
            ByteBuffer head = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
            head.put((byte) section.number()).putLong(bytes.byteSize());
            out.write(head.array());
            byte[] copy = new byte[(int) bytes.byteSize()];
            MemorySegment.ofArray(copy).copyFrom(bytes);
            out.write(copy);
        }
        return out.toByteArray();
    }

    private static Map<SealedSection, MemorySegment> golden(String name, Arena arena)
            throws IOException {
        Map<SealedSection, MemorySegment> sections = new EnumMap<>(SealedSection.class);
        try (InputStream in =
                Objects.requireNonNull(
                        SealedGraphGoldenTest.class.getResourceAsStream("/golden/" + name))) {
            byte[] file = in.readAllBytes();
            ByteBuffer at = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            while (at.hasRemaining()) {
                int number = at.get();
                SealedSection section =
                        Arrays.stream(SealedSection.values())
                                .filter(each -> each.number() == number)
                                .findFirst()
                                .orElseThrow();
                byte[] bytes = new byte[(int) at.getLong()];
                at.get(bytes);
                MemorySegment copy = arena.allocate(Math.max(1, bytes.length), 64);
                MemorySegment.copy(MemorySegment.ofArray(bytes), 0, copy, 0, bytes.length);
                sections.put(section, copy.asSlice(0, bytes.length));
            }
        }
        return sections;
    }
}
