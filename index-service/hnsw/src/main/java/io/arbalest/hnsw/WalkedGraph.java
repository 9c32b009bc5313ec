package io.arbalest.hnsw;

/**
 * Level 0 of a graph and the scores of one query, as {@link FilteredWalk} sees them.
 *
 * <p>Confined to one thread at a time.
 */
public interface WalkedGraph {
    /** Ordinals are below this. */
    int capacity();

    /** No list has more neighbours. */
    int longestList();

    /** Copies a point's neighbours and returns how many there are. */
    int neighbors(int ordinal, int[] target);

    /** Starts to bring the list of a point into the cache. */
    void fetchList(int ordinal);

    /**
     * Starts to bring what {@link #score} reads of the first {@code count} points into the cache.
     */
    void fetch(int[] ordinals, int count);

    /** Scores the first {@code count} points, which were fetched, better a while ago. */
    void score(int[] ordinals, int count, float[] scores);
}
