package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.simd.SignCodes;

/**
 * Which codes a packed graph gets unless the caller says.
 *
 * <p>A block of one-bit codes replaces {@code 2m} reads of {@code dimension} bytes by one of {@code
 * 4 * dimension}, but its estimates err by about {@code |r||q - c| / sqrt(dimension)}, so that more
 * points are expanded for the same recall. On 100,000 descriptors of 128 elements bytes gave 1.2
 * times the queries of signs at recall 0.95; on 59,000 of 768 elements signs gave 2.2 times those
 * of binary16 vectors. The border lies between; nothing was measured there.
 *
 * <p>Thread-safe: no state.
 */
public final class CodeRule {
    /** From this dimension on, signs. */
    private static final int SIGNS_FROM_DIMENSION = 256;

    private CodeRule() {}

    /** The codes for the points of a table. */
    public static CodeKind choose(VectorTable vectors) {
        int dimension = vectors.dimension();
        return dimension >= SIGNS_FROM_DIMENSION && dimension <= SignCodes.MAX_DIMENSION
                ? CodeKind.SIGNS
                : CodeKind.BYTES;
    }
}
