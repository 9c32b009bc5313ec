package io.arbalest.benchmarks.churn;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.hnsw.sealed.GrowingCodes;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedGraph;
import io.arbalest.hnsw.sealed.SealedGraphFormat;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * A packed graph in memory, and which row of the base each of its points is.
 *
 * <p>Confined to one thread.
 */
public record Sealed(SealedGraph graph, int[] rows, Arena arena) implements AutoCloseable {
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Links rows in their order, and packs. */
    static Sealed built(float[][] base, int[] rows, Metric metric, HnswParams params, long seed) {
        int dimension = base[0].length;
        MemorySegment halves = MemorySegment.ofArray(new byte[2 * dimension]);
        try (VectorTable vectors = new VectorTable(dimension, metric, rows.length);
                GrowingGraph graph =
                        new GrowingGraph(
                                vectors,
                                params.m(),
                                params.efConstruction(),
                                seed,
                                rows.length,
                                GrowingCodes.SOURCE)) {
            for (int ordinal = 0; ordinal < rows.length; ordinal++) {
                float[] row = base[rows[ordinal]];
                for (int i = 0; i < dimension; i++) {
                    halves.set(HALF, 2L * i, Float.floatToFloat16(row[i]));
                }
                vectors.set(ordinal, halves, 0);
                graph.link(ordinal);
            }
            return written(
                    SealedGraphPacker.pack(vectors, graph.source(), OrdinalSet.ALL, rows.length),
                    ordinal -> rows[ordinal]);
        }
    }

    /**
     * Writes a packed graph into memory.
     *
     * @param rowOf by the ordinal before packing
     */
    @SuppressWarnings("MustBeClosedChecker") // this closes its arena
    public static Sealed written(PackedGraph packed, IntUnaryOperator rowOf) {
        Arena arena = Arena.ofShared();
        Map<SealedSection, MemorySegment> sections = new EnumMap<>(SealedSection.class);
        SealedSection[] all = SealedSection.values();
        for (int i = 1; i <= all.length; i++) {
            SealedSection section = all[i % all.length]; // the head last
            long bytes = packed.sizeBytes(section);
            MemorySegment target =
                    arena.allocate(Math.max(1, bytes), SealedGraphFormat.ALIGNMENT)
                            .asSlice(0, bytes);
            packed.write(section, target);
            sections.put(section, target);
        }
        int[] rows = packed.newToOld();
        for (int i = 0; i < rows.length; i++) {
            rows[i] = rowOf.applyAsInt(rows[i]);
        }
        return new Sealed(SealedGraph.open(sections), rows, arena);
    }

    @Override
    public void close() {
        arena.close();
    }
}
