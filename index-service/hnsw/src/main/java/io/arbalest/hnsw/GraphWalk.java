package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

/**
 * The two searches of the HNSW paper (Malkov and Yashunin, arXiv 1603.09320): greedy descent on an upper level and the best-first
 * walk on one level, with the scratch that they need. Neighbours are collected first and scored together afterwards.
 *
 * <p>Confined to one thread at a time.
 */
final class GraphWalk {
    private final VectorTable vectors;
    private final Links links;
    private final VisitedSet visited;
    private final LongHeap candidates = new LongHeap(1024); // negated: the best on top
    private final LongHeap found = new LongHeap(1024); // the worst on top
    private final int[] neighbors;
    private final float[] scores;
    private long scored;

    GraphWalk(VectorTable vectors, Links links, int capacity) {
        this.vectors = vectors;
        this.links = links;
        visited = new VisitedSet(capacity);
        neighbors = new int[links.limit(0)];
        scores = new float[links.limit(0)];
    }

    /** What the last {@link #walk} found: packed {@link ScoredOrdinal}s, the worst on top. */
    LongHeap found() {
        return found;
    }

    /** Distances computed since the last {@link #resetScored}. */
    long scored() {
        return scored;
    }

    void resetScored() {
        scored = 0;
    }

    /** Scores the entry point and goes to ever closer neighbours on the levels from {@code top} down to {@code bottom}. */
    long descend(PreparedQuery query, int entryOrdinal, int top, int bottom) {
        long best = ScoredOrdinal.of(vectors.score(query, entryOrdinal), entryOrdinal);
        scored++;
        for (int level = top; level >= bottom; level--) {
            best = climb(query, best, level);
        }
        return best;
    }

    /**
     * Best-first walk of a level from one point, until the best candidate is worse than all {@code ef} points found.
     *
     * @param accept which points may be found and count in ef; all points are walked through
     */
    void walk(PreparedQuery query, long entry, int ef, int level, OrdinalSet accept) {
        visited.clear();
        candidates.clear();
        found.clear();
        visited.add(ScoredOrdinal.ordinal(entry));
        candidates.push(~entry);
        if (accept.contains(ScoredOrdinal.ordinal(entry))) {
            found.push(entry);
        }
        while (candidates.size() > 0) {
            long candidate = ~candidates.pop();
            if (found.size() == ef && candidate < found.top()) {
                return;
            }
            int count = collectUnvisited(ScoredOrdinal.ordinal(candidate), level);
            vectors.score(query, neighbors, count, scores);
            scored += count;
            for (int i = 0; i < count; i++) {
                consider(ScoredOrdinal.of(scores[i], neighbors[i]), ef, accept);
            }
        }
    }

    private void consider(long neighbor, int ef, OrdinalSet accept) {
        boolean full = found.size() == ef;
        if (full && neighbor < found.top()) {
            return;
        }
        candidates.push(~neighbor);
        if (!accept.contains(ScoredOrdinal.ordinal(neighbor))) {
            return;
        }
        if (full) {
            found.replaceTop(neighbor);
        } else {
            found.push(neighbor);
        }
    }

    private int collectUnvisited(int ordinal, int level) {
        int count = links.read(ordinal, level, neighbors);
        int unvisited = 0;
        for (int i = 0; i < count; i++) {
            int neighbor = neighbors[i];
            if (visited.add(neighbor)) {
                neighbors[unvisited++] = neighbor;
            }
        }
        return unvisited;
    }

    private long climb(PreparedQuery query, long start, int level) {
        long best = start;
        long at;
        do {
            at = best;
            int count = links.read(ScoredOrdinal.ordinal(at), level, neighbors);
            vectors.score(query, neighbors, count, scores);
            scored += count;
            for (int i = 0; i < count; i++) {
                best = Math.max(best, ScoredOrdinal.of(scores[i], neighbors[i]));
            }
        } while (best != at);
        return best;
    }
}
