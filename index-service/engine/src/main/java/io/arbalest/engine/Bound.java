package io.arbalest.engine;

import io.arbalest.hnsw.NeighborQueue;

import org.jspecify.annotations.Nullable;

/**
 * The k-th best score of a query so far, over all segments.
 *
 * <p>Confined to the searching thread.
 */
final class Bound {
    private final int k;
    private @Nullable NeighborQueue scores; // null: none was offered
    private int offered;

    Bound(int k) {
        this.k = k;
    }

    void offer(float score) {
        if (scores == null) {
            scores = new NeighborQueue(k);
        }
        scores.offer(offered++, score);
    }

    float score() {
        return scores == null ? Float.NEGATIVE_INFINITY : scores.worstScore();
    }
}
