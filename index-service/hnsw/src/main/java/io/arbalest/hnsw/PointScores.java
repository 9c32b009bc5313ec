package io.arbalest.hnsw;

/**
 * Scores points of one graph for a query that it was turned to.
 *
 * <p>Confined to one thread.
 */
public interface PointScores {
    /** Starts to bring what a score reads of the first {@code count} points into the cache. */
    void fetch(int[] ordinals, int count);

    /**
     * Scores the first {@code count} points of a list, which were fetched a while ago.
     *
     * @param scores receives the scores, from index 0
     */
    void scoreFetched(int[] ordinals, int count, float[] scores);
}
