package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;

import io.arbalest.memory.Prefetch;
import io.arbalest.model.Metric;
import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.FloatDot;

import java.lang.foreign.MemorySegment;

/**
 * Scores by codes of seven bits an element; see {@link SealedGraphFormat} for what they hold.
 *
 * <p>Confined to one thread.
 */
final class ByteScorer implements RowScorer {
    private final MemorySegment codes;
    private final int dimension;
    private final Metric metric;
    private final long termsAt;
    private final long rowsAt;
    private final int rowBytes;
    private final ByteQuery query;
    private final Prefetch prefetch = new Prefetch();
    private final float[] mean;
    private final float[] centred;
    private int[] dots = new int[64];
    private float factor;
    private float offset;

    ByteScorer(MemorySegment codes, int points, int dimension, Metric metric) {
        this.codes = codes;
        this.dimension = dimension;
        this.metric = metric;
        termsAt = SealedGraphFormat.codeTermsAt(dimension);
        rowsAt = SealedGraphFormat.codeRowsAt(dimension, points);
        rowBytes = ByteCodes.rowBytes(dimension);
        query = new ByteQuery(dimension);
        mean = new float[dimension];
        MemorySegment.copy(codes, FLOAT, 0, mean, 0, dimension);
        centred = new float[dimension];
    }

    @Override
    public void load(float[] elements) {
        switch (metric) {
            case L2 -> {
                for (int i = 0; i < dimension; i++) {
                    centred[i] = elements[i] - mean[i];
                }
            }
            case IP -> System.arraycopy(elements, 0, centred, 0, dimension);
            case COSINE -> {
                double squares = FloatDot.dot(elements, elements);
                double norm = squares > 0 ? 1 / Math.sqrt(squares) : 0;
                for (int i = 0; i < dimension; i++) {
                    centred[i] = (float) (elements[i] * norm);
                }
            }
        }
        boolean l2 = metric == Metric.L2;
        double sum = FloatDot.dot(centred, l2 ? centred : mean);
        query.load(centred);
        factor = l2 ? 2 * query.step() : query.step();
        offset = (float) (l2 ? -sum : sum);
    }

    @Override
    public void score(int[] ordinals, int count, float[] scores) {
        fetch(ordinals, count);
        scoreFetched(ordinals, count, scores);
    }

    @Override
    public void scoreFetched(int[] ordinals, int count, float[] scores) {
        if (dots.length < count) {
            dots = new int[count];
        }
        ByteCodes.dots(codes, rowsAt, ordinals, count, query, dots);
        int zero = query.zero();
        for (int i = 0; i < count; i++) {
            long term = termsAt + (long) ordinals[i] * SealedGraphFormat.TERM_BYTES;
            scores[i] =
                    Math.fma(
                                    (dots[i] - zero) * codes.get(FLOAT, term),
                                    factor,
                                    codes.get(FLOAT, term + Float.BYTES))
                            + offset;
        }
    }

    @Override
    public void fetch(int[] ordinals, int count) {
        int termBytes = SealedGraphFormat.TERM_BYTES;
        prefetch.rows(codes, rowsAt, rowBytes, dimension, ordinals, 0, count);
        prefetch.rows(codes, termsAt, termBytes, termBytes, ordinals, 0, count);
    }

    @Override
    public void fetch(int ordinal) {
        int term = SealedGraphFormat.TERM_BYTES;
        Prefetch.span(codes, rowsAt + (long) ordinal * rowBytes, dimension);
        Prefetch.span(codes, termsAt + (long) ordinal * term, term);
    }
}
