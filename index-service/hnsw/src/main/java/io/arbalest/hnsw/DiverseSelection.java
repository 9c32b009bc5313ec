package io.arbalest.hnsw;

/**
 * The selection of neighbours of the HNSW paper (algorithm 4 of arXiv 1603.09320): best first, a
 * point is kept if it is closer to the base than to every point kept before it.
 *
 * <p>Confined to one thread at a time.
 */
final class DiverseSelection {
    private final VectorTable vectors;
    private final PreparedQuery candidate;
    private final float[] scores;

    /**
     * @param longest the largest limit of a selection
     */
    DiverseSelection(VectorTable vectors, int longest) {
        this.vectors = vectors;
        candidate = vectors.newQuery();
        scores = new float[longest];
    }

    /**
     * Selects among ranked points.
     *
     * @param ranked packed scores against the base, best first
     * @param selected receives the ordinals kept, in their order
     * @return how many were kept, at most {@code limit}
     */
    int select(long[] ranked, int count, int limit, int[] selected) {
        int kept = 0;
        for (int i = 0; i < count && kept < limit; i++) {
            int ordinal = ScoredOrdinal.ordinal(ranked[i]);
            if (kept == 0 || isDiverse(ordinal, ScoredOrdinal.score(ranked[i]), selected, kept)) {
                selected[kept++] = ordinal;
            }
        }
        return kept;
    }

    private boolean isDiverse(int ordinal, float scoreToBase, int[] selected, int kept) {
        vectors.prepareStored(ordinal, candidate);
        return !vectors.anyAbove(candidate, selected, kept, scores, scoreToBase);
    }
}
