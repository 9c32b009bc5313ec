package io.arbalest.metadata;

import io.arbalest.common.OrdinalSet;
import io.arbalest.simd.BitWords;

/**
 * The rows of one segment that pass a filter, one bit each; replaced and deleted rows may be among
 * them. Each answer to a filter is an object of its own.
 *
 * <p>Immutable.
 */
public final class MatchingRows implements OrdinalSet {
    private final long[] words;
    private final int cardinality;

    /**
     * Ordinal {@code o} is bit {@code o % 64} of word {@code o / 64}.
     *
     * @param words owned by this object from now on
     */
    public MatchingRows(long[] words) {
        this.words = words;
        this.cardinality = BitWords.count(words, words.length);
    }

    /** Rows that pass. */
    public int cardinality() {
        return cardinality;
    }

    /** The words; not a copy, not to be changed. */
    long[] words() {
        return words;
    }

    @Override
    public boolean contains(int ordinal) {
        int word = ordinal >>> 6;
        return word < words.length && ((words[word] >>> (ordinal & 63)) & 1) != 0;
    }

    @Override
    public int next(int from, int to) {
        int word = from >>> 6;
        int end = Math.min(words.length, (to + Long.SIZE - 1) >>> 6);
        if (from >= to || word >= end) {
            return to;
        }
        long bits = words[word] & (-1L << from);
        while (bits == 0) {
            if (++word >= end) {
                return to;
            }
            bits = words[word];
        }
        return Math.min(to, (word << 6) + Long.numberOfTrailingZeros(bits));
    }
}
