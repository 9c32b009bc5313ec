package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.LongHeap;
import io.arbalest.hnsw.ScoredOrdinal;

/**
 * Best-first walk of level 0 that scores the unvisited neighbours of a point together.
 *
 * <p>Confined to one thread at a time.
 */
final class ListWalk {
    /** Points expanded between two looks at the deadline. */
    private static final int DEADLINE_STRIDE = 16;

    private final SealedGraph graph;
    private final RowScorer scorer;
    private final VisitMarks visited;
    private final CandidatePool pool = new CandidatePool();
    private final LongHeap detours = new LongHeap(256); // negated: the best on top
    private final int[] neighbors;
    private final float[] scores;
    private long scored;
    private boolean expired;
    private byte touched; // keeps the reads of the touch pass alive

    ListWalk(SealedGraph graph, RowScorer scorer) {
        this.graph = graph;
        this.scorer = scorer;
        visited = new VisitMarks(graph.points());
        neighbors = new int[Math.max(1, graph.longestList())];
        scores = new float[neighbors.length];
    }

    CandidatePool found() {
        return pool;
    }

    long scored() {
        return scored;
    }

    boolean expired() {
        return expired;
    }

    void reset() {
        scored = 0;
        expired = false;
        pool.clear(1);
    }

    /** Walks from one point until the best candidate is worse than all {@code ef} points found. */
    void walk(long entry, int ef, SearchLimits limits, OrdinalSet accept) {
        visited.clear();
        detours.clear();
        pool.clear(ef);
        visited.add(ScoredOrdinal.ordinal(entry));
        consider(entry, accept);
        int expanded = 0;
        for (int point = nextPoint(); point >= 0; point = nextPoint()) {
            if (++expanded % DEADLINE_STRIDE == 0 && limits.expired().getAsBoolean()) {
                expired = true;
                return;
            }
            int count = collectUnvisited(point);
            scorer.score(neighbors, count, scores);
            scored += count;
            for (int i = 0; i < count; i++) {
                long neighbor = ScoredOrdinal.of(scores[i], neighbors[i]);
                if (pool.takes(neighbor)) {
                    consider(neighbor, accept);
                }
            }
        }
    }

    private void consider(long point, OrdinalSet accept) {
        if (accept.contains(ScoredOrdinal.ordinal(point))) {
            pool.add(point);
        } else {
            detours.push(~point);
        }
    }

    /** The best point not expanded yet, or -1 at the end of the walk. */
    private int nextPoint() {
        long best = pool.bestUnexpanded();
        if (detours.size() > 0 && ~detours.top() > best) {
            best = ~detours.pop();
            return pool.takes(best) ? ScoredOrdinal.ordinal(best) : -1;
        }
        if (best == Long.MIN_VALUE) {
            return -1;
        }
        pool.markExpanded();
        return ScoredOrdinal.ordinal(best);
    }

    private int collectUnvisited(int ordinal) {
        int count = graph.read(ordinal, neighbors);
        int unvisited = 0;
        byte sink = 0;
        for (int i = 0; i < count; i++) {
            int neighbor = neighbors[i];
            if (visited.add(neighbor)) {
                neighbors[unvisited++] = neighbor;
                sink ^= scorer.touch(neighbor);
            }
        }
        touched = sink;
        return unvisited;
    }

    /** What the last touch pass read; of no meaning. */
    byte touched() {
        return touched;
    }
}
