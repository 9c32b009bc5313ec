package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.CandidatePool;
import io.arbalest.hnsw.LongHeap;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.SettledStop;
import io.arbalest.hnsw.VisitedSet;

/**
 * Best-first walk of level 0 that scores the unvisited neighbours of a point together.
 *
 * <p>Confined to one thread at a time.
 */
final class ListWalk {
    private final SealedGraph graph;
    private final RowScorer scorer;
    private final VisitedSet visited;
    private final SettledStop settled = new SettledStop();
    private final CandidatePool pool = new CandidatePool();
    private final LongHeap detours = new LongHeap(256); // negated: the best on top
    private final int[] neighbors;
    private final float[] scores;
    private long scored;
    private boolean expired;

    ListWalk(SealedGraph graph, RowScorer scorer, VisitedSet visited) {
        this.graph = graph;
        this.scorer = scorer;
        this.visited = visited;
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

    /**
     * Walks from one point until the best candidate is worse than all {@code ef} points found.
     *
     * @param k the best points whose settling may end the walk early
     */
    void walk(long entry, int ef, int k, SearchLimits limits, OrdinalSet accept) {
        scored = 0;
        expired = false;
        SettledStop stop = limits.adaptiveStop() ? settled : SettledStop.NEVER;
        stop.reset(ef);
        visited.clear();
        detours.clear();
        pool.clear(ef);
        visited.add(ScoredOrdinal.ordinal(entry));
        consider(entry, accept);
        int expanded = 0;
        for (int point = nextPoint(); point >= 0; point = nextPoint()) {
            if (++expanded % SearchLimits.STRIDE == 0 && limits.expired().getAsBoolean()) {
                expired = true;
                return;
            }
            if (stop.reached(expanded)) {
                return;
            }
            int count = visited.addAll(neighbors, graph.read(point, neighbors));
            long next = pool.bestUnexpanded();
            if (next != Long.MIN_VALUE) {
                graph.fetchList(ScoredOrdinal.ordinal(next));
            }
            scorer.score(neighbors, count, scores);
            scored += count;
            for (int i = 0; i < count; i++) {
                long neighbor = ScoredOrdinal.of(scores[i], neighbors[i]);
                if (pool.takes(neighbor) && consider(neighbor, accept) < k) {
                    stop.changed(expanded);
                }
            }
        }
    }

    /** The place that an accepted point got, or a large number. */
    private int consider(long point, OrdinalSet accept) {
        if (accept.contains(ScoredOrdinal.ordinal(point))) {
            return pool.add(point);
        }
        detours.push(~point);
        return Integer.MAX_VALUE;
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
}
