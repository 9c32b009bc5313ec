package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.Clock;
import io.arbalest.simd.KernelSelfTest.Measured;
import io.arbalest.simd.KernelSelfTest.Verdict;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

class KernelSelfTestTest {
    private static final long MOST_NANOS = 50_000_000;
    private static final double[] NOT_USED = new double[1];

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 100, 192, 768, 4096})
    void kernelsComputeWhatTheirTwinsDo(int dimension) {
        List<Measured> measured = KernelSelfTest.run(dimension, null, null, Clock.SYSTEM);
        assertThat(measured)
                .extracting(Measured::kernel)
                .containsExactly("fp16", "bytes", "nibbles", "signs");
        for (Measured one : measured) {
            assertThat(one.verdict()).as("%s", one).isNotEqualTo(Verdict.WRONG);
            assertThat(one.vectorBits()).isEqualTo(VectorWidth.bits());
            assertThat(one.nanosPerRow()).isPositive();
            assertThat(one.scalarNanosPerRow()).isPositive();
        }
    }

    /** Once the compiler has come to them; it may be busy. */
    @Test
    void kernelsAreFoundToBeGood() {
        long deadline = System.nanoTime() + 30_000_000_000L;
        List<Measured> measured = KernelSelfTest.run(768, null, null, Clock.SYSTEM);
        while (measured.stream().anyMatch(one -> one.verdict() != Verdict.GOOD)
                && System.nanoTime() < deadline) {
            measured = KernelSelfTest.run(768, null, null, Clock.SYSTEM);
        }
        assertThat(measured).allMatch(one -> one.verdict() == Verdict.GOOD);
    }

    @Test
    void aSlowKernelIsFoundOut() {
        Measured slow = pair(() -> work(2000), () -> work(100), true);
        assertThat(slow.verdict()).isEqualTo(Verdict.SLOW);
        assertThat(slow.nanosPerRow()).isGreaterThan(slow.scalarNanosPerRow());
    }

    /** As in the first seconds of a process, when neither is compiled. */
    @Test
    void aKernelThatIsNotCompiledIsFoundOutBesideATwinThatIsNotEither() {
        Measured slow = pair(() -> work(2000), () -> work(4000), true);
        assertThat(slow.nanosPerRow()).isGreaterThan(64 + 64).isLessThan(slow.scalarNanosPerRow());
        assertThat(slow.verdict()).isEqualTo(Verdict.SLOW);
    }

    @Test
    void aWrongKernelIsFoundOutHoweverFast() {
        assertThat(pair(() -> work(1), () -> work(100), false).verdict()).isEqualTo(Verdict.WRONG);
    }

    /** Kernels of our own beside the twins of all: terms inside rows of bytes and apart. */
    @ParameterizedTest
    @ValueSource(ints = {100, 192})
    void wrongScoresAreFoundOut(int dimension) {
        List<Measured> measured =
                KernelSelfTest.run(dimension, new Ones<>(), new Ones<>(), Clock.SYSTEM);
        List<Measured> last = measured.subList(measured.size() - 2, measured.size());
        assertThat(last).extracting(Measured::kernel).containsExactly("bytes-vnni", "nibbles-vnni");
        assertThat(last).extracting(Measured::verdict).containsOnly(Verdict.WRONG);
    }

    /** Scores that are all the same. */
    private static final class Ones<Q> implements RowScores<Q> {
        @Override
        public void load(Q query, float factor, float offset, int rows) {}

        @Override
        public void score(
                MemorySegment rows,
                long at,
                long rowBytes,
                int[] ordinals,
                int count,
                float[] scores) {
            Arrays.fill(scores, 1);
        }
    }

    @Test
    void measuringEndsInTime() {
        long begin = System.nanoTime();
        double nanos = new SettledTime(Clock.SYSTEM, MOST_NANOS).of(() -> work(10_000), 1);
        assertThat(nanos).isGreaterThan(1);
        assertThat(System.nanoTime() - begin)
                .as("nanoseconds, of a kernel that never settles")
                .isLessThan(20 * MOST_NANOS); // the machine may be busy
    }

    private static Measured pair(Runnable vector, Runnable scalar, boolean agree) {
        return new KernelSelfTest.Pair("made up", 10, vector, scalar, () -> agree)
                .measure(64, new SettledTime(Clock.SYSTEM, MOST_NANOS));
    }

    private static void work(int steps) {
        double sum = 0;
        for (int i = 0; i < steps; i++) {
            sum += Math.sqrt(i + sum);
        }
        NOT_USED[0] = sum;
    }
}
