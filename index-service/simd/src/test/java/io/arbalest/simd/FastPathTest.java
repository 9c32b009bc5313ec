package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * A Vector API call that the compiler does not turn into an instruction is 10 to 300 times slower:
 * each kernel of codes must at least keep up with its scalar twin, in the best of many rounds. In
 * no machine does it come near otherwise.
 */
class FastPathTest {
    private static final int DIMENSION = 768;
    private static final int ROUNDS = 60;
    private static final int CALLS = 400;

    private static long best(Runnable calls) {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            calls.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }

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
            long kernel =
                    best(() -> {
                        for (int i = 0; i < CALLS; i++) {
                            ByteCodes.dots(codes, 0, ordinals, 8, query, dots);
                        }
                    });
            long scalar =
                    best(() -> {
                        for (int i = 0; i < CALLS; i++) {
                            for (int row = 0; row < 8; row++) {
                                dots[row] =
                                        ByteCodes.scalarDot(
                                                codes, (long) row * rowBytes, DIMENSION, query);
                            }
                        }
                    });
            assertThat(kernel).as("nanoseconds, scalar %s", scalar).isLessThan(scalar);
        }
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
            long kernel =
                    best(() -> {
                        for (int i = 0; i < CALLS; i++) {
                            SignCodes.sums(codes, 0, query, sums);
                            SignCodes.scores(sums, terms, 0, query, 0, 0, scores);
                        }
                    });
            long scalar =
                    best(() -> {
                        for (int i = 0; i < CALLS; i++) {
                            SignCodes.scalarSums(codes, 0, query, sums);
                        }
                    });
            assertThat(kernel).as("nanoseconds, scalar %s", scalar).isLessThan(scalar);
        }
    }

    @Test
    void preparingAQueryKeepsUp() {
        Rotation rotation = new Rotation(DIMENSION, 1);
        SignQuery query = new SignQuery(DIMENSION);
        float[] plain = gaussian(3, DIMENSION);
        float[] rotated = new float[rotation.rotatedDimension()];
        long kernel =
                best(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        rotation.apply(plain, rotated);
                        query.load(rotated);
                    }
                });
        long scalar =
                best(() -> {
                    for (int i = 0; i < CALLS; i++) {
                        rotation.scalarApply(plain, rotated);
                    }
                });
        // the compiler makes vectors of the twin's loops too, of the machine's full width
        assertThat(kernel).as("nanoseconds, scalar %s", scalar).isLessThan(2 * scalar);
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
