package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

/**
 * Scratch for searching one graph from one thread at a time, also while others link; allocates
 * nothing per hop.
 *
 * <p>Reusable; confined to one thread at a time.
 */
public final class GraphSearcher {
    private final GrowingGraph graph;
    private final GraphWalk walk;

    GraphSearcher(GrowingGraph graph, GraphWalk walk) {
        this.graph = graph;
        this.walk = walk;
    }

    /**
     * Offers what a best-first walk of the graph finds. Points that are not accepted are walked
     * through, never returned and never counted in {@code ef}.
     *
     * @param ef candidates kept; at least as many as the results hold are
     * @param minScore points with a lower score are not offered
     */
    public void search(
            PreparedQuery query, int ef, OrdinalSet accept, float minScore, NeighborQueue results) {
        walk.resetScored();
        long entry = graph.entry();
        if (entry == GrowingGraph.EMPTY) {
            return;
        }
        long best = walk.descend(query, GrowingGraph.ordinal(entry), GrowingGraph.level(entry), 1);
        walk.walk(query, best, Math.max(ef, results.capacity()), 0, accept);
        Pool found = walk.found();
        for (int i = 0; i < found.size(); i++) {
            float score = ScoredOrdinal.score(found.get(i));
            if (score < minScore || !results.offer(ScoredOrdinal.ordinal(found.get(i)), score)) {
                return; // all that follow are worse
            }
        }
    }

    /** Distances computed by the last search. */
    public long scored() {
        return walk.scored();
    }
}
