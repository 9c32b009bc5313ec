package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.BitSet;
import java.util.SplittableRandom;

class BitWordsTest {
    @Test
    void setsAreWhatBitSetSays() {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        for (int round = 0; round < 2000; round++) {
            int words = random.nextInt(40);
            long[] left = random.longs(words + 3).toArray();
            long[] right = random.longs(words).toArray();
            for (int operation = 0; operation < 3; operation++) {
                long[] target = left.clone();
                BitSet expected = BitSet.valueOf(java.util.Arrays.copyOf(left, words));
                BitSet other = BitSet.valueOf(right);
                switch (operation) {
                    case 0 -> {
                        BitWords.and(target, right, words);
                        expected.and(other);
                    }
                    case 1 -> {
                        BitWords.or(target, right, words);
                        expected.or(other);
                    }
                    default -> {
                        BitWords.andNot(target, right, words);
                        expected.andNot(other);
                    }
                }
                assertThat(BitSet.valueOf(java.util.Arrays.copyOf(target, words)))
                        .as("seed %d", HalfCases.SEED)
                        .isEqualTo(expected);
                assertThat(BitWords.count(target, words)).isEqualTo(expected.cardinality());
                assertThat(java.util.Arrays.copyOfRange(target, words, words + 3))
                        .isEqualTo(java.util.Arrays.copyOfRange(left, words, words + 3));
            }
        }
    }

    @Test
    void aRangeIsWhatTheScalarTwinSays() {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        for (int round = 0; round < 2000; round++) {
            int count = random.nextInt(400);
            long[] values = new long[count + 8];
            for (int i = 0; i < values.length; i++) {
                values[i] =
                        switch (random.nextInt(8)) {
                            case 0 -> Long.MIN_VALUE;
                            case 1 -> Long.MAX_VALUE;
                            default -> random.nextLong(-20, 20);
                        };
            }
            long low = random.nextInt(5) == 0 ? Long.MIN_VALUE : random.nextLong(-20, 20);
            long high = random.nextInt(5) == 0 ? Long.MAX_VALUE : random.nextLong(-20, 20);
            long[] words = new long[BitWords.wordsFor(count)];
            java.util.Arrays.fill(words, -1);
            BitWords.inRange(values, count, low, high, words);
            for (int word = 0; word < words.length; word++) {
                int from = word << 6;
                assertThat(words[word])
                        .as("seed %d", HalfCases.SEED)
                        .isEqualTo(
                                BitWords.inRangeScalar(
                                        values, from, Math.min(count, from + 64), low, high));
            }
        }
    }

    @Test
    void fillSetsTheFirstBits() {
        for (int bits = 0; bits < 200; bits++) {
            long[] words = new long[BitWords.wordsFor(bits)];
            BitWords.fill(words, bits);
            assertThat(BitSet.valueOf(words).nextClearBit(0)).isEqualTo(bits);
            assertThat(BitWords.count(words, words.length)).isEqualTo(bits);
        }
    }
}
