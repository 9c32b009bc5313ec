package io.arbalest.hnsw.sealed;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.RowScores;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * The rows of CODES in one of their forms, and what scores them; see {@link SealedGraphFormat}.
 *
 * <p>Confined to one thread.
 */
sealed interface CodeRows permits ByteRows, NibbleRows {
    /** The rows of a section, written or about to be. */
    static CodeRows of(MemorySegment codes, CodeForm form, int points, int dimension) {
        return form == CodeForm.NIBBLES
                ? new NibbleRows(codes, points, dimension)
                : new ByteRows(codes, form, points, dimension);
    }

    /** Encodes a vector into a row of zeros; its factor follows from it, its offset is given. */
    void put(int ordinal, float[] vector, float offset);

    /** What a step of the row is worth. */
    float factor(int ordinal);

    /** What its score has beside the product. */
    float offset(int ordinal);

    /** Whether all codes of the row are such. */
    boolean codesFit(int ordinal);

    /** Starts to bring some rows and their terms into the cache. */
    void fetch(int[] ordinals, int count, Prefetch prefetch);

    /** As the other, of one row. */
    void fetch(int ordinal);

    /**
     * Turns to a query.
     *
     * @return what a step of it is worth
     */
    float load(float[] query);

    /** What scores of the query are made of; after {@link #load}. */
    void terms(float factor, float offset);

    /** Where row 0 starts in CODES. */
    long start();

    /** Bytes from a row to the next. */
    int rowBytes();

    /**
     * What scores rows in place of {@link #score}; null where there are no such instructions. The
     * caller calls them itself: a frame more on the way is one too many for the compiler.
     */
    @Nullable RowScores<?> instructions();

    /**
     * Scores some rows: the product of the steps times both factors, and both offsets.
     *
     * @param scores receives the scores, from index 0
     */
    void score(int[] ordinals, int count, float[] scores);
}
