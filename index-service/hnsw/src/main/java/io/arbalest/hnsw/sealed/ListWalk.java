package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.CandidatePool;
import io.arbalest.hnsw.Frontier;
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
    private final Frontier frontier = new Frontier();
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
        return frontier.pool();
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
        CandidatePool pool = frontier.pool();
        frontier.clear(ef);
        visited.add(ScoredOrdinal.ordinal(entry));
        frontier.add(entry, accept);
        int expanded = 0;
        for (int point = frontier.next(); point >= 0; point = frontier.next()) {
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
                if (pool.takes(neighbor) && frontier.add(neighbor, accept) < k) {
                    stop.changed(expanded);
                }
            }
        }
    }
}
