package io.arbalest.metadata;

import io.arbalest.common.OrdinalSet;
import io.arbalest.simd.BitWords;

import org.jspecify.annotations.Nullable;

/**
 * The rows of one segment that pass a filter, one bit each; replaced and deleted rows may be among
 * them. Each answer to a filter is an object of its own.
 *
 * <p>Immutable.
 */
public final class MatchingRows implements OrdinalSet {
    /** Up to so many rows are kept as a list too. */
    private static final int FEW = 32;

    private final long[] words;

    /**
     * A bit for each word that has one: rows of a small set are found without a look at the rest.
     */
    private final long[] used;

    private final int cardinality;
    private final int full;

    /** The rows themselves where they are few: what else is one place in memory a row. */
    private final int @Nullable [] few;

    /**
     * Ordinal {@code o} is bit {@code o % 64} of word {@code o / 64}.
     *
     * @param words owned by this object from now on
     */
    public MatchingRows(long[] words) {
        this.words = words;
        this.used = used(words);
        this.cardinality = BitWords.count(words, words.length);
        int whole = 0;
        while (whole < words.length && words[whole] == -1L) {
            whole++;
        }
        this.full =
                whole * Long.SIZE
                        + (whole < words.length ? Long.numberOfTrailingZeros(~words[whole]) : 0);
        this.few = cardinality > FEW ? null : listed();
    }

    private int[] listed() {
        int[] rows = new int[cardinality];
        int count = 0;
        int end = words.length * Long.SIZE;
        for (int row = next(0, end); row < end; row = next(row + 1, end)) {
            rows[count++] = row;
        }
        return rows;
    }

    private static long[] used(long[] words) {
        long[] used = new long[(words.length + Long.SIZE - 1) / Long.SIZE];
        for (int word = 0; word < words.length; word++) {
            if (words[word] != 0) {
                used[word >>> 6] |= 1L << (word & 63);
            }
        }
        return used;
    }

    /** Rows that pass. */
    public int cardinality() {
        return cardinality;
    }

    /** Whether every row below an ordinal passes. */
    public boolean all(int rows) {
        return full >= rows;
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
    public int split(int[] ordinals, int from, int count, int[] others) {
        int kept = 0;
        for (int i = 0; i < count; i++) { // whether one is kept is a coin toss: no branch
            int ordinal = ordinals[from + i];
            int word = ordinal >>> 6;
            int in = word < words.length ? (int) (words[word] >>> ordinal) & 1 : 0;
            others[i - kept] = ordinal;
            ordinals[from + kept] = ordinal;
            kept += in;
        }
        return kept;
    }

    @Override
    public int next(int from, int to) {
        int word = from >>> 6;
        if (from >= to || word >= words.length) {
            return to;
        }
        long bits = words[word] & (-1L << from);
        if (bits == 0) {
            word = nextUsed(word + 1);
            if (word < 0) {
                return to;
            }
            bits = words[word];
        }
        return Math.min(to, (word << 6) + Long.numberOfTrailingZeros(bits));
    }

    @Override
    public int copy(int from, int to, int[] target) {
        return few == null ? copyBits(from, to, target) : copyListed(few, from, to, target);
    }

    private static int copyListed(int[] rows, int from, int to, int[] target) {
        int count = 0;
        for (int row : rows) {
            if (row >= to || count == target.length) {
                break;
            }
            target[count] = row;
            count += row >= from ? 1 : 0;
        }
        return count;
    }

    private int copyBits(int from, int to, int[] target) {
        int word = from >>> 6;
        if (from >= to || word >= words.length) {
            return 0;
        }
        int count = 0;
        long bits = words[word] & (-1L << from);
        while (true) {
            while (bits != 0) {
                int ordinal = (word << 6) + Long.numberOfTrailingZeros(bits);
                if (ordinal >= to || count == target.length) {
                    return count;
                }
                target[count++] = ordinal;
                bits &= bits - 1;
            }
            word = nextUsed(word + 1);
            if (word < 0) {
                return count;
            }
            bits = words[word];
        }
    }

    /** The first word from this one on that has a bit; -1: none. */
    private int nextUsed(int from) {
        int at = from >>> 6;
        if (at >= used.length) {
            return -1;
        }
        long bits = used[at] & (-1L << from);
        while (bits == 0) {
            if (++at == used.length) {
                return -1;
            }
            bits = used[at];
        }
        return (at << 6) + Long.numberOfTrailingZeros(bits);
    }
}
