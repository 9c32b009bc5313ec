package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.Crc32c;
import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.memory.MemoryBudget;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** Terms of codes of seven bits, inside their rows and apart: all but the place is the same. */
class CodeFormTest {
    private static final int POINTS = 300;
    private static final int[] DIMENSIONS = {127, 128, 129, 144, 160, 191, 200, 768};

    @ParameterizedTest
    @EnumSource
    void scoresAreTheSameToTheBitWhereverTermsAre(Metric metric) {
        for (int dimension : DIMENSIONS) {
            SealedCases cases = new SealedCases(dimension, 10, SealedCases.SEED);
            try (VectorTable table = new VectorTable(dimension, metric, POINTS);
                    GrowingGraph growing = linked(cases, table);
                    Arena arena = Arena.ofConfined()) {
                PackedGraph packed = pack(table, growing);
                Map<SealedSection, MemorySegment> sections = SealedCases.write(packed, arena);
                boolean inside = dimension >= 128;
                assertThat(head(sections).get(SealedGraphFormat.BYTE, 0))
                        .isEqualTo((byte) (inside ? 2 : 1));
                assertThat(head(sections).get(SealedGraphFormat.BYTE, 2))
                        .isEqualTo((byte) (inside ? 3 : 1));
                SealedGraph graph = SealedGraph.open(sections);
                graph.verify();
                assertThat(graph.codes()).isEqualTo(CodeKind.BYTES);
                SealedGraph older =
                        SealedGraph.open(withTermsApart(table, packed, sections, arena));
                older.verify();
                assertThat(older.codes()).isEqualTo(CodeKind.BYTES);
                assertThat(older.sizeBytes() - graph.sizeBytes())
                        .isBetween(inside ? 8L * POINTS : 0L, inside ? 8L * POINTS + 64 : 0L);
                for (int i = 0; i < 5; i++) {
                    sameScores(graph, older, cases.next());
                }
            }
        }
    }

