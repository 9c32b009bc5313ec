package io.arbalest.simd;

import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Operations on sets of ordinals that are stored as one bit each, 64 a word: ordinal {@code o} is
 * bit {@code o % 64} of word {@code o / 64}.
 *
 * <p>Thread-safe: no state.
 */
public final class BitWords {
    private static final VectorSpecies<Long> SPECIES = VectorWidth.ints().withLanes(long.class);

    private BitWords() {}

    /** Words for so many bits. */
    public static int wordsFor(int bits) {
        return (bits + Long.SIZE - 1) >>> 6;
    }

    /** Keeps in {@code target} what is also in {@code other}, over the first words. */
    public static void and(long[] target, long[] other, int words) {
        int word = 0;
        for (int end = SPECIES.loopBound(words); word < end; word += SPECIES.length()) {
            LongVector.fromArray(SPECIES, target, word)
                    .and(LongVector.fromArray(SPECIES, other, word))
                    .intoArray(target, word);
        }
        for (; word < words; word++) {
            target[word] &= other[word];
        }
    }

    /** Adds to {@code target} what is in {@code other}, over the first words. */
    public static void or(long[] target, long[] other, int words) {
        int word = 0;
        for (int end = SPECIES.loopBound(words); word < end; word += SPECIES.length()) {
            LongVector.fromArray(SPECIES, target, word)
                    .or(LongVector.fromArray(SPECIES, other, word))
                    .intoArray(target, word);
        }
        for (; word < words; word++) {
            target[word] |= other[word];
        }
    }

    /** Takes out of {@code target} what is in {@code other}, over the first words. */
    public static void andNot(long[] target, long[] other, int words) {
        int word = 0;
        for (int end = SPECIES.loopBound(words); word < end; word += SPECIES.length()) {
            LongVector.fromArray(SPECIES, target, word)
                    .lanewise(VectorOperators.AND_NOT, LongVector.fromArray(SPECIES, other, word))
                    .intoArray(target, word);
        }
        for (; word < words; word++) {
            target[word] &= ~other[word];
        }
    }

    /** Number of bits set in the first words. */
    public static int count(long[] words, int end) {
        int count = 0;
        for (int word = 0; word < end; word++) {
            count += Long.bitCount(words[word]); // one instruction a word: no gain from vectors
        }
        return count;
    }

    /** Sets the first bits and no others of the words that hold them. */
    public static void fill(long[] words, int bits) {
        int full = bits >>> 6;
        java.util.Arrays.fill(words, 0, full, -1L);
        if ((bits & 63) != 0) {
            words[full] = (1L << bits) - 1;
        }
    }

    /**
     * Writes which values are within a range, both ends included.
     *
     * @param count values looked at, from the first; bits beyond in the last word become 0
     */
    public static void inRange(long[] values, int count, long low, long high, long[] words) {
        int full = count >>> 6;
        for (int word = 0; word < full; word++) {
            long bits = 0;
            for (int lane = 0; lane < Long.SIZE; lane += SPECIES.length()) {
                LongVector some = LongVector.fromArray(SPECIES, values, (word << 6) + lane);
                VectorMask<Long> inside =
                        some.compare(VectorOperators.GE, low)
                                .and(some.compare(VectorOperators.LE, high));
                bits |= inside.toLong() << lane;
            }
            words[word] = bits;
        }
        if ((count & 63) != 0) {
            words[full] = inRangeScalar(values, full << 6, count, low, high);
        }
    }

    /** The scalar twin of one word of {@link #inRange}. */
    static long inRangeScalar(long[] values, int from, int to, long low, long high) {
        long bits = 0;
        for (int index = from; index < to; index++) {
            if (values[index] >= low && values[index] <= high) {
                bits |= 1L << (index - from);
            }
        }
        return bits;
    }
}
