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
 * <p>Confined to one thread, and to those of the ranges.
 */
public final class SealedGraphPacker {
    private final VectorTable vectors;
    private final GraphSource source;
    private final OrdinalSet live;
    private final int rows;
    private final CodeRule rule;
    private final PointRanges ranges;

    private SealedGraphPacker(
            VectorTable vectors,
            GraphSource source,
            OrdinalSet live,
            int rows,
            CodeRule rule,
            PointRanges ranges) {
        this.rule = Objects.requireNonNull(rule);
        this.ranges = ranges;
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
        return pack(vectors, source, live, rows, rule, PointRanges.HERE);
    }

    /**
     * As {@link #pack(VectorTable, GraphSource, OrdinalSet, int, CodeRule)}, on several threads; so
     * is the writing of the sections. The bytes are the same.
     *
     * @param source may be read by several threads at once, as may {@code live}
     */
    public static PackedGraph pack(
            VectorTable vectors,
            GraphSource source,
            OrdinalSet live,
            int rows,
            CodeRule rule,
            PointRanges ranges) {
        return new SealedGraphPacker(vectors, source, live, rows, rule, ranges).pack();
    }

    private PackedGraph pack() {
        int[] kept = kept();
        int[] compact = new int[rows];
        Arrays.fill(compact, -1);
        for (int i = 0; i < kept.length; i++) {
            compact[kept[i]] = i;
        }
        int[][] level0 = new int[kept.length][];
        ranges.run(
                kept.length,
                (from, to) -> {
                    LiveLinks links = new LiveLinks(vectors, source, live);
                    for (int i = from; i < to; i++) {
                        level0[i] = renumbered(links.of(kept[i], 0), compact);
                    }
                });
        if (kept.length == 0) {
            CodeChoice choice = rule.choose(vectors, kept, level0, ranges);
            return new PackedGraph(vectors, kept, level0, List.of(), choice, ranges);
        }
        List<PackedLevel> upper = upper(kept, compact);
        int root = upper.isEmpty() ? 0 : upper.getLast().ordinals()[0];
        Reachability.repair(level0, root, source.limit(0));
        int[] order = NodeOrder.breadthFirst(level0, root);
        int[] place = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            place[order[i]] = i;
        }
        int[] newToOld = new int[order.length];
        int[][] lists = new int[order.length][];
        ranges.run(
                order.length,
                (from, to) -> {
                    for (int i = from; i < to; i++) {
                        newToOld[i] = kept[order[i]];
                        lists[i] = renumbered(level0[order[i]], place);
                    }
                });
        CodeChoice choice = rule.choose(vectors, newToOld, lists, ranges);
        List<PackedLevel> placed = new ArrayList<>();
        for (PackedLevel level : upper) {
            placed.add(level.renumbered(place));
        }
        int[][] stored = choice.codes() == CodeKind.SIGNS ? filled(lists, newToOld) : lists;
        return new PackedGraph(vectors, newToOld, stored, placed, choice, ranges);
    }

    private int[][] filled(int[][] lists, int[] newToOld) {
        if (vectors.dimension() > SignCodes.MAX_DIMENSION) {
            throw new IllegalArgumentException(
                    "dimension " + vectors.dimension() + ", signs take " + SignCodes.MAX_DIMENSION);
        }
        int[][] filled = new int[lists.length][];
        ranges.run(
                lists.length,
                (from, to) ->
                        new ListFiller(vectors, newToOld)
                                .fill(lists, source.limit(0), from, to, filled));
        return filled;
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
    private List<PackedLevel> upper(int[] kept, int[] compact) {
        LiveLinks links = new LiveLinks(vectors, source, live);
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
