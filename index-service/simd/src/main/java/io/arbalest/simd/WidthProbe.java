package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.arbalest.common.Clock;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;

/**
 * Measures the inner product of binary16 vectors ({@link HalfDot}'s form, a row at a time) with
 * vectors of each width that the machine has, to choose one before the kernels are compiled.
 *
 * <p>The widest is taken unless a narrower one takes less than {@value #GAIN} of its time, both
 * being clearly faster than the scalar form: a width that the compiler has not come to in time must
 * not lose by that. Takes at most 50 ms a width, mostly a quarter of it.
 *
 * <p>Thread-safe: no state.
 */
final class WidthProbe {
    /** A narrower width must be at least so much faster. */
    static final double GAIN = 0.8;

    private static final int ROWS = 12; // with 768 elements, within the first cache
    private static final int PAIRS = 384;
    private static final int MASK = 0x8fffe000;
    private static final double CLEARLY = 1.5;
    private static final long MOST_NANOS = 50_000_000;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE);
    private static final VectorSpecies<Integer> I512 = IntVector.SPECIES_512;
    private static final VectorSpecies<Float> F512 = FloatVector.SPECIES_512;
    private static final VectorSpecies<Integer> I256 = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> F256 = FloatVector.SPECIES_256;
    private static final VectorSpecies<Integer> I128 = IntVector.SPECIES_128;
    private static final VectorSpecies<Float> F128 = FloatVector.SPECIES_128;

    private WidthProbe() {}

    /**
     * What was measured.
     *
     * @param bits the width to use
     * @param text the figures
     */
    record Choice(int bits, String text) {}

    /** Chooses among the widths up to the machine's, which is one of 128, 256 and 512. */
    static Choice choose(int machineBits, Clock clock) {
        SettledTime time = new SettledTime(clock, MOST_NANOS);
        float[] even = new float[PAIRS];
        float[] odd = new float[PAIRS];
        float[] dots = new float[ROWS];
        try (Arena arena = Arena.ofShared()) {
            MemorySegment rows = arena.allocate(4L * PAIRS * ROWS, 64);
            for (long i = 0; i < 2L * PAIRS * ROWS; i++) {
                rows.set(HALF, 2 * i, Float.floatToFloat16((int) (1 + i % 7)));
            }
            Arrays.fill(even, 1);
            Arrays.fill(odd, 2);
            double scalar = time.of(() -> scalar(rows, even, odd, dots), Double.MAX_VALUE) / ROWS;
            double bound = scalar / CLEARLY;
            double[] nanos = {Double.NaN, Double.NaN, Double.NaN}; // of 512, 256, 128
            Runnable[] kernels = {
                () -> dots512(rows, even, odd, dots),
                () -> dots256(rows, even, odd, dots),
                () -> dots128(rows, even, odd, dots)
            };
            for (int i = 0; i < kernels.length; i++) {
                if (512 >> i <= machineBits) {
                    nanos[i] = time.of(kernels[i], bound * ROWS) / ROWS;
                }
            }
            return choose(machineBits, nanos, scalar);
        }
    }

    /**
     * The rule.
     *
     * @param nanos a row, of 512, 256 and 128 bits; NaN: not measured
     */
    static Choice choose(int machineBits, double[] nanos, double scalar) {
        StringBuilder text = new StringBuilder("ns a row of 768:");
        int widest = machineBits == 512 ? 0 : machineBits == 256 ? 1 : 2;
        int best = widest;
        for (int i = widest; i < nanos.length; i++) {
            text.append(String.format(Locale.ROOT, " %.1f with %d bits,", nanos[i], 512 >> i));
            boolean clearly = nanos[widest] < scalar / CLEARLY && nanos[i] < scalar / CLEARLY;
            if (clearly && nanos[i] < GAIN * nanos[widest] && nanos[i] < nanos[best]) {
                best = i;
            }
        }
        text.append(String.format(Locale.ROOT, " %.1f without vectors", scalar));
        return new Choice(512 >> best, text.toString());
    }

    private static void scalar(MemorySegment rows, float[] even, float[] odd, float[] dots) {
        for (int row = 0; row < ROWS; row++) {
            float sum = 0;
            long at = 4L * PAIRS * row;
            for (int i = 0; i < PAIRS; i++) {
                sum = Math.fma(Float.float16ToFloat(rows.get(HALF, at + 4L * i)), even[i], sum);
                sum = Math.fma(Float.float16ToFloat(rows.get(HALF, at + 4L * i + 2)), odd[i], sum);
            }
            dots[row] = sum;
        }
    }

    private static void dots512(MemorySegment rows, float[] even, float[] odd, float[] dots) {
        for (int row = 0; row < ROWS; row++) {
            FloatVector sum = FloatVector.zero(F512);
            for (int i = 0; i < PAIRS; i += 16) {
                IntVector x = IntVector.fromMemorySegment(I512, rows, 4L * (PAIRS * row + i), LE);
                IntVector low = x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
                IntVector high = x.lanewise(ASHR, 3).and(MASK);
                sum = low.reinterpretAsFloats().fma(FloatVector.fromArray(F512, even, i), sum);
                sum = high.reinterpretAsFloats().fma(FloatVector.fromArray(F512, odd, i), sum);
            }
            dots[row] = sum.reduceLanes(ADD);
        }
    }

    private static void dots256(MemorySegment rows, float[] even, float[] odd, float[] dots) {
        for (int row = 0; row < ROWS; row++) {
            FloatVector sum = FloatVector.zero(F256);
            for (int i = 0; i < PAIRS; i += 8) {
                IntVector x = IntVector.fromMemorySegment(I256, rows, 4L * (PAIRS * row + i), LE);
                IntVector low = x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
                IntVector high = x.lanewise(ASHR, 3).and(MASK);
                sum = low.reinterpretAsFloats().fma(FloatVector.fromArray(F256, even, i), sum);
                sum = high.reinterpretAsFloats().fma(FloatVector.fromArray(F256, odd, i), sum);
            }
            dots[row] = sum.reduceLanes(ADD);
        }
    }

    private static void dots128(MemorySegment rows, float[] even, float[] odd, float[] dots) {
        for (int row = 0; row < ROWS; row++) {
            FloatVector sum = FloatVector.zero(F128);
            for (int i = 0; i < PAIRS; i += 4) {
                IntVector x = IntVector.fromMemorySegment(I128, rows, 4L * (PAIRS * row + i), LE);
                IntVector low = x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
                IntVector high = x.lanewise(ASHR, 3).and(MASK);
                sum = low.reinterpretAsFloats().fma(FloatVector.fromArray(F128, even, i), sum);
                sum = high.reinterpretAsFloats().fma(FloatVector.fromArray(F128, odd, i), sum);
            }
            dots[row] = sum.reduceLanes(ADD);
        }
    }
}
