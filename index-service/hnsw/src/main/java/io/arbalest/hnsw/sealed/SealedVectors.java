package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.BYTE;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.memory.Prefetch;
import io.arbalest.model.Metric;
import io.arbalest.simd.DirectScore;
import io.arbalest.simd.HalfCodec;
import io.arbalest.simd.HalfDot;

import java.lang.foreign.MemorySegment;

/**
 * Binary16 vectors of a packed graph with the terms of their scores; scores are computed as {@link
 * io.arbalest.hnsw.VectorTable} does.
 *
 * <p>Immutable; the scratch belongs to the caller.
 */
final class SealedVectors {
    private final int dimension;
    private final Metric metric;
    private final MemorySegment rows;
    private final MemorySegment terms;
    private final MemorySegment exponents;
    private final long strideBytes;
    private final DirectScore direct;

    SealedVectors(
            int dimension,
            Metric metric,
            MemorySegment rows,
            MemorySegment terms,
            MemorySegment exponents) {
        this.dimension = dimension;
        this.metric = metric;
        this.rows = rows;
        this.terms = terms;
        this.exponents = exponents;
        strideBytes = SealedGraphFormat.vectorBytes(dimension);
        direct = new DirectScore(metric, rows, strideBytes, this::exponent);
    }

    int dimension() {
        return dimension;
    }

    Metric metric() {
        return metric;
    }

    void score(SealedQuery query, int[] ordinals, int count, float[] scores) {
        HalfDot.dots(rows, strideBytes, ordinals, 0, count, query.half, scores);
        for (int i = 0; i < count; i++) {
            long term = (long) ordinals[i] * SealedGraphFormat.TERM_BYTES;
            scores[i] =
                    Math.fma(
                                    scores[i] * terms.get(FLOAT, term),
                                    query.factor,
                                    terms.get(FLOAT, term + Float.BYTES))
                            + query.offset;
        }
    }

    /** Starts to bring vectors and their terms into the cache. */
    void fetch(int[] ordinals, int count, Prefetch prefetch) {
        int term = SealedGraphFormat.TERM_BYTES;
        prefetch.rows(rows, 0, strideBytes, 2L * dimension, ordinals, 0, count);
        prefetch.rows(terms, 0, term, term, ordinals, 0, count);
    }

    /** Starts to bring a vector and its terms into the cache. */
    void fetch(int ordinal) {
        int term = SealedGraphFormat.TERM_BYTES;
        Prefetch.span(rows, ordinal * strideBytes, 2L * dimension);
        Prefetch.span(terms, (long) ordinal * term, term);
    }

    /** Starts to bring vectors and their exponents into the cache. */
    void expectExactScores(int[] ordinals, int count, Prefetch prefetch) {
        prefetch.rows(rows, 0, strideBytes, 2L * dimension, ordinals, 0, count);
        prefetch.rows(exponents, 0, 1, 1, ordinals, 0, count);
    }

    void exactScores(int[] ordinals, int count, float[] query, double[] scores) {
        direct.of(ordinals, count, query, scores);
    }

    private int exponent(int ordinal) {
        return exponents.get(BYTE, ordinal);
    }

    void read(int ordinal, short[] target) {
        HalfCodec.decode(rows, ordinal * strideBytes, exponent(ordinal), target);
    }

    /** Starts to bring a vector into memory. */
    void expect(int ordinal, RowsAhead ahead) {
        ahead.expect(ordinal * strideBytes, strideBytes);
    }

    /** Copies a vector as it is stored. */
    void copy(int ordinal, VectorTable target, int targetOrdinal) {
        long term = (long) ordinal * SealedGraphFormat.TERM_BYTES;
        target.setStored(
                targetOrdinal,
                rows,
                ordinal * strideBytes,
                exponent(ordinal),
                terms.get(FLOAT, term),
                terms.get(FLOAT, term + Float.BYTES));
    }
}
