package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

import org.jspecify.annotations.Nullable;

/**
 * Scratch for searching one graph from one thread at a time, also while others link; allocates
 * nothing per hop.
 *
 * <p>Reusable; confined to one thread at a time.
 */
public final class GraphSearcher {
    private final GrowingGraph graph;
    private final GraphWalk walk;
    private @Nullable FilteredWalk filtered;
    private long scored;
    private long visited;
    private boolean walkedAll;
    private boolean expired;

    GraphSearcher(GrowingGraph graph, GraphWalk walk) {
        this.graph = graph;
        this.walk = walk;
    }

    /**
     * Offers what a best-first walk of the graph finds. Points that are not accepted are walked
     * through, never returned and never counted in {@code ef}.
     *
     * @param limits of which at least as many candidates are kept as the results hold
     */
    public void search(
            PreparedQuery query, SearchLimits limits, OrdinalSet accept, NeighborQueue results) {
        walk.resetScored();
        scored = 0;
        visited = 0;
        expired = false;
        long entry = graph.entry();
        if (entry == GrowingGraph.EMPTY) {
            return;
        }
        long best = walk.descend(query, GrowingGraph.ordinal(entry), GrowingGraph.level(entry), 1);
        walk(query, best, limits, accept, results);
    }

    private void walk(
            PreparedQuery query,
            long from,
            SearchLimits limits,
            OrdinalSet accept,
            NeighborQueue results) {
        walk.walk(query, from, 0, limits, results.capacity(), accept);
        scored = walk.scored();
        visited = scored;
        expired = walk.expired();
        offer(walk.found(), limits.minScore(), results);
    }

    private static void offer(CandidatePool found, float minScore, NeighborQueue results) {
        for (int i = 0; i < found.size(); i++) {
            float score = ScoredOrdinal.score(found.get(i));
            if (score < minScore || !results.offer(ScoredOrdinal.ordinal(found.get(i)), score)) {
                return; // all that follow are worse
            }
        }
    }

    /**
     * As {@link #search}, for a set that leaves many points out: unless most points around the
     * query are accepted, only those are scored ({@link FilteredWalk}).
     *
     * @param limit distances after which the search gives up
     * @return whether the search came to its end
     */
    public boolean searchAccepted(
            PreparedQuery query,
            SearchLimits limits,
            AcceptedPoints accepted,
            long limit,
            NeighborQueue results) {
        walk.resetScored();
        scored = 0;
        visited = 0;
        expired = false;
        long entry = graph.entry();
        if (entry == GrowingGraph.EMPTY) {
            return true;
        }
        FilteredWalk among = filtered;
        if (among == null) {
            among = walk.filtered();
            filtered = among;
        }
        long best = walk.descend(query, GrowingGraph.ordinal(entry), GrowingGraph.level(entry), 1);
        int from = ScoredOrdinal.ordinal(best);
        walk.filteredQuery(query);
        int k = results.capacity();
        boolean ended = among.walk(from, k, k, limits, accepted, limit);
        walkedAll = among.walkedAll();
        scored = walk.scored() + among.scored();
        visited = walk.scored() + among.visited();
        expired = among.expired();
        among.offer(limits.minScore(), results);
        return ended;
    }

    /** Whether the last {@link #searchAccepted} walked all points. */
    public boolean walkedAll() {
        return walkedAll;
    }

    /** Whether the last search was cut short by its deadline. */
    public boolean expired() {
        return expired;
    }

    /** Points that the last search went through, scored or not. */
    public long visited() {
        return visited;
    }

    /** Distances computed by the last search. */
    public long scored() {
        return scored;
    }
}
