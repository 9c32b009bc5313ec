package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSource;
import io.arbalest.hnsw.PreparedQuery;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.VectorTable;

import java.util.Arrays;

/**
 * The links of the live points of a growing graph, by their ordinals there. Neighbours that live
 * all stay; a dead one is replaced by one of its own live neighbours (the consolidation of
 * FreshDiskANN, arXiv 2105.09613), the diverse first, so that a list does not become shorter.
 *
 * <p>Confined to one thread.
 */
final class LiveLinks {
    private static final long TAKEN = Long.MAX_VALUE;

    private final VectorTable vectors;
    private final GraphSource source;
    private final OrdinalSet live;
    private final PreparedQuery query;
    private final PreparedQuery other;
    private final int[] list;
    private final int[] behind;
    private int[] candidates = new int[256];
    private float[] scores = new float[256];

    LiveLinks(VectorTable vectors, GraphSource source, OrdinalSet live) {
        this.vectors = vectors;
        this.source = source;
        this.live = live;
        query = vectors.newQuery();
        other = vectors.newQuery();
        list = new int[Math.max(source.limit(0), source.limit(1))];
        behind = new int[list.length];
    }

    /** The live neighbours of a live point on a level. */
    int[] of(int ordinal, int level) {
        int count = source.neighbors(ordinal, level, list);
        int found = 0;
        for (int i = 0; i < count; i++) {
            if (live.contains(list[i])) {
                found = candidate(ordinal, list[i], found);
            }
        }
        int living = found;
        if (living == count) {
            return Arrays.copyOf(candidates, living);
        }
        for (int i = 0; i < count; i++) {
            if (!live.contains(list[i])) {
                int reached = source.neighbors(list[i], level, behind);
                for (int j = 0; j < reached; j++) {
                    if (live.contains(behind[j])) {
                        found = candidate(ordinal, behind[j], found);
                    }
                }
            }
        }
        return filled(ordinal, living, found, count);
    }

    private int candidate(int ordinal, int neighbor, int found) {
        if (neighbor == ordinal) {
            return found;
        }
        for (int i = 0; i < found; i++) {
            if (candidates[i] == neighbor) {
                return found;
            }
        }
        if (found == candidates.length) {
            candidates = Arrays.copyOf(candidates, 2 * found);
            scores = new float[2 * found];
        }
        candidates[found] = neighbor;
        return found + 1;
    }

    /**
     * All living neighbours, and of the other candidates first the diverse, then the nearest, until
     * there are as many as before.
     */
    private int[] filled(int ordinal, int living, int found, int wanted) {
        vectors.prepareStored(ordinal, query);
        int[] others = Arrays.copyOfRange(candidates, living, found);
        vectors.score(query, others, others.length, scores);
        long[] ranked = new long[others.length];
        for (int i = 0; i < ranked.length; i++) {
            ranked[i] = ~ScoredOrdinal.of(scores[i], others[i]);
        }
        Arrays.sort(ranked);
        int[] kept = Arrays.copyOf(candidates, wanted);
        int count = living;
        for (int i = 0; i < ranked.length && count < wanted; i++) {
            int candidate = ScoredOrdinal.ordinal(~ranked[i]);
            if (isDiverse(candidate, ScoredOrdinal.score(~ranked[i]), kept, count)) {
                kept[count++] = candidate;
                ranked[i] = TAKEN;
            }
        }
        for (int i = 0; i < ranked.length && count < wanted; i++) {
            if (ranked[i] != TAKEN) {
                kept[count++] = ScoredOrdinal.ordinal(~ranked[i]);
            }
        }
        return Arrays.copyOf(kept, count);
    }

    private boolean isDiverse(int candidate, float scoreToBase, int[] kept, int keptCount) {
        vectors.prepareStored(candidate, other);
        vectors.score(other, kept, keptCount, scores);
        for (int i = 0; i < keptCount; i++) {
            if (scores[i] > scoreToBase) {
                return false;
            }
        }
        return true;
    }
}
