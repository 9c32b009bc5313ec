package io.arbalest.simd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.arbalest.common.Clock;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Runs each kernel against its scalar twin on this machine, for vectors of one dimension: whether
 * both compute the same, and what a row takes.
 *
 * <p>A call of the Vector API that the compiler does not turn into instructions is 10 to 300 times
 * slower than one that it does, and gives the same results. No test of another machine or JVM can
 * rule that out here, so a kernel has to stay below its twin, and below {@value
 * WidthProbe#COMPILED} ns an element and {@value #ROW_NANOS} ns a row: the twin alone is no bound,
 * because early in a process it may not be compiled either.
 *
 * <p>Thread-safe: no state. Takes a few hundredths of a second a kernel, and up to one second where
 * the compiler has not come to it yet, so it belongs on a background thread.
 */
public final class KernelSelfTest {
    /** The kernel {@link VnniKernel}. */
    public static final String VNNI = "bytes-vnni";

    /** The kernel {@link VnniNibbleKernel}. */
    public static final String NIBBLES_VNNI = "nibbles-vnni";

    private static final int ROWS = 33; // four at a time, and one that is left

    /** Some thousand calls of a kernel that is still interpreted: enough to have it compiled. */
    private static final long MOST_NANOS = 1_000_000_000;

    /** What a row may take beside its elements: a call, and the sum of a vector's lanes. */
    private static final double ROW_NANOS = 64;

    private static final int MOST_ELEMENTS = 4096;

    private KernelSelfTest() {}

    /** How a kernel did. */
    public enum Verdict {
        /** Right, faster than its twin and as fast as compiled code is. */
        GOOD,
        /** Right, and slower than its twin or than any compiled code. */
        SLOW,
        /** Not what its twin computes. */
        WRONG
    }

    /**
     * What was found out about one kernel.
     *
     * @param kernel {@code fp16}, {@code bytes}, {@code nibbles}, {@code signs}, {@code bytes-vnni}
     *     or {@code nibbles-vnni}
     * @param dimension elements of a vector
     * @param vectorBits width of the vectors in use
     * @param nanosPerRow time for one row; of {@code signs}, for one neighbour of a block
     * @param scalarNanosPerRow the same of the twin
     */
    public record Measured(
            String kernel,
            int dimension,
            int vectorBits,
            double nanosPerRow,
            double scalarNanosPerRow,
            Verdict verdict) {}

    /** A kernel and its twin, over the same rows. */
    record Pair(String kernel, int rows, Runnable vector, Runnable scalar, BooleanSupplier agree) {
        /** Compares results, then times. */
        Measured measure(int dimension, SettledTime time) {
            vector.run();
            scalar.run();
            boolean right = agree.getAsBoolean();
            double twin = time.of(scalar, Double.MAX_VALUE);
            double compiled = rows * (ROW_NANOS + dimension * WidthProbe.COMPILED);
            double bound = Math.min(twin, compiled);
            double nanos = time.of(vector, bound);
            right &= agree.getAsBoolean(); // now compiled
            Verdict verdict = nanos <= bound ? Verdict.GOOD : Verdict.SLOW;
            return new Measured(
                    kernel,
                    dimension,
                    VectorWidth.bits(),
                    nanos / rows,
                    twin / rows,
                    right ? verdict : Verdict.WRONG);
        }
    }

    /**
     * Tests all kernels.
     *
     * @param dimension 1 to 4096
     * @param bytes by {@link VnniKernel}; null where there is no such thing
     * @param nibbles by {@link VnniNibbleKernel}; null where there is no such thing
     */
    public static List<Measured> run(
            int dimension,
            @Nullable RowScores<ByteQuery> bytes,
            @Nullable RowScores<NibbleQuery> nibbles,
            Clock clock) {
        if (dimension < 1 || dimension > MOST_ELEMENTS) {
            throw new IllegalArgumentException("dimension " + dimension);
        }
        SplittableRandom random = new SplittableRandom(dimension);
        SettledTime time = new SettledTime(clock, MOST_NANOS);
        List<Measured> measured = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            measured.add(halves(arena, dimension, random).measure(dimension, time));
            measured.add(bytes(arena, dimension, random, null).measure(dimension, time));
            measured.add(nibbles(arena, dimension, random, null).measure(dimension, time));
            measured.add(signs(arena, dimension, random).measure(dimension, time));
            if (bytes != null) {
                measured.add(bytes(arena, dimension, random, bytes).measure(dimension, time));
            }
            if (nibbles != null) {
                measured.add(nibbles(arena, dimension, random, nibbles).measure(dimension, time));
            }
        }
        return measured;
    }

    private static Pair halves(Arena arena, int dimension, SplittableRandom random) {
        long stride = 2L * HalfDot.paddedDimension(dimension);
        MemorySegment rows = arena.allocate(stride * ROWS, 64);
        MemorySegment plain = arena.allocate(2L * dimension, 64);
        HalfQuery query = new HalfQuery(dimension);
        query.load(gaussian(dimension, random));
        for (int row = 0; row < ROWS; row++) {
            for (int i = 0; i < dimension; i++) {
                short half = Float.floatToFloat16((float) random.nextGaussian());
                plain.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 2L * i, half);
            }
            int exponent = HalfCodec.exponentOf(plain, 0, dimension);
            HalfCodec.encode(plain, 0, dimension, exponent, rows, row * stride);
        }
        int[] ordinals = ordinals();
        float[] vector = new float[ROWS];
        float[] scalar = new float[ROWS];
        return new Pair(
                "fp16",
                ROWS,
                () -> HalfDot.dots(rows, stride, ordinals, 0, ROWS, query, vector),
                () -> {
                    for (int i = 0; i < ROWS; i++) {
                        scalar[i] = HalfDot.scalarDot(rows, ordinals[i] * stride, query);
                    }
                },
                () -> {
                    for (int i = 0; i < ROWS; i++) {
                        double sizes = sizes(rows, ordinals[i] * stride, query);
                        double error = Math.abs((double) vector[i] - scalar[i]);
                        if (!(error <= dimension * 0x1p-23 * sizes)) {
                            return false;
                        }
                    }
                    return true;
                });
    }

    /** The sum of the products' sizes, as the kernel scales them. */
    private static double sizes(MemorySegment rows, long offset, HalfQuery query) {
        double sum = 0;
        for (int i = 0; i < query.even.length; i++) {
            float even = HalfCodec.element(rows, offset, 2 * i);
            float odd = HalfCodec.element(rows, offset, 2 * i + 1);
            sum += Math.abs((double) even * query.even[i]) + Math.abs((double) odd * query.odd[i]);
        }
        return sum * 0x1p-112;
    }

    /** Inner products, terms, which lie inside rows that are long enough, and scores. */
    private static Pair bytes(
            Arena arena,
            int dimension,
            SplittableRandom random,
            @Nullable RowScores<ByteQuery> vnni) {
        long rowBytes = ByteCodes.rowBytes(dimension);
        boolean inside = dimension >= ByteTerms.CODES;
        ByteScores vector = new ByteScores();
        ByteScores scalar = new ByteScores();
        vector.reserve(ROWS);
        scalar.reserve(ROWS);
        MemorySegment rows = arena.allocate(rowBytes * ROWS + ByteCodes.TAIL_BYTES, 64);
        for (int row = 0; row < ROWS; row++) {
            float factor = ByteCodes.encode(gaussian(dimension, random), rows, row * rowBytes);
            float offset = (float) random.nextGaussian();
            if (inside) {
                ByteTerms.put(rows, row * rowBytes, factor, offset);
            } else {
                scalar.factors()[row] = Float.floatToRawIntBits(factor);
                scalar.offsets()[row] = Float.floatToRawIntBits(offset);
                vector.factors()[row] = scalar.factors()[row];
                vector.offsets()[row] = scalar.offsets()[row];
            }
        }
        ByteQuery query = new ByteQuery(dimension);
        query.load(gaussian(dimension, random));
        int[] ordinals = ordinals();
        float[] vectorScores = new float[ROWS];
        float[] scalarScores = new float[ROWS];
        if (vnni != null) {
            vnni.load(query, query.step(), 1, ROWS);
        }
        return new Pair(
                vnni == null ? "bytes" : VNNI,
                ROWS,
                vnni == null
                        ? () -> scores(rows, ordinals, query, vector, vectorScores)
                        : () -> vnni.score(rows, 0, rowBytes, ordinals, ROWS, vectorScores),
                () -> {
                    for (int i = 0; i < ROWS; i++) {
                        long at = ordinals[i] * rowBytes;
                        scalar.dots()[i] = ByteCodes.scalarDot(rows, at, dimension, query);
                        if (inside) {
                            scalar.factors()[i] =
                                    Float.floatToRawIntBits(ByteTerms.factor(rows, at));
                            scalar.offsets()[i] =
                                    Float.floatToRawIntBits(ByteTerms.offset(rows, at));
                        }
                        scalarScores[i] = scalar.scalarScore(i, query.zero(), query.step(), 1);
                    }
                },
                () -> Arrays.equals(vectorScores, scalarScores));
    }

    private static void scores(
            MemorySegment rows, int[] ordinals, ByteQuery query, ByteScores terms, float[] scores) {
        ByteCodes.dots(rows, 0, ordinals, ROWS, query, terms.dots());
        if (query.dimension() >= ByteTerms.CODES) {
            ByteTerms.read(
                    rows, 0, query.rowBytes, ordinals, ROWS, terms.factors(), terms.offsets());
        }
        terms.scores(ROWS, query.zero(), query.step(), 1, scores);
    }

    /** Inner products, terms and scores. */
    private static Pair nibbles(
            Arena arena,
            int dimension,
            SplittableRandom random,
            @Nullable RowScores<NibbleQuery> vnni) {
        long rowBytes = NibbleCodes.rowBytes(dimension);
        ByteScores vector = new ByteScores();
        ByteScores scalar = new ByteScores();
        vector.reserve(ROWS);
        scalar.reserve(ROWS);
        MemorySegment rows = arena.allocate(rowBytes * ROWS + NibbleCodes.TAIL_BYTES, 64);
        for (int row = 0; row < ROWS; row++) {
            float factor = NibbleCodes.encode(gaussian(dimension, random), rows, row * rowBytes);
            NibbleCodes.putTerms(rows, row * rowBytes, factor, (float) random.nextGaussian());
        }
        NibbleQuery query = new NibbleQuery(dimension);
        query.load(gaussian(dimension, random));
        int[] ordinals = ordinals();
        float[] vectorScores = new float[ROWS];
        float[] scalarScores = new float[ROWS];
        if (vnni != null) {
            vnni.load(query, query.step(), 1, ROWS);
        }
        return new Pair(
                vnni == null ? "nibbles" : NIBBLES_VNNI,
                ROWS,
                vnni == null
                        ? () -> scores(rows, ordinals, query, vector, vectorScores)
                        : () -> vnni.score(rows, 0, rowBytes, ordinals, ROWS, vectorScores),
                () -> {
                    for (int i = 0; i < ROWS; i++) {
                        long at = ordinals[i] * rowBytes;
                        scalar.dots()[i] = NibbleCodes.scalarDot(rows, at, dimension, query);
                        float factor = NibbleCodes.factor(rows, at);
                        float offset = NibbleCodes.offset(rows, at);
                        scalar.factors()[i] = Float.floatToRawIntBits(factor);
                        scalar.offsets()[i] = Float.floatToRawIntBits(offset);
                        scalarScores[i] = scalar.scalarScore(i, query.zero(), query.step(), 1);
                    }
                },
                () -> Arrays.equals(vectorScores, scalarScores));
    }

    private static void scores(
            MemorySegment rows,
            int[] ordinals,
            NibbleQuery query,
            ByteScores terms,
            float[] scores) {
        NibbleCodes.dots(rows, 0, ordinals, ROWS, query, terms.dots());
        NibbleCodes.terms(
                rows, 0, query.rowBytes, ordinals, ROWS, terms.factors(), terms.offsets());
        terms.scores(ROWS, query.zero(), query.step(), 1, scores);
    }

    private static Pair signs(Arena arena, int dimension, SplittableRandom random) {
        MemorySegment codes = arena.allocate(SignCodes.blockBytes(dimension), 64);
        for (long at = 0; at < codes.byteSize(); at++) {
            codes.set(JAVA_BYTE, at, (byte) random.nextInt());
        }
        SignQuery query = new SignQuery(dimension);
        query.load(gaussian(SignCodes.paddedDimension(dimension), random));
        short[] vector = new short[SignCodes.NEIGHBORS];
        short[] scalar = new short[SignCodes.NEIGHBORS];
        return new Pair(
                "signs",
                SignCodes.NEIGHBORS,
                () -> SignCodes.sums(codes, 0, query, vector),
                () -> SignCodes.scalarSums(codes, 0, query, scalar),
                () -> Arrays.equals(vector, scalar));
    }

    private static int[] ordinals() {
        int[] ordinals = new int[ROWS];
        Arrays.setAll(ordinals, i -> (7 * i) % ROWS);
        return ordinals;
    }

    private static float[] gaussian(int length, SplittableRandom random) {
        float[] vector = new float[length];
        for (int i = 0; i < length; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }
}
