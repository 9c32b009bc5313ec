package io.arbalest.engine;

import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.model.CollectionDefinition;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Several sealed segments on their way into one: the rows that are live at a snapshot, in one
 * graph. The graph of the largest is grown, unless most of its rows are dead; its dead points help
 * to link the others and are left out when the graph is packed. What dies meanwhile is in it and
 * masked by its stamps, as in every sealed segment.
 *
 * <p>Vectors and graph are in memory until they are written: {@link MergePolicy} bounds them.
 *
 * <p>Confined to one thread.
 */
final class SegmentMerge implements AutoCloseable {
    private final VectorTable vectors;
    private final GrowingGraph graph;
    private final long[] names;
    private final List<RowStamps> origins = new ArrayList<>();
    private final BitSet dead;
    private final int points;

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
        List<SealedSegment> bySize = new ArrayList<>(sources);
        bySize.sort(Comparator.comparingInt(SealedSegment::live).reversed());
        SealedSegment largest = bySize.getFirst();
        boolean grows = 2 * largest.live() >= largest.rows();
        int capacity = grows ? largest.rows() : 0;
        for (SealedSegment source : grows ? bySize.subList(1, bySize.size()) : bySize) {
            capacity += live(source, snapshot);
        }
        dead = new BitSet(capacity);
        names = new long[capacity];
        vectors =
                new VectorTable(definition.dimension(), definition.metric(), Math.max(1, capacity));
        graph =
                new GrowingGraph(
                        vectors,
                        definition.hnsw().m(),
                        definition.hnsw().efConstruction(),
                        levelSeed,
                        Math.max(1, capacity));
        try {
            short[] vector = new short[definition.dimension()];
            MemorySegment bytes = MemorySegment.ofArray(vector);
            int next = 0;
            for (SealedSegment source : bySize) {
                boolean whole = grows && source.equals(largest);
                for (int ordinal = 0; ordinal < source.rows(); ordinal++) {
                    boolean ended = source.ended(ordinal, snapshot);
                    if (ended && !whole) {
                        continue;
                    }
                    if (stopped.getAsBoolean()) {
                        throw new CancellationException("the shard closes");
                    }
                    dead.set(next, ended);
                    source.read(ordinal, vector);
                    vectors.set(next, bytes, 0);
                    names[next] = source.name(ordinal);
                    if (!whole) {
                        graph.link(next);
                    }
                    next++;
                }
                if (whole) {
                    graph.adopt(source.graph().source(), next);
                }
            }
            points = next;
            addOrigins(bySize);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static int live(SealedSegment segment, long snapshot) {
        int live = 0;
        for (int ordinal = 0; ordinal < segment.rows(); ordinal++) {
            live += segment.ended(ordinal, snapshot) ? 0 : 1;
        }
        return live;
    }

    private void addOrigins(List<SealedSegment> sources) {
        int[] segments =
                IntStream.range(0, points)
                        .filter(i -> !dead.get(i))
                        .map(i -> RowName.segment(names[i]))
                        .distinct()
                        .toArray();
        for (SealedSegment source : sources) {
            for (RowStamps rows : source.origins()) {
                if (Arrays.stream(segments).anyMatch(s -> s == rows.segment())) {
                    origins.add(rows);
                }
            }
        }
    }

    /** The segments to which the rows were appended. */
    List<RowStamps> origins() {
        return origins;
    }

    /** Ready to be written. */
    PackedGraph pack() {
        return SealedGraphPacker.pack(vectors, graph.source(), i -> !dead.get(i), points);
    }

    /** Names of the points, by the ordinals of the packed graph. */
    long[] names(PackedGraph packed) {
        int[] ordinals = packed.newToOld();
        long[] packedNames = new long[ordinals.length];
        for (int i = 0; i < ordinals.length; i++) {
            packedNames[i] = names[ordinals[i]];
        }
        return packedNames;
    }

    @Override
    public void close() {
        graph.close();
        vectors.close();
    }
}
