package io.arbalest.hnsw;

import org.jspecify.annotations.Nullable;

/**
 * Compact codes of the points of a growing graph, by which candidates are looked for when a point
 * is linked; what is found is scored again by the vectors. A code is written before its point is
 * linked and never changes.
 *
 * <p>Thread-safe: several threads may link different points.
 */
public interface CandidateCodes extends AutoCloseable {
    /** Links without codes. */
    Source NONE = (vectors, points) -> null;

    /** Makes codes for a graph that has enough points to tell what they should be like. */
    @FunctionalInterface
    interface Source {
        /**
         * Makes codes of the points linked so far; nobody is linking meanwhile.
         *
         * @param points their ordinals, ascending
         * @return codes of these points, to be closed by the caller; null if candidates would not
         *     be found sooner by them, or if there is no room
         */
        @Nullable CandidateCodes of(VectorTable vectors, int[] points);
    }

    /** What one thread links by. */
    interface Linking extends PointScores {
        /**
         * Writes the code of a point, which nobody can reach yet, and turns to it as the query.
         *
         * @return false if there is no room; nothing was written then
         */
        boolean begin(int ordinal);
    }

    /** For another thread. */
    Linking newLinking();

    /** Bytes held. */
    long sizeBytes();

    /** Frees the codes; any later use of one fails. */
    @Override
    void close();
}
