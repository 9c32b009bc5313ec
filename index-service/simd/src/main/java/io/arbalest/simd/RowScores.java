package io.arbalest.simd;

import java.lang.foreign.MemorySegment;

/**
 * Scores the rows of a list by codes that hold their terms, in another way than by vectors: those
 * of seven bits ({@link ByteCodes}, {@link ByteTerms}) or of four ({@link NibbleCodes}):
 *
 * <pre>
 * score = fma((dot - zero) * row factor, factor, row offset) + offset
 * </pre>
 *
 * in float arithmetic, to the bit.
 *
 * <p>Confined to one thread.
 *
 * @param <Q> {@link ByteQuery} or {@link NibbleQuery}, as the rows are
 */
public interface RowScores<Q> {
    /**
     * Turns to another query.
     *
     * @param rows ordinals are below
     */
    void load(Q query, float factor, float offset, int rows);

    /**
     * Scores the first {@code count} rows of a list.
     *
     * @param rows native, with {@link ByteCodes#TAIL_BYTES} or {@link NibbleCodes#TAIL_BYTES}
     *     behind the last
     * @param at byte offset of row 0
     * @param rowBytes from a row to the next
     * @param scores receives the scores, from index 0
     * @throws IndexOutOfBoundsException if an ordinal is not below the number of rows
     */
    void score(
            MemorySegment rows, long at, long rowBytes, int[] ordinals, int count, float[] scores);
}
