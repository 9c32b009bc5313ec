package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.PointScores;

/**
 * Scores points of a graph for one query, exactly or by codes.
 *
 * <p>Confined to one thread.
 */
interface RowScorer extends PointScores {
    /** Turns to another query. */
    void load(float[] query);

    /** Scores the first {@code count} points of a list; fetches several before the first. */
    void score(int[] ordinals, int count, float[] scores);

    /** Starts to bring what {@link #score} reads of a point into the cache. */
    void fetch(int ordinal);
}
