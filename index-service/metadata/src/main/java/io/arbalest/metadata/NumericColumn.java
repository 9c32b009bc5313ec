package io.arbalest.metadata;

import io.arbalest.simd.BitWords;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * One numeric field of one segment as a column of {@link Terms#sortable sortable} numbers, read
 * from the {@linkplain ColumnFormat store's} and kept up with later rows and updates. A range, or
 * an equality, is then one pass of comparisons over it, whatever the number of distinct values.
 *
 * <p>A reader may see a row change under it; every reader looks at changed rows again ({@link
 * UpdateLog}).
 *
 * <p>Thread-safe.
 */
final class NumericColumn {
    /** Numbers that are looked for one after the other, each in a pass of vector comparisons. */
    private static final int MAX_PASSES = 16;

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
        return hits(count, negated, (at, hits) -> BitWords.inRange(at, count, low, high, hits));
    }

    /**
     * The rows whose number is one of these, or, negated, none of them; nulls are in neither.
     *
     * @param wanted ascending
     */
    long[] isOneOf(int count, long[] wanted, boolean negated) {
        return hits(
                count,
                negated,
                (at, hits) -> {
                    if (wanted.length > MAX_PASSES) {
                        search(at, count, wanted, hits);
                        return;
                    }
                    long[] some = new long[hits.length];
                    for (long number : wanted) {
                        BitWords.inRange(at, count, number, number, some);
                        BitWords.or(hits, some, hits.length);
                    }
                });
    }

    private static void search(long[] at, int count, long[] wanted, long[] hits) {
        long least = wanted[0];
        long greatest = wanted[wanted.length - 1];
        for (int row = 0; row < count; row++) {
            long number = at[row];
            if (number >= least && number <= greatest && Arrays.binarySearch(wanted, number) >= 0) {
                hits[row >>> 6] |= 1L << (row & 63);
            }
        }
    }

    /** Sets the bits of some rows, whatever is null. */
    @FunctionalInterface
    private interface Comparison {
        void compare(long[] numbers, long[] hits);
    }

    private long[] hits(int count, boolean negated, Comparison comparison) {
        long[] at;
        long[] without;
        synchronized (this) {
            at = values;
            without = nulls;
        }
        int words = BitWords.wordsFor(count);
        long[] hits = new long[words];
        comparison.compare(at, hits);
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
