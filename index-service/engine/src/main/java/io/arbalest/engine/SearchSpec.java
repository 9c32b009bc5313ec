package io.arbalest.engine;

import io.arbalest.model.Filter;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * What a search asks of one shard.
 *
 * @param k rows wanted, 1 to {@value #MAX_K}
 * @param ef candidates kept; 0: the collection's default; raised to k
 * @param exact score every matching point instead of walking the graph
 * @param skipTail leave out rows that the graph has not linked yet
 * @param minScore rows below are left out; {@code -Infinity}: none
 * @param fields metadata fields to return
 * @param minSequenceNumber wait until this row is visible; 0: do not wait
 * @param deadlineNanos on the engine's monotonic clock
 * @param plan how a filter is answered; anything but AUTO is for measuring
 * @param adaptiveStop a walk of a graph may end once the best rows have settled: fewer distances
 *     for a little recall ({@link io.arbalest.hnsw.SettledStop}); walks among the rows of a filter
 *     and scans end as ever
 */
public record SearchSpec(
        int k,
        int ef,
        boolean exact,
        boolean skipTail,
        @Nullable Filter filter,
        double minScore,
        List<String> fields,
        boolean includeVector,
        long minSequenceNumber,
        long deadlineNanos,
        FilterPlan plan,
        boolean adaptiveStop) {
    public static final int MAX_K = 10_000;

    /** With the plan left to the planner, and walks that go to their end. */
    public SearchSpec(
            int k,
            int ef,
            boolean exact,
            boolean skipTail,
            @Nullable Filter filter,
            double minScore,
            List<String> fields,
            boolean includeVector,
            long minSequenceNumber,
            long deadlineNanos) {
        this(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                minSequenceNumber,
                deadlineNanos,
                FilterPlan.AUTO,
                false);
    }

    /**
     * The keys of the k nearest rows that are visible now, however long it takes.
     *
     * @param ef candidates kept; 0: the collection's
     * @param filter null: none
     */
    public static SearchSpec nearest(int k, int ef, @Nullable Filter filter) {
        return new SearchSpec(
                k,
                ef,
                false,
                false,
                filter,
                Double.NEGATIVE_INFINITY,
                List.of(),
                false,
                0,
                Long.MAX_VALUE);
    }

    /** The same, with a filter answered in this way. */
    public SearchSpec withPlan(FilterPlan newPlan) {
        return with(newPlan, adaptiveStop);
    }

    /** The same, with the early end of walks on or off. */
    public SearchSpec withAdaptiveStop(boolean on) {
        return with(plan, on);
    }

    private SearchSpec with(FilterPlan newPlan, boolean newAdaptiveStop) {
        return new SearchSpec(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                minSequenceNumber,
                deadlineNanos,
                newPlan,
                newAdaptiveStop);
    }
}
