package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSource;
import io.arbalest.hnsw.PreparedQuery;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.VectorTable;

import java.util.Arrays;

/**
 * The links of the live points of a growing graph, by their ordinals there. A dead neighbour is
 * replaced: its own live neighbours are candidates, and where there are more candidates than places
 * the diverse ones stay (FreshDiskANN's consolidation, arXiv 2105.09613, with the selection of
 * HNSW).
 *
 * <p>Confined to one thread.
 */
final class LiveLinks {
    private final VectorTable vectors;
    private final GraphSource source;
    private final OrdinalSet live;
    private final PreparedQuery query;
    private final PreparedQuery other;
    private final int[] list;
    private final int[] behind;
    private int[] candidates = new int[256];
    private float[] scores = new float[256];
    private long[] ranked = new long[256];

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
        boolean dead = false;
        for (int i = 0; i < count; i++) {
            if (live.contains(list[i])) {
                found = candidate(ordinal, list[i], found);
            } else {
                dead = true;
            }
        }
        if (!dead) {
            return Arrays.copyOf(candidates, found);
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
        return select(ordinal, found, source.limit(level));
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
            ranked = new long[2 * found];
        }
        candidates[found] = neighbor;
        return found + 1;
    }

    private int[] select(int ordinal, int found, int limit) {
        vectors.prepareStored(ordinal, query);
        vectors.score(query, candidates, found, scores);
        for (int i = 0; i < found; i++) {
            ranked[i] = ~ScoredOrdinal.of(scores[i], candidates[i]);
        }
        Arrays.sort(ranked, 0, found);
        int[] kept = new int[Math.min(found, limit)];
        int keptCount = 0;
        for (int i = 0; i < found && keptCount < limit; i++) {
            int candidate = ScoredOrdinal.ordinal(~ranked[i]);
            float score = ScoredOrdinal.score(~ranked[i]);
            if (isDiverse(candidate, score, kept, keptCount)) {
                kept[keptCount++] = candidate;
            }
        }
        return Arrays.copyOf(kept, keptCount);
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
