package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

/**
 * Exact scoring of a range of ordinals with the kernels of the graph search: the tail that is not
 * linked yet, and exact mode.
 *
 * <p>Thread-safe: no state.
 */
public final class ExactScan {
    private ExactScan() {}

    /**
     * Offers every accepted ordinal of the range whose score is at least {@code minScore}.
     *
     * @param fromOrdinal first ordinal
     * @param toOrdinal one past the last ordinal
     * @return number of scores computed
     */
    public static long scan(
            VectorTable vectors,
            PreparedQuery query,
            int fromOrdinal,
            int toOrdinal,
            OrdinalSet accept,
            float minScore,
            NeighborQueue results) {
        long scored = 0;
        int[] batch = query.ordinals;
        int count = 0;
        for (int ordinal = accept.next(fromOrdinal, toOrdinal);
                ordinal < toOrdinal;
                ordinal = accept.next(ordinal + 1, toOrdinal)) {
            batch[count++] = ordinal;
            if (count == PreparedQuery.BATCH) {
                scored += count;
                offer(vectors, query, count, minScore, results);
                count = 0;
            }
        }
        if (count > 0) {
            scored += count;
            offer(vectors, query, count, minScore, results);
        }
        return scored;
    }

    private static void offer(
            VectorTable vectors,
            PreparedQuery query,
            int count,
            float minScore,
            NeighborQueue results) {
        vectors.score(query, query.ordinals, count, query.scores);
        for (int i = 0; i < count; i++) {
            if (query.scores[i] >= minScore) {
                results.offer(query.ordinals[i], query.scores[i]);
            }
        }
    }
}
