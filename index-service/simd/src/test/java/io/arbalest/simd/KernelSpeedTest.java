package io.arbalest.simd;

import static io.arbalest.simd.FasterThan.assertFaster;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * A call that the compiler does not turn into vector instructions is 10 to 300 times slower, with
 * the same results: only a clock sees it. Each kernel must be clearly faster than its scalar twin,
 * at every width that the build runs this with.
 */
class KernelSpeedTest {
    private static final int ROWS = 64;

    @ParameterizedTest
    @ValueSource(ints = {31, 96, 128, 192, 768, 1537})
    void kernelsAreFasterThanTheirTwins(int dimension) {
        try (Arena arena = Arena.ofShared()) {
            SplittableRandom random = new SplittableRandom(HalfCases.SEED);
            long stride = 2L * HalfDot.paddedDimension(dimension);
            MemorySegment rows = arena.allocate(stride * ROWS, 64);
            int[] ordinals = new int[ROWS];
            for (int i = 0; i < ROWS; i++) {
                ordinals[i] = (i * 37) % ROWS;
                HalfCases.store(arena, HalfCases.gaussian(random, dimension, 1), rows, i * stride);
            }
            float[] elements = new float[dimension];
            for (int i = 0; i < dimension; i++) {
                elements[i] = (float) random.nextGaussian();
            }
            HalfQuery query = new HalfQuery(dimension);
            query.load(elements);
            float[] dots = new float[ROWS];
            Runnable list = () -> HalfDot.dots(rows, stride, ordinals, 0, ROWS, query, dots);
            Runnable single =
                    () -> {
                        for (int i = 0; i < ROWS; i++) {
                            dots[i] = HalfDot.dot(rows, i * stride, query);
                        }
                    };
            Runnable scalar =
                    () -> {
                        for (int i = 0; i < ROWS; i++) {
                            dots[i] = HalfDot.scalarDot(rows, i * stride, query);
                        }
                    };
            assertFaster(list, scalar, 1.5);
            assertFaster(single, scalar, 1.0);
        }
    }
}
