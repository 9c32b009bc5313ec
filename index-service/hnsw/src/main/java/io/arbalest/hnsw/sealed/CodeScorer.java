package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;

import io.arbalest.memory.Prefetch;
import io.arbalest.model.Metric;
import io.arbalest.simd.FloatDot;
import io.arbalest.simd.RowScores;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * Scores by codes that lie once a point; see {@link SealedGraphFormat} for what they hold.
 *
 * <p>Confined to one thread.
 */
final class CodeScorer implements RowScorer {
    private final CodeRows<?> rows;
    private final @Nullable RowScores<?> instructions;
    private final int dimension;
    private final Metric metric;
    private final Prefetch prefetch = new Prefetch();
    private final float[] mean;
    private final float[] centred;

    CodeScorer(MemorySegment codes, CodeForm form, int points, int dimension, Metric metric) {
        this(CodeRows.of(codes, form, points, dimension), mean(codes, dimension), metric);
    }

    /**
     * Scores by rows that are not in CODES.
     *
     * @param mean what was taken from the vectors
     */
    CodeScorer(CodeRows<?> rows, float[] mean, Metric metric) {
        this.rows = rows;
        this.mean = mean;
        this.metric = metric;
        dimension = rows.dimension;
        instructions = rows.instructions;
        centred = new float[dimension];
    }

    private static float[] mean(MemorySegment codes, int dimension) {
        float[] mean = new float[dimension];
        MemorySegment.copy(codes, FLOAT, 0, mean, 0, dimension);
        return mean;
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
        float step = rows.load(centred);
        rows.terms(l2 ? 2 * step : step, (float) (l2 ? -sum : sum));
    }

    @Override
    public void score(int[] ordinals, int count, float[] scores) {
        fetch(ordinals, count);
        scoreFetched(ordinals, count, scores);
    }

    @Override
    public void scoreFetched(int[] ordinals, int count, float[] scores) {
        if (instructions != null) {
            instructions.score(rows.codes, rows.start, rows.rowBytes, ordinals, count, scores);
        } else {
            rows.score(ordinals, count, scores);
        }
    }

    /**
     * Reads everything once: that terms are numbers, and that all codes are such.
     *
     * @throws io.arbalest.model.ArbalestException SEGMENT_CORRUPT
     */
    void verify() {
        for (int ordinal = 0; ordinal < rows.points; ordinal++) {
            float factor = rows.factor(ordinal);
            float offset = rows.offset(ordinal);
            if (!(factor > 0 && Float.isFinite(factor) && Float.isFinite(offset))) {
                throw SealedGraphFormat.corrupt(
                        "terms " + factor + " and " + offset + " of code " + ordinal,
                        "a positive and a finite number");
            }
            if (!rows.codesFit(ordinal)) {
                boolean nibbles = rows instanceof NibbleRows;
                throw SealedGraphFormat.corrupt(
                        "code "
                                + ordinal
                                + (nibbles ? " with a nibble that is none" : " of 8 bits"),
                        nibbles ? "1 to 15, and 0 behind the last" : "of 7 bits");
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
