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
        scored = 0;
        visited = 0;
        long entry = graph.entry();
        if (entry == GrowingGraph.EMPTY) {
            return;
        }
        long best = walk.descend(query, GrowingGraph.ordinal(entry), GrowingGraph.level(entry), 1);
        walk.walk(query, best, Math.max(ef, results.capacity()), 0, accept);
        scored = walk.scored();
        visited = scored;
        offer(walk.found(), minScore, results);
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
            int ef,
            AcceptedPoints accepted,
            float minScore,
            long limit,
            NeighborQueue results) {
        walk.resetScored();
        scored = 0;
        visited = 0;
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
        walkedAll = among.shareAround(from, accepted.set()) >= accepted.dense();
        if (walkedAll) {
            walk.walk(query, best, Math.max(ef, results.capacity()), 0, accepted.set());
            scored = walk.scored();
            visited = scored;
            offer(walk.found(), minScore, results);
            return true;
        }
        walk.filteredQuery(query);
        boolean ended = among.walk(from, Math.max(ef, results.capacity()), accepted, limit);
        scored = walk.scored() + among.scored();
        visited = walk.scored() + among.visited();
        among.offer(minScore, results);
        return ended;
    }

    /** Whether the last {@link #searchAccepted} walked all points. */
    public boolean walkedAll() {
        return walkedAll;
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
