package io.arbalest.client;

import io.arbalest.model.ArbalestException;

import java.util.List;
import java.util.Map;

/**
 * The answer to one or several queries.
 *
 * @param hits one list a query, best first
 * @param missing shards that did not answer, and why; empty: the answer is complete
 * @param plans how each segment was searched, if the query asked
 */
public record SearchResult(
        List<List<Hit>> hits,
        Map<Integer, ArbalestException> missing,
        boolean deadlineReached,
        Statistics statistics,
        List<PlanReport> plans) {

    /** Without saying how it was searched. */
    public SearchResult(
            List<List<Hit>> hits,
            Map<Integer, ArbalestException> missing,
            boolean deadlineReached,
            Statistics statistics) {
        this(hits, missing, deadlineReached, statistics, List.of());
    }

    /** Whether some shard did not answer. */
    public boolean partial() {
        return !missing.isEmpty();
    }

    /**
     * What the search cost, summed over the shards.
     *
     * @param scored distances computed in graphs, over all queries
     * @param tailScored distances computed in exact scans, over all queries
     */
    public record Statistics(
            long scored, long tailScored, long linkedPoints, long tailPoints, long livePoints) {}
}