    /** A merge reads vectors and links, and packs as this release does. */
    @Test
    void graphsOfBothKindsAreMerged() {
        int dimension = 132;
        SealedCases cases = new SealedCases(dimension, 10, SealedCases.SEED);
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS);
                GrowingGraph growing = linked(cases, table);
                Arena arena = Arena.ofConfined()) {
            PackedGraph packed = pack(table, growing);
            Map<SealedSection, MemorySegment> sections = SealedCases.write(packed, arena);
            SealedGraph older = SealedGraph.open(withTermsApart(table, packed, sections, arena));
            List<SealedMerge.Part> parts =
                    List.of(
                            new SealedMerge.Part(older, ordinal -> ordinal % 3 != 0),
                            new SealedMerge.Part(
                                    SealedGraph.open(sections), ordinal -> ordinal % 3 == 0));
            MemoryBudget budget = MemoryBudget.unlimited("test");
            try (SealedMerge merge = new SealedMerge(parts, 6, 60, 7, budget, () -> false)) {
                Map<SealedSection, MemorySegment> merged = SealedCases.write(merge.pack(), arena);
                assertThat(head(merged).get(SealedGraphFormat.BYTE, 2)).isEqualTo((byte) 3);
                SealedGraph graph = SealedGraph.open(merged);
                graph.verify();
                assertThat(graph.points()).isEqualTo(POINTS);
                NeighborQueue results = new NeighborQueue(5);
                float[] query = cases.next();
                graph.newSearcher().search(query, SearchLimits.of(200), OrdinalSet.ALL, results);
                assertThat(results.ordinalsBestFirst())
                        .isEqualTo(SealedCases.best(graph, query, 5, OrdinalSet.ALL));
            }
        }
    }

    @Test
    void refusesWhatCannotBe() {
        int dimension = 128;
        SealedCases cases = new SealedCases(dimension, 10, SealedCases.SEED);
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS);
                GrowingGraph growing = linked(cases, table);
                Arena arena = Arena.ofConfined()) {
            Map<SealedSection, MemorySegment> sections =
                    SealedCases.write(pack(table, growing), arena);
            MemorySegment head = head(sections);
            refuses(sections, head, SealedGraphFormat.VERSION_AT, 1, "codes 3 in version 1");
            refuses(sections, head, SealedGraphFormat.CODES_AT, 4, "codes 4 in version 2");
            refuses(sections, head, SealedGraphFormat.CODES_AT, 5, "codes 5");
            refuses(sections, head, SealedGraphFormat.DIMENSION_AT, 127, "codes 3 of 127");
            MemorySegment codes = Objects.requireNonNull(sections.get(SealedSection.CODES));
            long row = CodeForm.BYTES.rowsAt(dimension, POINTS) + 7L * dimension;
            damage(sections, head, codes, row + 1); // an odd code: carries nothing
            damage(sections, head, codes, row + 62); // the sign of the factor
        }
    }

    @Test
    void refusesNibblesThatCannotBe() {
        int dimension = 100; // 36 elements in the second group: byte 4 of it has no high one
        SealedCases cases = new SealedCases(dimension, 10, SealedCases.SEED);
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS);
                GrowingGraph growing = linked(cases, table);
                Arena arena = Arena.ofConfined()) {
            PackedGraph packed =
                    SealedGraphPacker.pack(
                            table, growing.source(), OrdinalSet.ALL, POINTS, CodeKind.NIBBLES);
            Map<SealedSection, MemorySegment> sections = SealedCases.write(packed, arena);
            MemorySegment head = head(sections);
            assertThat(head.get(SealedGraphFormat.BYTE, SealedGraphFormat.VERSION_AT))
                    .isEqualTo((byte) 3);
            refuses(sections, head, SealedGraphFormat.VERSION_AT, 2, "codes 4 in version 2");
            MemorySegment codes = Objects.requireNonNull(sections.get(SealedSection.CODES));
            CodeForm form = CodeForm.NIBBLES;
            long row = form.rowsAt(dimension, POINTS) + 7L * form.rowBytes(dimension);
            byte first = codes.get(SealedGraphFormat.BYTE, row + 8);
            damage(sections, head, codes, row + 8, first & 0x0f); // no element 0
            damage(sections, head, codes, row + 8, first & 0xf0);
            damage(sections, head, codes, row + 8 + 32 + 4, first | 0x80); // an element too many
            damage(sections, head, codes, row + 3, 0xff); // a factor that is no number
        }
    }

    /** With checksums that fit. */
    private static void refuses(
            Map<SealedSection, MemorySegment> sections,
            MemorySegment head,
            int at,
            int value,
            String what) {
        byte before = head.get(SealedGraphFormat.BYTE, at);
        head.set(SealedGraphFormat.BYTE, at, (byte) value);
        seal(head);
        assertThatThrownBy(() -> SealedGraph.open(sections))
                .isInstanceOf(ArbalestException.class)
                .hasMessageContaining(what);
        head.set(SealedGraphFormat.BYTE, at, before);
        seal(head);
        SealedGraph.open(sections).verify();
    }

    private static void damage(
            Map<SealedSection, MemorySegment> sections,
            MemorySegment head,
            MemorySegment codes,
            long at) {
        damage(sections, head, codes, at, codes.get(SealedGraphFormat.BYTE, at) ^ 0x80);
    }

    private static void damage(
            Map<SealedSection, MemorySegment> sections,
            MemorySegment head,
            MemorySegment codes,
            long at,
            int damaged) {
        byte before = codes.get(SealedGraphFormat.BYTE, at);
        codes.set(SealedGraphFormat.BYTE, at, (byte) damaged);
        record(head, codes);
        assertThatThrownBy(() -> SealedGraph.open(sections).verify())
                .isInstanceOf(ArbalestException.class)
                .hasMessageContaining("code 7");
        codes.set(SealedGraphFormat.BYTE, at, before);
        record(head, codes);
        SealedGraph.open(sections).verify();
    }

    private static void sameScores(SealedGraph graph, SealedGraph older, float[] query) {
        int[] all = IntStream.range(0, POINTS).map(i -> (7 * i) % POINTS).toArray();
        float[][] scores = new float[2][POINTS];
        int of = 0;
        for (SealedGraph each : List.of(graph, older)) {
            CodeScorer scorer = Objects.requireNonNull(each.newCodeScorer());
            scorer.load(query);
            scorer.score(all, POINTS, scores[of++]);
        }
        assertThat(scores[0]).isEqualTo(scores[1]);
        assertThat(Arrays.stream(all).mapToObj(i -> scores[0][i]).distinct().count())
                .isGreaterThan(POINTS / 2);
    }

    /** What an older release would have written. */
    private static Map<SealedSection, MemorySegment> withTermsApart(
            VectorTable table,
            PackedGraph packed,
            Map<SealedSection, MemorySegment> sections,
            Arena arena) {
        Map<SealedSection, MemorySegment> older = new EnumMap<>(sections);
        int dimension = table.dimension();
        MemorySegment codes =
                arena.allocate(CodeForm.BYTES_APART.sectionBytes(dimension, POINTS), 64);
        CodeWriter.write(table, packed.newToOld(), CodeForm.BYTES_APART, codes, PointRanges.HERE);
        MemorySegment head = arena.allocate(SealedGraphFormat.HEAD_BYTES, 64);
        head.copyFrom(head(sections));
        head.set(SealedGraphFormat.BYTE, SealedGraphFormat.VERSION_AT, (byte) 1);
        head.set(SealedGraphFormat.BYTE, SealedGraphFormat.CODES_AT, (byte) 1);
        record(head, codes);
        older.put(SealedSection.HEAD, head);
        older.put(SealedSection.CODES, codes);
        return older;
    }

    /** Puts length and checksum of CODES into the head. */
    private static void record(MemorySegment head, MemorySegment codes) {
        long entry =
                SealedGraphFormat.SECTIONS_AT
                        + (long) SealedSection.CODES.number() * SealedGraphFormat.SECTION_BYTES;
        head.set(SealedGraphFormat.LONG, entry, codes.byteSize());
        head.set(SealedGraphFormat.INT, entry + 8, Crc32c.of(codes));
        seal(head);
    }

    private static void seal(MemorySegment head) {
        int crc = Crc32c.of(head, 0, SealedGraphFormat.CHECKSUM_AT);
        head.set(SealedGraphFormat.INT, SealedGraphFormat.CHECKSUM_AT, crc);
    }

    private static MemorySegment head(Map<SealedSection, MemorySegment> sections) {
        return Objects.requireNonNull(sections.get(SealedSection.HEAD));
    }

    private static GrowingGraph linked(SealedCases cases, VectorTable table) {
        cases.fill(table, POINTS);
        return SealedCases.linked(table, 6, POINTS);
    }

    private static PackedGraph pack(VectorTable table, GrowingGraph growing) {
        return SealedGraphPacker.pack(
                table, growing.source(), OrdinalSet.ALL, POINTS, CodeKind.BYTES);
    }
}
