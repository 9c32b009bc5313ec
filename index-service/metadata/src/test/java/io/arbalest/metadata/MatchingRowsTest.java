package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.testkit.RandomCases;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/** A set of rows beside a {@link BitSet}. */
class MatchingRowsTest {
    @Test
    void aSetHoldsWhatItsWordsSay() {
        RandomCases.run(
                200,
                (random, _) -> {
                    int rows = random.nextInt(1, 20_000);
                    double share = Math.pow(10, -4 * random.nextDouble());
                    BitSet bits = new BitSet();
                    IntStream.range(0, rows)
                            .filter(_ -> random.nextDouble() < share)
                            .forEach(bits::set);
                    MatchingRows matching = rows(bits, rows);
                    assertThat(matching.cardinality()).isEqualTo(bits.cardinality());
                    for (int i = 0; i < 50; i++) {
                        int from = random.nextInt(rows);
                        int to = random.nextInt(rows + 100);
                        int[] expected =
                                bits.stream().filter(row -> row >= from && row < to).toArray();
                        int next = matching.next(from, to);
                        assertThat(next).isEqualTo(expected.length == 0 ? to : expected[0]);
                        int[] target = new int[random.nextInt(1, 100)];
                        int copied = matching.copy(from, to, target);
                        assertThat(copied).isEqualTo(Math.min(target.length, expected.length));
                        assertThat(Arrays.copyOf(target, copied))
                                .isEqualTo(Arrays.copyOf(expected, copied));
                        int[] stepwise = new int[target.length];
                        assertThat(matching(bits).copy(from, to, stepwise)).isEqualTo(copied);
                        assertThat(Arrays.copyOf(stepwise, copied))
                                .isEqualTo(Arrays.copyOf(target, copied));
                    }
                });
    }

    @Test
    void someOrdinalsAreSplitByTheSet() {
        RandomCases.run(
                200,
                (random, _) -> {
                    int rows = random.nextInt(1, 2_000);
                    BitSet bits = new BitSet();
                    double share = random.nextDouble();
                    IntStream.range(0, rows)
                            .filter(_ -> random.nextDouble() < share)
                            .forEach(bits::set);
                    int from = random.nextInt(3);
                    int count = random.nextInt(70);
                    int[] ordinals = random.ints(from + count, 0, rows + 100).toArray();
                    int[] some = Arrays.copyOfRange(ordinals, from, from + count);
                    int[] in = Arrays.stream(some).filter(bits::get).toArray();
                    int[] out = Arrays.stream(some).filter(row -> !bits.get(row)).toArray();
                    for (OrdinalSet set : List.of(rows(bits, rows), matching(bits))) {
                        int[] split = ordinals.clone();
                        int[] others = new int[count];
                        assertThat(set.split(split, from, count, others)).isEqualTo(in.length);
                        assertThat(Arrays.copyOf(split, from))
                                .isEqualTo(Arrays.copyOf(ordinals, from));
                        assertThat(Arrays.copyOfRange(split, from, from + in.length)).isEqualTo(in);
                        assertThat(Arrays.copyOf(others, out.length)).isEqualTo(out);
                    }
                });
    }

    private static OrdinalSet matching(BitSet bits) {
        return bits::get;
    }

    @Test
    void allRowsPassUpToTheFirstThatDoesNot() {
        for (int rows : new int[] {1, 63, 64, 65, 128, 1000}) {
            BitSet bits = new BitSet();
            bits.set(0, rows);
            assertThat(rows(bits, rows).all(rows)).isTrue();
            assertThat(rows(bits, rows).all(rows + 1)).isFalse();
            for (int left = 0; left < rows; left++) {
                bits.clear(left);
                assertThat(rows(bits, rows).all(left)).isTrue();
                assertThat(rows(bits, rows).all(left + 1)).isFalse();
                bits.set(left);
            }
        }
    }

    private static MatchingRows rows(BitSet bits, int rows) {
        return new MatchingRows(Arrays.copyOf(bits.toLongArray(), (rows + 63) / 64));
    }
}
