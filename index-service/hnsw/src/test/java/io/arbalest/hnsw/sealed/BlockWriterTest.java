package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Objects;

/** Blocks are the same however they are written. */
class BlockWriterTest {
    private static final int DIMENSION = 40;
    private static final int POINTS = 500;

    @Test
    void inPiecesAsAtOnce() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.COSINE, POINTS);
                Arena arena = Arena.ofConfined()) {
            new SealedCases(DIMENSION, 5, SealedCases.SEED).fill(table, POINTS);
            try (GrowingGraph growing = SealedCases.linked(table, 6, POINTS)) {
                Map<SealedSection, MemorySegment> whole =
                        SealedCases.write(packed(table, growing), arena);
                PackedGraph packed = packed(table, growing);
                long unit = packed.unitBytes(SealedSection.BLOCKS);
                long bytes = packed.sizeBytes(SealedSection.BLOCKS);
                MemorySegment pieces = arena.allocate(bytes, 64);
                for (long at = 0; at < bytes; at += 7 * unit) {
                    packed.write(
                            SealedSection.BLOCKS,
                            at,
                            pieces.asSlice(at, Math.min(7 * unit, bytes - at)));
                }
                assertThat(pieces.mismatch(section(whole, SealedSection.BLOCKS))).isEqualTo(-1);
                for (SealedSection section : SealedSection.values()) {
                    if (section != SealedSection.HEAD && section != SealedSection.BLOCKS) {
                        packed.write(section, arena.allocate(packed.sizeBytes(section), 64));
                    }
                }
                MemorySegment head = arena.allocate(SealedGraphFormat.HEAD_BYTES, 64);
                packed.write(SealedSection.HEAD, head);
                assertThat(head.mismatch(section(whole, SealedSection.HEAD)))
                        .as("heads, with the checksums")
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void withRoomForFewRotatedVectors() {
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                Arena arena = Arena.ofConfined()) {
            new SealedCases(DIMENSION, 5, SealedCases.SEED).fill(table, POINTS);
            int[] ordinals = new int[POINTS];
            int[][] lists = new int[POINTS][];
            for (int i = 0; i < POINTS; i++) {
                ordinals[i] = i;
                lists[i] = new int[] {(i + 1) % POINTS, (i + 7) % POINTS, (i * 31 + 5) % POINTS};
            }
            int rowBytes = SealedGraphFormat.blockRowBytes(DIMENSION, 3);
            MemorySegment all = arena.allocate((long) rowBytes * POINTS, 64);
            new BlockWriter(table, ordinals, 5).write(lists, 0, all, rowBytes);
            for (int kept : new int[] {1, 7 * 4 * 48}) {
                MemorySegment few = arena.allocate((long) rowBytes * POINTS, 64);
                new BlockWriter(table, ordinals, 5, kept).write(lists, 0, few, rowBytes);
                assertThat(few.mismatch(all)).as("%s bytes kept", kept).isEqualTo(-1);
            }
        }
    }

    private static PackedGraph packed(VectorTable table, GrowingGraph graph) {
        return SealedGraphPacker.pack(
                table, graph.source(), OrdinalSet.ALL, POINTS, CodeKind.SIGNS);
    }

    private static MemorySegment section(
            Map<SealedSection, MemorySegment> sections, SealedSection section) {
        return Objects.requireNonNull(sections.get(section));
    }
}
