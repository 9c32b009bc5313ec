package io.arbalest.hnsw.sealed;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.ByteScores;
import io.arbalest.simd.RowScores;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * Rows of codes in one of their forms, those of CODES or as those, and what scores them; see {@link
 * SealedGraphFormat}.
 *
 * <p>Confined to one thread.
 *
 * @param <Q> queries
 */
abstract sealed class CodeRows<Q> permits ByteRows, NibbleRows {
    final MemorySegment codes;

    /** Where row 0 starts in {@link #codes}. */
    final long start;

    /** Bytes from a row to the next. */
    final int rowBytes;

    final int dimension;
    final Q query;

    /**
     * What scores rows in place of {@link #score}; null where there are no such instructions. The
     * caller calls them itself: a frame more on the way is one too many for the compiler.
     */
    final @Nullable RowScores<Q> instructions;

    /** Ordinals are below. */
    final int points;

    private final ByteScores batch = new ByteScores();
    private float factor;
    private float offset;

    CodeRows(
            MemorySegment codes,
            long start,
            int rowBytes,
            int points,
            int dimension,
            Q query,
            @Nullable RowScores<Q> instructions) {
        this.codes = codes;
        this.start = start;
        this.rowBytes = rowBytes;
        this.points = points;
        this.dimension = dimension;
        this.query = query;
        this.instructions = instructions;
    }

    /** The rows of a section, written or about to be. */
    static CodeRows<?> of(MemorySegment codes, CodeForm form, int points, int dimension) {
        return form == CodeForm.NIBBLES
                ? new NibbleRows(codes, points, dimension)
                : new ByteRows(codes, form, points, dimension);
    }

    /** Where a row starts in {@link #codes}. */
    final long row(int ordinal) {
        return start + (long) ordinal * rowBytes;
    }

    /**
     * Encodes a vector into a row that is zero behind the elements; the row has no terms then.
     *
     * @return its factor
     */
    abstract float encode(int ordinal, float[] vector);

    /** The steps that an element has in a row. */
    abstract int steps(int ordinal, int element);

    /** Puts the terms into a row that was encoded. */
    abstract void putTerms(int ordinal, float factor, float offset);

    /** What a step of the row is worth. */
    abstract float factor(int ordinal);

    /** What its score has beside the product. */
    abstract float offset(int ordinal);

    /** Whether all codes of the row are such. */
    abstract boolean codesFit(int ordinal);

    /** Starts to bring some rows and their terms into the cache. */
    abstract void fetch(int[] ordinals, int count, Prefetch prefetch);

    /** As the other, of one row. */
    abstract void fetch(int ordinal);

    /**
     * Turns to a query.
     *
     * @return what a step of it is worth
     */
    abstract float load(float[] elements);

    /** What scores of the query are made of; after {@link #load}. */
    final void terms(float queryFactor, float queryOffset) {
        factor = queryFactor;
        offset = queryOffset;
        if (instructions != null) {
            instructions.load(query, factor, offset, points);
        }
    }

    /**
     * Scores some rows: the product of the steps times both factors, and both offsets.
     *
     * @param scores receives the scores, from index 0
     */
    final void score(int[] ordinals, int count, float[] scores) {
        batch.reserve(count);
        dots(ordinals, count, batch.dots());
        terms(ordinals, count, batch.factors(), batch.offsets());
        batch.scores(count, zero(), factor, offset, scores);
    }

    /** Inner products of steps, {@link #zero} included. */
    abstract void dots(int[] ordinals, int count, int[] dots);

    /** The terms of some rows, as float bits. */
    abstract void terms(int[] ordinals, int count, int[] factors, int[] offsets);

    /** What inner products of the query hold too much. */
    abstract int zero();
}
