package io.arbalest.engine;

import io.arbalest.hnsw.NeighborQueue;

/**
 * The k-th best score of a query so far, over all segments.
 *
 * <p>Confined to the searching thread.
 */
final class Bound {
    private final NeighborQueue scores;
    private int offered;

    Bound(int k) {
        scores = new NeighborQueue(k);
    }

    void offer(float score) {
        scores.offer(offered++, score);
    }

    float score() {
        return scores.worstScore();
    }
}
