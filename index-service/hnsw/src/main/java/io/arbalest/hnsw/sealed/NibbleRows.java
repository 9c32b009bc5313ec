package io.arbalest.hnsw.sealed;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.NibbleCodes;
import io.arbalest.simd.NibbleQuery;

import java.lang.foreign.MemorySegment;

/** Rows of four bits an element, each behind its terms. */
final class NibbleRows extends CodeRows<NibbleQuery> {
    NibbleRows(MemorySegment codes, int points, int dimension) {
        this(codes, CodeForm.NIBBLES.rowsAt(dimension, points), points, dimension);
    }

    /** Rows that start anywhere. */
    NibbleRows(MemorySegment codes, long start, int points, int dimension) {
        super(
                codes,
                start,
                CodeForm.NIBBLES.rowBytes(dimension),
                points,
                dimension,
                new NibbleQuery(dimension),
                VnniScores.ofNibbles(dimension));
    }

    @Override
    float encode(int ordinal, float[] vector) {
        return NibbleCodes.encode(vector, codes, row(ordinal));
    }

    @Override
    int steps(int ordinal, int element) {
        return NibbleCodes.steps(codes, row(ordinal), element);
    }

    @Override
    void putTerms(int ordinal, float factor, float offset) {
        NibbleCodes.putTerms(codes, row(ordinal), factor, offset);
    }

    @Override
    float factor(int ordinal) {
        return NibbleCodes.factor(codes, row(ordinal));
    }

    @Override
    float offset(int ordinal) {
        return NibbleCodes.offset(codes, row(ordinal));
    }

    @Override
    boolean codesFit(int ordinal) {
        return NibbleCodes.codesFit(codes, row(ordinal), dimension);
    }

    @Override
    void fetch(int[] ordinals, int count, Prefetch prefetch) {
        prefetch.rows(codes, start, rowBytes, rowBytes, ordinals, 0, count);
    }

    @Override
    void fetch(int ordinal) {
        Prefetch.span(codes, row(ordinal), rowBytes);
    }

    @Override
    float load(float[] elements) {
        query.load(elements);
        return query.step();
    }

    @Override
    void dots(int[] ordinals, int count, int[] dots) {
        NibbleCodes.dots(codes, start, ordinals, count, query, dots);
    }

    @Override
    void terms(int[] ordinals, int count, int[] factors, int[] offsets) {
        NibbleCodes.terms(codes, start, rowBytes, ordinals, count, factors, offsets);
    }

    @Override
    int zero() {
        return query.zero();
    }
}
