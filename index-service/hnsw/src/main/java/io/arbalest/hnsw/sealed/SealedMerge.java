package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.memory.MemoryBudget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The live points of several packed graphs on their way into one. The graph of the part with the
 * most live points is taken over and mended around its dead points ({@link GrowingGraph#load}),
 * unless most of its points are dead; the points of the others are linked into it. So a merge costs
 * what linking the smaller parts costs, and a graph that is merged again and again is never started
 * over.
 *
 * <p>Memory while it lives, for {@code n} live points of {@code d} elements and {@code m} links:
 * what {@link VectorTable} and {@link GrowingGraph} say for {@code n} points, until it is packed
 * what {@link GrowingCodes} says, and 8 bytes a point to tell where each came from; slabs are taken
 * from the budget. Each vector of the parts is read once, in its order.
 *
 * <p>Confined to one thread.
 */
public final class SealedMerge implements AutoCloseable {
    private final VectorTable vectors;
    private final GrowingGraph graph;
    private final int[] partOf; // by ordinal
    private final int[] ordinalOf; // in the part
    private int points;

    /**
     * A packed graph and the points of it that are kept.
     *
     * @param live asked once for each point
     */
    public record Part(SealedGraph graph, OrdinalSet live) {}

    /**
     * Takes over one part and links the points of the others.
     *
     * @param parts of one dimension and metric, at least one
     * @param m links per point on upper levels, 2 to 256
     * @param efConstruction candidates kept while a point is linked
     * @param levelSeed decides the levels of points that are linked
     * @param budget what slabs are reserved from
     * @param stopped asked before every point that is copied and linked
     * @throws CancellationException when stopped
     * @throws io.arbalest.model.ArbalestException if the budget has no room
     */
    public SealedMerge(
            List<Part> parts,
            int m,
            int efConstruction,
            long levelSeed,
            MemoryBudget budget,
            BooleanSupplier stopped) {
        BitSet[] live = new BitSet[parts.size()];
        Arrays.setAll(live, i -> living(parts.get(i)));
        int rows = Arrays.stream(live).mapToInt(BitSet::cardinality).sum();
        int capacity = Math.max(1, rows);
        partOf = new int[rows];
        ordinalOf = new int[rows];
        SealedGraph any = parts.getFirst().graph();
        vectors = new VectorTable(any.dimension(), any.metric(), capacity, budget);
        graph =
                new GrowingGraph(
                        vectors, m, efConstruction, levelSeed, capacity, GrowingCodes.SOURCE);
        List<Integer> bySize = new ArrayList<>();
        for (int i = 0; i < live.length; i++) {
            bySize.add(i);
        }
        bySize.sort(Comparator.comparingInt((Integer i) -> live[i].cardinality()).reversed());
        try {
            boolean first = true;
            for (int part : bySize) {
                SealedGraph source = parts.get(part).graph();
                boolean grown = first && 2 * live[part].cardinality() >= source.points();
                add(part, source, live[part], !grown, stopped);
                if (grown) {
                    takeOver(source, live[part]);
                }
                first = false;
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static BitSet living(Part part) {
        BitSet live = new BitSet(part.graph().points());
        for (int ordinal = 0; ordinal < part.graph().points(); ordinal++) {
            live.set(ordinal, part.live().contains(ordinal));
        }
        return live;
    }

    private void add(
            int part, SealedGraph source, BitSet live, boolean link, BooleanSupplier stopped) {
        for (int from = live.nextSetBit(0); from >= 0; from = live.nextSetBit(from + 1)) {
            if (stopped.getAsBoolean()) {
                throw new CancellationException("a merge was stopped");
            }
            source.vectors().copy(from, vectors, points);
            partOf[points] = part;
            ordinalOf[points] = from;
            if (link) {
                graph.link(points);
            }
            points++;
        }
    }

    private void takeOver(SealedGraph source, BitSet live) {
        int[] ordinals = new int[source.points()];
        int next = 0;
        for (int from = 0; from < ordinals.length; from++) {
            ordinals[from] = live.get(from) ? next++ : -1;
        }
        graph.load(source.source(), ordinals);
    }

    /** Number of live points. */
    public int points() {
        return points;
    }

    /** The merged graph with codes of bytes, ready to be written while this is open. */
    public PackedGraph pack() {
        return pack(CodeRule.always(CodeKind.BYTES));
    }

    /** The merged graph, ready to be written while this is open. */
    public PackedGraph pack(CodeRule codes) {
        graph.releaseCodes();
        return SealedGraphPacker.pack(vectors, graph.source(), OrdinalSet.ALL, points, codes);
    }

    /** In which part a point was, by {@link PackedGraph#newToOld}. */
    public int part(int ordinal) {
        return partOf[ordinal];
    }

    /** The point's ordinal in its part, by {@link PackedGraph#newToOld}. */
    public int ordinal(int ordinal) {
        return ordinalOf[ordinal];
    }

    /** Bytes held, off-heap and on. */
    public long sizeBytes() {
        return vectors.sizeBytes() + graph.sizeBytes() + 8L * partOf.length;
    }

    /** Frees vectors, links and codes. */
    @Override
    public void close() {
        graph.close();
        vectors.close();
    }
}
