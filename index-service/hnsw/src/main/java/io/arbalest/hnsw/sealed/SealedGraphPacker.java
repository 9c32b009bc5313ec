package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSource;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.simd.SignCodes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Packs the live points of a growing graph: drops the dead, mends the lists around them, makes
 * every point reachable on level 0, and puts the points in an order that keeps neighbours close.
 *
 * <p>Nobody may write to the graph or its vectors meanwhile; searches may go on. The same input
 * gives the same bytes.
 *
 * <p>Confined to one thread.
 */
public final class SealedGraphPacker {
    private final VectorTable vectors;
    private final GraphSource source;
    private final OrdinalSet live;
    private final int rows;
    private final CodeRule rule;

    private SealedGraphPacker(
            VectorTable vectors, GraphSource source, OrdinalSet live, int rows, CodeRule rule) {
        this.rule = Objects.requireNonNull(rule);
        this.vectors = Objects.requireNonNull(vectors);
        this.source = Objects.requireNonNull(source);
        this.live = Objects.requireNonNull(live);
        this.rows = rows;
    }

    /**
     * Packs with codes of bytes, whatever the points.
     *
     * @param live the points to keep; each must be in the graph
     * @param rows ordinals of the source are below this
     */
    public static PackedGraph pack(
            VectorTable vectors, GraphSource source, OrdinalSet live, int rows) {
        return pack(vectors, source, live, rows, CodeKind.BYTES);
    }

    /**
     * Decides everything about the packed graph; {@link PackedGraph#write} then fills the sections.
     *
     * @param live the points to keep; each must be in the graph
     * @param rows ordinals of the source are below this
     * @param codes what to store beside the vectors
     */
    public static PackedGraph pack(
            VectorTable vectors, GraphSource source, OrdinalSet live, int rows, CodeKind codes) {
        return pack(vectors, source, live, rows, CodeRule.always(codes));
    }

    /**
     * As {@link #pack(VectorTable, GraphSource, OrdinalSet, int, CodeKind)}.
     *
     * @param rule what to store beside the vectors
     */
    public static PackedGraph pack(
            VectorTable vectors, GraphSource source, OrdinalSet live, int rows, CodeRule rule) {
        return new SealedGraphPacker(vectors, source, live, rows, rule).pack();
    }

    private PackedGraph pack() {
        int[] kept = kept();
        int[] compact = new int[rows];
        Arrays.fill(compact, -1);
        for (int i = 0; i < kept.length; i++) {
            compact[kept[i]] = i;
        }
        LiveLinks links = new LiveLinks(vectors, source, live);
        int[][] level0 = new int[kept.length][];
        for (int i = 0; i < kept.length; i++) {
            level0[i] = renumbered(links.of(kept[i], 0), compact);
        }
        if (kept.length == 0) {
            CodeChoice choice = rule.choose(vectors, kept, level0);
            return new PackedGraph(vectors, kept, level0, List.of(), choice);
        }
        List<PackedLevel> upper = upper(kept, compact, links);
        int root = upper.isEmpty() ? 0 : upper.getLast().ordinals()[0];
        Reachability.repair(level0, root, source.limit(0));
        int[] order = NodeOrder.breadthFirst(level0, root);
        int[] place = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            place[order[i]] = i;
        }
        int[] newToOld = new int[order.length];
        int[][] lists = new int[order.length][];
        for (int i = 0; i < order.length; i++) {
            newToOld[i] = kept[order[i]];
            lists[i] = renumbered(level0[order[i]], place);
        }
        CodeChoice choice = rule.choose(vectors, newToOld, lists);
        if (choice.codes() == CodeKind.SIGNS) {
            if (vectors.dimension() > SignCodes.MAX_DIMENSION) {
                throw new IllegalArgumentException(
                        "dimension "
                                + vectors.dimension()
                                + ", signs take "
                                + SignCodes.MAX_DIMENSION);
            }
            lists = new ListFiller(vectors, newToOld).filled(lists, source.limit(0));
        }
        List<PackedLevel> placed = new ArrayList<>();
        for (PackedLevel level : upper) {
            placed.add(level.renumbered(place));
        }
        return new PackedGraph(vectors, newToOld, lists, placed, choice);
    }

    private int[] kept() {
        int[] kept = new int[rows];
        int count = 0;
        for (int ordinal = 0; ordinal < rows; ordinal++) {
            if (live.contains(ordinal)) {
                if (source.levelOf(ordinal) < 0) {
                    throw new IllegalArgumentException("point " + ordinal + " is not in the graph");
                }
                kept[count++] = ordinal;
            }
        }
        return Arrays.copyOf(kept, count);
    }

    /** Levels 1 and above, by compact ordinals. */
    private List<PackedLevel> upper(int[] kept, int[] compact, LiveLinks links) {
        List<PackedLevel> upper = new ArrayList<>();
        for (int level = 1; true; level++) {
            int count = 0;
            int[] ordinals = new int[kept.length];
            for (int i = 0; i < kept.length; i++) {
                if (source.levelOf(kept[i]) >= level) {
                    ordinals[count++] = i;
                }
            }
            if (count == 0) {
                return upper;
            }
            int[][] lists = new int[count][];
            for (int i = 0; i < count; i++) {
                lists[i] = renumbered(links.of(kept[ordinals[i]], level), compact);
            }
            upper.add(new PackedLevel(Arrays.copyOf(ordinals, count), lists));
        }
    }

    static int[] renumbered(int[] list, int[] numbers) {
        int[] renumbered = new int[list.length];
        for (int i = 0; i < list.length; i++) {
            renumbered[i] = numbers[list[i]];
        }
        return renumbered;
    }
}
