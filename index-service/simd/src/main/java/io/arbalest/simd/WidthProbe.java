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
import java.util.function.IntToDoubleFunction;

/**
 * Measures the inner product of binary16 vectors ({@link HalfDot}'s form, a row at a time) with
 * vectors of the machine's width and of narrower ones, to choose one before the kernels are
 * compiled.
 *
 * <p>The widest is taken unless a narrower one takes less than {@value #GAIN} of its time, both
 * being compiled: a width that the compiler has not come to in time must not lose by that. What
 * takes more than {@value #COMPILED} ns an element is not compiled, on any machine that has
 * vectors.
 *
 * <p>Takes about 0.2 s a width, nearly all of it until the compiler is done, and at most 0.45 s.
 * The widths are measured one after the other: the JVM's profiles of what they share are then those
 * of one width for as long as it is being compiled.
 *
 * <p>Thread-safe: no state.
 */
final class WidthProbe {
    /** A narrower width must be at least so much faster. */
    static final double GAIN = 0.8;

    /** Nanoseconds an element that compiled code stays below. */
    static final double COMPILED = 1;

    private static final int ELEMENTS = 768;
    private static final int PAIRS = ELEMENTS / 2;
    private static final int ROWS = 12; // within the first cache
    private static final int CALLS_AT_ONCE = 256;
    private static final int MASK = 0x8fffe000;
    private static final long COMPILING_NANOS = 400_000_000;
    private static final long MEASURING_NANOS = 50_000_000;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE);
    private static final VectorSpecies<Integer> I512 = IntVector.SPECIES_512;
    private static final VectorSpecies<Float> F512 = FloatVector.SPECIES_512;
    private static final VectorSpecies<Integer> I256 = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> F256 = FloatVector.SPECIES_256;
    private static final VectorSpecies<Integer> I128 = IntVector.SPECIES_128;
    private static final VectorSpecies<Float> F128 = FloatVector.SPECIES_128;

    /** The inner product of the first pairs of a row with two halves of a query. */
    @FunctionalInterface
    private interface Dot {
        float of(MemorySegment rows, long offset, int pairs, float[] even, float[] odd);
    }

    private final Clock clock;
    private final MemorySegment rows;
    private final float[] even = new float[PAIRS];
    private final float[] odd = new float[PAIRS];

    /** Where results go, so that nothing is left out. */
    private final float[] dots = new float[ROWS];

    private WidthProbe(Clock clock, Arena arena) {
        this.clock = clock;
        rows = arena.allocate(4L * PAIRS * ROWS, 64);
        for (long i = 0; i < 2L * PAIRS * ROWS; i++) {
            rows.set(HALF, 2 * i, Float.floatToFloat16((int) (1 + i % 7)));
        }
        Arrays.fill(even, 1);
        Arrays.fill(odd, 2);
    }

    /**
     * What was measured.
     *
     * @param bits the width to use
     * @param text the figures
     */
    record Choice(int bits, String text) {}

    /** Chooses among the widths up to the machine's, which is one of 128, 256 and 512. */
    static Choice choose(int machineBits, Clock clock) {
        try (Arena arena = Arena.ofShared()) {
            WidthProbe probe = new WidthProbe(clock, arena);
            return choose(machineBits, probe::nanosPerRow);
        }
    }

    /**
     * The rule: narrower as long as that pays.
     *
     * @param nanosPerRow of {@value #ELEMENTS} elements with vectors of so many bits
     */
    static Choice choose(int machineBits, IntToDoubleFunction nanosPerRow) {
        StringBuilder text = new StringBuilder("ns a row of " + ELEMENTS + ":");
        int best = machineBits;
        double least = measured(best, nanosPerRow, text);
        for (int bits = best / 2; bits >= 128 && least < ELEMENTS * COMPILED; bits /= 2) {
            double nanos = measured(bits, nanosPerRow, text);
            if (nanos >= GAIN * least) {
                break;
            }
            best = bits;
            least = nanos;
        }
        return new Choice(best, text.toString());
    }

    private static double measured(
            int bits, IntToDoubleFunction nanosPerRow, StringBuilder description) {
        double nanos = nanosPerRow.applyAsDouble(bits);
        description.append(description.charAt(description.length() - 1) == ':' ? " " : ", ");
        if (nanos < ELEMENTS * COMPILED) {
            description.append(String.format(Locale.ROOT, "%.0f with %d bits", nanos, bits));
        } else {
            description.append("not compiled in time with ").append(bits).append(" bits");
        }
        return nanos;
    }

    private double nanosPerRow(int bits) {
        Dot dot =
                switch (bits) {
                    case 512 -> WidthProbe::dot512;
                    case 256 -> WidthProbe::dot256;
                    default -> WidthProbe::dot128;
                };
        long begin = clock.monotonicNanos();
        long row;
        do {
            for (int call = 0; call < CALLS_AT_ONCE; call++) {
                dots[0] +=
                        dot.of(rows, 0, bits / Integer.SIZE, even, odd); // short: many are wanted
            }
            long start = clock.monotonicNanos();
            dots[0] += dot.of(rows, 0, PAIRS, even, odd);
            row = clock.monotonicNanos() - start;
        } while (row >= ELEMENTS * COMPILED && clock.monotonicNanos() - begin < COMPILING_NANOS);
        if (row >= ELEMENTS * COMPILED) {
            return row;
        }
        return new SettledTime(clock, MEASURING_NANOS)
                        .of(() -> all(dot), ELEMENTS * COMPILED * ROWS)
                / ROWS;
    }

    private void all(Dot dot) {
        for (int row = 0; row < ROWS; row++) {
            dots[row] += dot.of(rows, 4L * PAIRS * row, PAIRS, even, odd);
        }
    }

    private static float dot512(
            MemorySegment rows, long offset, int pairs, float[] even, float[] odd) {
        FloatVector sum = FloatVector.zero(F512);
        for (int i = 0; i < pairs; i += 16) {
            IntVector x = IntVector.fromMemorySegment(I512, rows, offset + 4L * i, LE);
            IntVector low = x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
            IntVector high = x.lanewise(ASHR, 3).and(MASK);
            sum = low.reinterpretAsFloats().fma(FloatVector.fromArray(F512, even, i), sum);
            sum = high.reinterpretAsFloats().fma(FloatVector.fromArray(F512, odd, i), sum);
        }
        return sum.reduceLanes(ADD);
    }

    private static float dot256(
            MemorySegment rows, long offset, int pairs, float[] even, float[] odd) {
        FloatVector sum = FloatVector.zero(F256);
        for (int i = 0; i < pairs; i += 8) {
            IntVector x = IntVector.fromMemorySegment(I256, rows, offset + 4L * i, LE);
            IntVector low = x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
            IntVector high = x.lanewise(ASHR, 3).and(MASK);
            sum = low.reinterpretAsFloats().fma(FloatVector.fromArray(F256, even, i), sum);
            sum = high.reinterpretAsFloats().fma(FloatVector.fromArray(F256, odd, i), sum);
        }
        return sum.reduceLanes(ADD);
    }

    private static float dot128(
            MemorySegment rows, long offset, int pairs, float[] even, float[] odd) {
        FloatVector sum = FloatVector.zero(F128);
        for (int i = 0; i < pairs; i += 4) {
            IntVector x = IntVector.fromMemorySegment(I128, rows, offset + 4L * i, LE);
            IntVector low = x.lanewise(LSHL, 16).lanewise(ASHR, 3).and(MASK);
            IntVector high = x.lanewise(ASHR, 3).and(MASK);
            sum = low.reinterpretAsFloats().fma(FloatVector.fromArray(F128, even, i), sum);
            sum = high.reinterpretAsFloats().fma(FloatVector.fromArray(F128, odd, i), sum);
        }
        return sum.reduceLanes(ADD);
    }
}
