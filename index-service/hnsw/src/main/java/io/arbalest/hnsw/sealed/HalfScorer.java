package io.arbalest.hnsw.sealed;

import io.arbalest.memory.Prefetch;

/**
 * Scores by the binary16 vectors.
 *
 * <p>Confined to one thread.
 */
final class HalfScorer implements RowScorer {
    private final SealedVectors vectors;
    private final SealedQuery query;
    private final Prefetch prefetch = new Prefetch();

    HalfScorer(SealedVectors vectors) {
        this.vectors = vectors;
        query = new SealedQuery(vectors.dimension(), vectors.metric());
    }

    @Override
    public void load(float[] elements) {
        query.load(elements);
    }

    @Override
    public void score(int[] ordinals, int count, float[] scores) {
        if (count > 1) {
            fetch(ordinals, count);
        }
        vectors.score(query, ordinals, count, scores);
    }

    @Override
    public void scoreFetched(int[] ordinals, int count, float[] scores) {
        vectors.score(query, ordinals, count, scores);
    }

    @Override
    public void fetch(int[] ordinals, int count) {
        vectors.fetch(ordinals, count, prefetch);
    }

    @Override
    public void fetch(int ordinal) {
        vectors.fetch(ordinal);
    }
}
