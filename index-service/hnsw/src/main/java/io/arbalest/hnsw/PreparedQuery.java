package io.arbalest.hnsw;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.HalfQuery;

/**
 * A query laid out for the kernels, with what the metric needs of it and scratch for a batch. Made
 * by {@link VectorTable#prepare} and good for tables of the same dimension and metric.
 *
 * <p>Confined to the thread that made it.
 */
public final class PreparedQuery {
    /** Vectors scored in one go. */
    static final int BATCH = 64;

    final HalfQuery half;
    final Prefetch prefetch = new Prefetch();
    final int[] ordinals = new int[BATCH];
    final float[] scores = new float[BATCH];

    /** Multiplies the kernel's inner product. */
    float factor;

    /** Is added to every score. */
    float offset;

    PreparedQuery(int dimension) {
        half = new HalfQuery(dimension);
    }
}
