package io.arbalest.metadata;

import io.arbalest.simd.BitWords;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * One numeric field of one segment as a column of {@link Terms#sortable sortable} numbers, read
 * from the order-preserving postings and kept up with later rows and updates. A range is then one
 * pass of comparisons over it, whatever the number of distinct values.
 *
 * <p>A reader may see a row change under it; every reader looks at changed rows again ({@link
 * UpdateLog}).
 *
 * <p>Thread-safe.
 */
final class NumericColumn {
    private final int position;
    private long[] values;
    private long[] nulls;
    private int rows;

    /** Position in the update log up to which the column is right. */
    private long seenUpdates;

    /**
     * @param position of the field among the collection's
     * @param seenUpdates completed updates before the values were read
     */
    NumericColumn(int position, long[] values, long[] nulls, int rows, long seenUpdates) {
        this.position = position;
        this.values = values;
        this.nulls = nulls;
        this.rows = rows;
        this.seenUpdates = seenUpdates;
    }

    synchronized int rows() {
        return rows;
    }

    synchronized long seenUpdates() {
        return seenUpdates;
    }

    synchronized long bytes() {
        return 8L * (values.length + nulls.length);
    }

    /**
     * Takes later rows, or changed ones.
     *
     * @param ordinals rows read
     * @param read what they were, one a row; null: no such row
     */
    synchronized void put(
            FieldPosition field,
            int[] ordinals,
            @Nullable Object[] read,
            int newRows,
            long newSeenUpdates) {
        if (newRows > values.length) {
            int capacity = Math.max(newRows, values.length + values.length / 2);
            values = Arrays.copyOf(values, capacity);
            nulls = Arrays.copyOf(nulls, BitWords.wordsFor(capacity));
        }
        for (int i = 0; i < ordinals.length; i++) {
            Object value = read[i];
            int word = ordinals[i] >>> 6;
            long bit = 1L << (ordinals[i] & 63);
            if (value == null) {
                nulls[word] |= bit;
            } else {
                values[ordinals[i]] = Terms.sortable(field.field(), value);
                nulls[word] &= ~bit;
            }
        }
        rows = Math.max(rows, newRows);
        seenUpdates = Math.max(seenUpdates, newSeenUpdates);
    }

    /** Position of the field among the collection's. */
    int position() {
        return position;
    }

    /**
     * The rows whose number is within a range, ends included, or, negated, outside; nulls are in
     * neither.
     */
    long[] inRange(int count, long low, long high, boolean negated) {
        long[] at;
        long[] without;
        synchronized (this) {
            at = values;
            without = nulls;
        }
        int words = BitWords.wordsFor(count);
        long[] hits = new long[words];
        BitWords.inRange(at, count, low, high, hits);
        if (negated) {
            long[] universe = new long[words];
            BitWords.fill(universe, count);
            BitWords.andNot(universe, hits, words);
            hits = universe;
        }
        BitWords.andNot(hits, without, words);
        return hits;
    }
}
