package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteScores;
import io.arbalest.simd.ByteTerms;
import io.arbalest.simd.RowScores;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/** Rows of seven bits an element, with their terms in them or apart. */
final class ByteRows implements CodeRows {
    private final MemorySegment codes;
    private final int points;
    private final int dimension;
    private final boolean inside; // whether rows hold their terms
    private final long termsAt; // else
    private final long rowsAt;
    private final int rowBytes;
    private final ByteQuery query;
    private final ByteScores batch = new ByteScores();
    private final @Nullable RowScores<ByteQuery> instructions; // if any, in place of the batch
    private float factor;
    private float offset;

    ByteRows(MemorySegment codes, CodeForm form, int points, int dimension) {
        this.codes = codes;
        this.points = points;
        this.dimension = dimension;
        inside = form == CodeForm.BYTES;
        termsAt = SealedGraphFormat.codeTermsAt(dimension);
        rowsAt = form.rowsAt(dimension, points);
        rowBytes = form.rowBytes(dimension);
        query = new ByteQuery(dimension);
        instructions = inside ? VnniScores.ofBytes(dimension) : null;
    }

    private long row(int ordinal) {
        return rowsAt + (long) ordinal * rowBytes;
    }

    private long term(int ordinal) {
        return termsAt + (long) ordinal * SealedGraphFormat.TERM_BYTES;
    }

    @Override
    public void put(int ordinal, float[] vector, float offset) {
        float factor = ByteCodes.encode(vector, codes, row(ordinal));
        if (inside) {
            ByteTerms.put(codes, row(ordinal), factor, offset);
        } else {
            codes.set(FLOAT, term(ordinal), factor);
            codes.set(FLOAT, term(ordinal) + Float.BYTES, offset);
        }
    }

    @Override
    public float factor(int ordinal) {
        return inside ? ByteTerms.factor(codes, row(ordinal)) : codes.get(FLOAT, term(ordinal));
    }

    @Override
    public float offset(int ordinal) {
        return inside
                ? ByteTerms.offset(codes, row(ordinal))
                : codes.get(FLOAT, term(ordinal) + Float.BYTES);
    }

    @Override
    public boolean codesFit(int ordinal) {
        return ByteTerms.codesFit(codes, row(ordinal), rowBytes, inside);
    }

    @Override
    public void fetch(int[] ordinals, int count, Prefetch prefetch) {
        prefetch.rows(codes, rowsAt, rowBytes, dimension, ordinals, 0, count);
        if (!inside) {
            int bytes = SealedGraphFormat.TERM_BYTES;
            prefetch.rows(codes, termsAt, bytes, bytes, ordinals, 0, count);
        }
    }

    @Override
    public void fetch(int ordinal) {
        Prefetch.span(codes, row(ordinal), dimension);
        if (!inside) {
            Prefetch.span(codes, term(ordinal), SealedGraphFormat.TERM_BYTES);
        }
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
        ByteCodes.dots(codes, rowsAt, ordinals, count, query, batch.dots());
        if (inside) {
            ByteTerms.read(
                    codes, rowsAt, rowBytes, ordinals, count, batch.factors(), batch.offsets());
        } else {
            readTerms(ordinals, count, batch.factors(), batch.offsets());
        }
        batch.scores(count, query.zero(), factor, offset, scores);
    }

    private void readTerms(int[] ordinals, int count, int[] factors, int[] offsets) {
        for (int i = 0; i < count; i++) {
            factors[i] = codes.get(INT, term(ordinals[i]));
            offsets[i] = codes.get(INT, term(ordinals[i]) + Float.BYTES);
        }
    }
}
