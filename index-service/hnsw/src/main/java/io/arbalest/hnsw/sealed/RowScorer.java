package io.arbalest.hnsw.sealed;

/**
 * Scores points of a packed graph for one query, exactly or by codes.
 *
 * <p>Confined to one thread.
 */
interface RowScorer {
    /** Turns to another query. */
    void load(float[] query);

    /** Scores the first {@code count} points of a list; fetches several before the first. */
    void score(int[] ordinals, int count, float[] scores);

    /** As {@link #score}, of points that were fetched a while ago. */
    void scoreFetched(int[] ordinals, int count, float[] scores);

    /** As {@link #fetch(int)}, for the first {@code count} points of a list. */
    void fetch(int[] ordinals, int count);

    /** Starts to bring what {@link #score} reads of a point into the cache. */
    void fetch(int ordinal);
}
