package io.arbalest.simd;

import static io.arbalest.simd.FasterThan.assertFaster;

import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * A Vector API call that the compiler does not turn into an instruction is 10 to 300 times slower:
 * each kernel of codes, and what is done once a query, must at least keep up with its scalar twin.
 * In no machine does it come near otherwise.
 */
class FastPathTest {
    private static final int DIMENSION = 768;

    @Test
    void bytesAreFaster() {
        try (Arena arena = Arena.ofConfined()) {
            int[] ordinals = {0, 1, 2, 3, 4, 5, 6, 7};
            int rowBytes = ByteCodes.rowBytes(DIMENSION);
            MemorySegment codes = arena.allocate(8L * rowBytes + ByteCodes.TAIL_BYTES, 64);
            for (int row = 0; row < 8; row++) {
                ByteCodes.encode(gaussian(row, DIMENSION), codes, (long) row * rowBytes);
            }
            ByteQuery query = new ByteQuery(DIMENSION);
            query.load(gaussian(9, DIMENSION));
            int[] dots = new int[8];
            Runnable kernel = () -> ByteCodes.dots(codes, 0, ordinals, 8, query, dots);
            Runnable scalar =
                    () -> {
                        for (int row = 0; row < 8; row++) {
                            dots[row] =
                                    ByteCodes.scalarDot(
                                            codes, (long) row * rowBytes, DIMENSION, query);
                        }
                    };
            assertFaster(kernel, scalar, 1);
        }
    }

    @Test
    void nibblesAreFaster() {
        try (Arena arena = Arena.ofConfined()) {
            int[] ordinals = {0, 1, 2, 3, 4, 5, 6, 7, 8};
            int rowBytes = NibbleCodes.rowBytes(DIMENSION);
            MemorySegment codes = arena.allocate(9L * rowBytes + NibbleCodes.TAIL_BYTES, 64);
            for (int row = 0; row < 9; row++) {
                NibbleCodes.encode(gaussian(row, DIMENSION), codes, (long) row * rowBytes);
            }
            NibbleQuery query = new NibbleQuery(DIMENSION);
            query.load(gaussian(9, DIMENSION));
            int[] dots = new int[9];
            Runnable kernel = () -> NibbleCodes.dots(codes, 0, ordinals, 9, query, dots);
            Runnable scalar =
                    () -> {
                        for (int row = 0; row < 9; row++) {
                            dots[row] =
                                    NibbleCodes.scalarDot(
                                            codes, (long) row * rowBytes, DIMENSION, query);
                        }
                    };
            assertFaster(kernel, scalar, 1);
        }
    }

    @Test
    void termsInsideAreReadFaster() {
        try (Arena arena = Arena.ofConfined()) {
            int[] ordinals = {0, 1, 2, 3, 4, 5, 6, 7};
            int rowBytes = ByteCodes.rowBytes(DIMENSION);
            MemorySegment codes = arena.allocate(8L * rowBytes, 64);
            for (int row = 0; row < 8; row++) {
                ByteTerms.put(codes, (long) row * rowBytes, row + 0.5f, -row);
            }
            int[] factors = new int[8];
            int[] offsets = new int[8];
            Runnable kernel =
                    () -> ByteTerms.read(codes, 0, rowBytes, ordinals, 8, factors, offsets);
            Runnable scalar =
                    () -> {
                        for (int row = 0; row < 8; row++) {
                            long at = (long) row * rowBytes;
                            factors[row] = Float.floatToRawIntBits(ByteTerms.factor(codes, at));
                            offsets[row] = Float.floatToRawIntBits(ByteTerms.offset(codes, at));
                        }
                    };
            assertFaster(kernel, scalar, 1);
        }
    }

    @Test
    void scoresOfBytesKeepUp() {
        int rows = 64;
        ByteScores batch = new ByteScores();
        batch.reserve(rows);
        float[] scores = new float[rows];
        long[] good = new long[1];
        Runnable kernel =
                () -> {
                    batch.scores(rows, 1000, 0.5f, 3, scores);
                    good[0] += FloatScores.atLeast(2, scores, 0, rows);
                };
        Runnable scalar =
                () -> {
                    for (int row = 0; row < rows; row++) {
                        scores[row] = batch.scalarScore(row, 1000, 0.5f, 3);
                        good[0] += scores[row] >= 2 ? 1L << row : 0;
                    }
                };
        assertFaster(kernel, scalar, 1);
    }

