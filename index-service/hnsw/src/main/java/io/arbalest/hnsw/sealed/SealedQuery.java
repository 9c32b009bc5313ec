package io.arbalest.hnsw.sealed;

import io.arbalest.model.Metric;
import io.arbalest.simd.FloatDot;
import io.arbalest.simd.HalfQuery;

/**
 * A query laid out for the kernels of a packed graph; filled again for every search.
 *
 * <p>Confined to one thread.
 */
final class SealedQuery {
    final HalfQuery half;
    private final Metric metric;

    /** Multiplies the kernel's inner product. */
    float factor;

    /** Is added to every score. */
    float offset;

    SealedQuery(int dimension, Metric metric) {
        this.metric = metric;
        half = new HalfQuery(dimension);
    }

    /** Takes the elements of a query, which must be finite. */
    void load(float[] query) {
        half.load(query);
        double squaredNorm = metric == Metric.IP ? 0 : FloatDot.dot(query, query);
        double scale = half.scale();
        factor =
                (float)
                        switch (metric) {
                            case IP -> scale;
                            case L2 -> 2 * scale;
                            case COSINE -> squaredNorm > 0 ? scale / Math.sqrt(squaredNorm) : 0;
                        };
        offset = metric == Metric.L2 ? (float) -squaredNorm : 0;
    }
}
