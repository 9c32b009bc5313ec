package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;

import io.arbalest.memory.Prefetch;
import io.arbalest.model.Metric;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteScores;
import io.arbalest.simd.FloatDot;
import io.arbalest.simd.RowScores;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * Scores by codes of seven bits an element; see {@link SealedGraphFormat} for what they hold.
 *
 * <p>Confined to one thread.
 */
final class ByteScorer implements RowScorer {
    private final MemorySegment codes;
    private final int points;
    private final int dimension;
    private final Metric metric;
    private final ByteRows rows;
    private final ByteQuery query;
    private final Prefetch prefetch = new Prefetch();
    private final float[] mean;
    private final float[] centred;
    private final ByteScores batch = new ByteScores();
    private final @Nullable RowScores instructions; // where there are some, in place of the batch
    private float factor;
    private float offset;

    ByteScorer(MemorySegment codes, TermPlace place, int points, int dimension, Metric metric) {
        this.codes = codes;
        this.points = points;
        this.dimension = dimension;
        this.metric = metric;
        rows = new ByteRows(codes, place, points, dimension);
        instructions = rows.holdTerms() ? VnniScores.of(dimension) : null;
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
        if (instructions != null) {
            instructions.load(query, factor, offset, points);
        }
    }

    @Override
    public void score(int[] ordinals, int count, float[] scores) {
        fetch(ordinals, count);
        scoreFetched(ordinals, count, scores);
    }

    @Override
    public void scoreFetched(int[] ordinals, int count, float[] scores) {
        if (instructions != null) {
            instructions.score(codes, rows.start(), rows.rowBytes(), ordinals, count, scores);
            return;
        }
        batch.reserve(count);
        rows.dots(ordinals, count, query, batch.dots());
        rows.terms(ordinals, count, batch.factors(), batch.offsets());
        batch.scores(count, query.zero(), factor, offset, scores);
    }

    /**
     * Reads everything once: that terms are numbers, and that no code is larger than seven bits.
     *
     * @throws io.arbalest.model.ArbalestException SEGMENT_CORRUPT
     */
    void verify() {
        for (int ordinal = 0; ordinal < points; ordinal++) {
            float scale = rows.factor(ordinal);
            float addend = rows.offset(ordinal);
            if (!(scale > 0 && Float.isFinite(scale) && Float.isFinite(addend))) {
                throw SealedGraphFormat.corrupt(
                        "terms " + scale + " and " + addend + " of code " + ordinal,
                        "a positive and a finite number");
            }
            if (!rows.codesFit(ordinal)) {
                throw SealedGraphFormat.corrupt("code " + ordinal + " of 8 bits", "of 7 bits");
            }
        }
    }

    @Override
    public void fetch(int[] ordinals, int count) {
        rows.fetch(ordinals, count, prefetch);
    }

    @Override
    public void fetch(int ordinal) {
        rows.fetch(ordinal);
    }
}
