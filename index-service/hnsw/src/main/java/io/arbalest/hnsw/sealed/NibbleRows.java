package io.arbalest.hnsw.sealed;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.ByteScores;
import io.arbalest.simd.NibbleCodes;
import io.arbalest.simd.NibbleQuery;
import io.arbalest.simd.RowScores;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/** Rows of four bits an element, each behind its terms. */
final class NibbleRows implements CodeRows {
    private final MemorySegment codes;
    private final int points;
    private final int dimension;
    private final long rowsAt;
    private final int rowBytes;
    private final NibbleQuery query;
    private final ByteScores batch = new ByteScores();
    private final @Nullable RowScores<NibbleQuery> instructions; // if any, in place of the batch
    private float factor;
    private float offset;

    NibbleRows(MemorySegment codes, int points, int dimension) {
        this.codes = codes;
        this.points = points;
        this.dimension = dimension;
        rowsAt = CodeForm.NIBBLES.rowsAt(dimension, points);
        rowBytes = CodeForm.NIBBLES.rowBytes(dimension);
        query = new NibbleQuery(dimension);
        instructions = VnniScores.ofNibbles(dimension);
    }

    private long row(int ordinal) {
        return rowsAt + (long) ordinal * rowBytes;
    }

    @Override
    public void put(int ordinal, float[] vector, float offset) {
        float factor = NibbleCodes.encode(vector, codes, row(ordinal));
        NibbleCodes.putTerms(codes, row(ordinal), factor, offset);
    }

    @Override
    public float factor(int ordinal) {
        return NibbleCodes.factor(codes, row(ordinal));
    }

    @Override
    public float offset(int ordinal) {
        return NibbleCodes.offset(codes, row(ordinal));
    }

    @Override
    public boolean codesFit(int ordinal) {
        return NibbleCodes.codesFit(codes, row(ordinal), dimension);
    }

    @Override
    public void fetch(int[] ordinals, int count, Prefetch prefetch) {
        prefetch.rows(codes, rowsAt, rowBytes, rowBytes, ordinals, 0, count);
    }

    @Override
    public void fetch(int ordinal) {
        Prefetch.span(codes, row(ordinal), rowBytes);
    }

    @Override
    public float load(float[] elements) {
        query.load(elements);
        return query.step();
    }

    @Override
    public void terms(float factor, float offset) {
        this.factor = factor;
        this.offset = offset;
        if (instructions != null) {
            instructions.load(query, factor, offset, points);
        }
    }

    @Override
    public long start() {
        return rowsAt;
    }

    @Override
    public int rowBytes() {
        return rowBytes;
    }

    @Override
    public @Nullable RowScores<?> instructions() {
        return instructions;
    }

    @Override
    public void score(int[] ordinals, int count, float[] scores) {
        batch.reserve(count);
        NibbleCodes.dots(codes, rowsAt, ordinals, count, query, batch.dots());
        NibbleCodes.terms(
                codes, rowsAt, rowBytes, ordinals, count, batch.factors(), batch.offsets());
        batch.scores(count, query.zero(), factor, offset, scores);
    }
}