    @Test
    void signsAreFaster() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment codes = arena.allocate(SignCodes.blockBytes(DIMENSION), 64);
            SplittableRandom random = new SplittableRandom(1);
            for (long at = 0; at < codes.byteSize(); at++) {
                codes.set(java.lang.foreign.ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
            }
            SignQuery query = new SignQuery(DIMENSION);
            query.load(gaussian(2, DIMENSION));
            short[] sums = new short[SignCodes.NEIGHBORS];
            float[] scores = new float[SignCodes.NEIGHBORS];
            MemorySegment terms = arena.allocate(8L * SignCodes.NEIGHBORS, 64);
            Runnable kernel =
                    () -> {
                        SignCodes.sums(codes, 0, query, sums);
                        SignCodes.scores(sums, terms, 0, query, 0, 0, scores);
                    };
            Runnable scalar = () -> SignCodes.scalarSums(codes, 0, query, sums);
            assertFaster(kernel, scalar, 1);
        }
    }

    @Test
    void preparingAQueryKeepsUp() {
        Rotation rotation = new Rotation(DIMENSION, 1);
        SignQuery query = new SignQuery(DIMENSION);
        float[] plain = gaussian(3, DIMENSION);
        float[] rotated = new float[rotation.rotatedDimension()];
        Runnable kernel =
                () -> {
                    rotation.apply(plain, rotated);
                    query.load(rotated);
                };
        Runnable scalar = () -> rotation.scalarApply(plain, rotated);
        // the compiler makes vectors of the twin's loops too, of the machine's full width
        assertFaster(kernel, scalar, 0.5);
    }

    @Test
    void layingAQueryOutIsFaster() {
        HalfQuery half = new HalfQuery(DIMENSION);
        ByteQuery bytes = new ByteQuery(DIMENSION);
        NibbleQuery nibbles = new NibbleQuery(DIMENSION);
        float[] plain = gaussian(4, DIMENSION);
        Runnable kernel =
                () -> {
                    half.load(plain);
                    bytes.load(plain);
                    nibbles.load(plain); // as bytes first
                };
        Runnable scalar =
                () -> {
                    for (int j = 0; j < DIMENSION; j++) {
                        ((j & 1) == 0 ? half.even : half.odd)[j / 2] = plain[j] * 0x1p112f;
                        ((j & 1) == 0 ? bytes.even : bytes.odd)[j / 2] =
                                (short) ByteQuery.roundedSteps(plain[j] * 30);
                    }
                };
        assertFaster(kernel, scalar, 1);
    }

    @Test
    void scoringDirectlyKeepsUp() {
        try (Arena arena = Arena.ofConfined()) {
            int[] ordinals = {0, 1, 2, 3, 4, 5, 6, 7};
            long stride = 2L * DIMENSION;
            MemorySegment rows = arena.allocate(stride * ordinals.length, 64);
            SplittableRandom random = new SplittableRandom(5);
            for (int row = 0; row < ordinals.length; row++) {
                HalfCases.store(
                        arena, HalfCases.gaussian(random, DIMENSION, 1), rows, row * stride);
            }
            float[] query = gaussian(6, DIMENSION);
            double[] scores = new double[ordinals.length];
            double[] sums = new double[8];
            for (Metric metric : Metric.values()) {
                DirectScore direct = new DirectScore(metric, rows, stride, _ -> 0);
                Runnable kernel = () -> direct.of(ordinals, ordinals.length, query, scores);
                Runnable scalar =
                        () -> {
                            for (int row = 0; row < ordinals.length; row++) {
                                DirectScore.narrowProduct(rows, row * stride, query, sums, 0);
                                if (metric == Metric.COSINE) {
                                    DirectScore.narrowSquares(rows, row * stride, DIMENSION, sums);
                                }
                            }
                        };
                // without vectors of 512 bits they are the same
                assertFaster(kernel, scalar, 0.5);
            }
        }
    }

    private static float[] gaussian(long seed, int dimension) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }
}
