package io.arbalest.engine;

/**
 * Chooses how to search a segment for rows that a filter accepts, by the number of distances that
 * each way is expected to cost.
 *
 * <ul>
 *   <li>exact: one a matching row, and it misses nothing;
 *   <li>walk: about what a walk without a filter costs, {@code ef * m0} times a share, each a few
 *       times dearer than one of a scan, for the lists that are read on the way;
 *   <li>post: the same, divided by the share of rows that match around the query.
 * </ul>
 *
 * <p>Which of the two walks it is, the walk decides on its way: a filter that half of all rows pass
 * may leave none near this query, and one that few pass all of them.
 *
 * <p>The constants come from {@code bench filters} on 60,890 points of 192 dimensions and 100,000
 * of 128; see adr/0008.
 *
 * <p>Thread-safe: no state.
 */
final class FilterPlanner {
    /** Distances of an unfiltered walk, as a share of {@code ef * m0}. */
    static final double WALK_SHARE = 0.7;

    /** What a distance of the walk among accepted rows costs, in distances of a scan. */
    static final double WALK_FACTOR = 4.5;

    /**
     * From this share of matching rows on a walk's way on, looking behind the others does not pay.
     */
    static final double DENSE = 0.35;

    /**
     * Matching rows within two hops of a row, below which the graph among them falls apart: a walk
     * then misses some, and the scan is cheap.
     */
    static final double THIN = 25;

    private FilterPlanner() {}

    /**
     * The cheapest plan: EXACT, or WALK for one of the walks.
     *
     * @param linked rows in the graph
     * @param matching rows of the segment that the filter accepts, dead ones included
     */
    static FilterPlan choose(int linked, long matching, int ef, int m0) {
        boolean cheap = matching <= WALK_FACTOR * walkScores(ef, m0);
        boolean thin = (double) m0 * m0 * matching < THIN * linked;
        return linked == 0 || cheap || thin ? FilterPlan.EXACT : FilterPlan.WALK;
    }

    /**
     * Distances, and rows looked behind, after which a walk is given up for the exact plan, so that
     * a walk that gets nowhere costs at most about as much again.
     */
    static long walkLimit(long matching, int ef, int m0) {
        return Math.max((long) (2 * walkScores(ef, m0)), (long) (matching / WALK_FACTOR));
    }

    private static double walkScores(int ef, int m0) {
        return WALK_SHARE * ef * m0;
    }
}
