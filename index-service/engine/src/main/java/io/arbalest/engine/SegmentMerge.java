package io.arbalest.engine;

import io.arbalest.hnsw.sealed.CodeRule;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedMerge;
import io.arbalest.memory.MemoryBudget;
import io.arbalest.model.CollectionDefinition;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Several sealed segments on their way into one: the rows that are live at a snapshot, in one graph
 * ({@link SealedMerge}). What dies meanwhile is in it and masked by its stamps, as in every sealed
 * segment.
 *
 * <p>Memory while it runs, for {@code n} rows of {@code d} elements, {@link MergePolicy#MAX_ROWS}
 * at most: vectors and links of the merged segment outside the heap ({@link SealedMerge}), about
 * {@code 2 d + 9 m + 18} bytes a row, of long vectors {@code d / 2} more until packing, and from
 * packing on the lists once more on the heap, about {@code 8 m + 50} bytes a row. Written are
 * pieces of 4 MiB, but for codes once a point, at most {@code d + 8} bytes a row, which are made as
 * a whole; blocks of signs take 64 MiB on the heap. Input and output: each vector of the sources is
 * read once, and the new file is written twice, once as zeros, which is how its space is reserved.
 *
 * <p>Confined to one thread.
 */
final class SegmentMerge implements AutoCloseable {
    private final CodeRule codes;
    private final List<SealedSegment> sources;
    private final SealedMerge merge;

    /**
     * Takes over the largest source and links the rows of the others.
     *
     * @param snapshot rows that have ended here are left out
     * @param stopped asked before every row
     * @throws CancellationException when stopped
     */
    SegmentMerge(
            CollectionDefinition definition,
            List<SealedSegment> sources,
            long snapshot,
            long levelSeed,
            BooleanSupplier stopped) {
        this.sources = List.copyOf(sources);
        codes = CodeRule.of(definition.hnsw().codes(), definition.hnsw().ef());
        List<SealedMerge.Part> parts = new ArrayList<>();
        for (SealedSegment source : sources) {
            parts.add(
                    new SealedMerge.Part(
                            source.graph(), ordinal -> !source.ended(ordinal, snapshot)));
        }
        merge =
                new SealedMerge(
                        parts,
                        definition.hnsw().m(),
                        definition.hnsw().efConstruction(),
                        levelSeed,
                        MemoryBudget.unlimited("merge"),
                        stopped);
    }

    /** The segments to which rows of the merged one were appended. */
    List<RowStamps> origins(long[] names) {
        int[] segments = Arrays.stream(names).mapToInt(RowName::segment).distinct().toArray();
        List<RowStamps> origins = new ArrayList<>();
        for (SealedSegment source : sources) {
            for (RowStamps rows : source.origins()) {
                if (Arrays.stream(segments).anyMatch(s -> s == rows.segment())) {
                    origins.add(rows);
                }
            }
        }
        return origins;
    }

    /** Ready to be written. */
    PackedGraph pack() {
        return merge.pack(codes);
    }

    /** Names of the points, by the ordinals of the packed graph. */
    long[] names(PackedGraph packed) {
        int[] ordinals = packed.newToOld();
        long[] names = new long[ordinals.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = sources.get(merge.part(ordinals[i])).name(merge.ordinal(ordinals[i]));
        }
        return names;
    }

    @Override
    public void close() {
        merge.close();
    }
}
