package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Queries as kernels want them, against what each element has to be; the build runs it with 128,
 * 256 and the machine's widest vectors.
 */
class QueryLayoutTest {
    private static final int[] DIMENSIONS =
            IntStream.concat(IntStream.rangeClosed(1, 140), IntStream.of(192, 768, 1537, 4096))
                    .toArray();

    private final SplittableRandom random = new SplittableRandom(HalfCases.SEED);

    private float[] query(int dimension, double size) {
        float[] query = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            query[i] = (float) (random.nextGaussian() * size);
        }
        return query;
    }

    /** Whatever the size: what a float cannot hold is rounded once. */
    @ParameterizedTest
    @ValueSource(doubles = {1, 1e-3, 1e37, 1e-30, 1e-38, 1e-41, 3e-45, 0})
    void halvesAreElementsTimesAPowerOfTwo(double size) {
        for (int dimension : DIMENSIONS) {
            float[] elements = query(dimension, size);
            elements[random.nextInt(dimension)] *= 0x1p-120f; // small beside the others
            HalfQuery query = new HalfQuery(dimension);
            query.load(query(dimension, 7)); // what was there before does not stay
            query.load(elements);
            double power = 0x1p112 / query.scale();
            for (int i = 0; i < dimension; i++) {
                float laid = ((i & 1) == 0 ? query.even : query.odd)[i / 2];
                assertThat(laid)
                        .as("element %s of %s, seed %s", i, dimension, HalfCases.SEED)
                        .isEqualTo((float) (elements[i] * power));
            }
            assertPadded(query, dimension);
            float largest = FloatDot.largest(elements);
            if (largest >= Float.MIN_NORMAL) {
                assertThat(largest / query.scale()).isBetween(0.5, 1.0);
            }
        }
    }

    private static void assertPadded(HalfQuery query, int dimension) {
        for (int i = dimension; i < HalfDot.paddedDimension(dimension); i++) {
            assertThat(((i & 1) == 0 ? query.even : query.odd)[i / 2]).isZero();
        }
    }

    @Test
    void stepsLieInTheirOrderForInstructions() {
        for (int dimension : DIMENSIONS) {
            ByteQuery query = new ByteQuery(dimension);
            query.load(query(dimension, 1));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment laid = arena.allocate(VnniKernel.queryBytes(dimension), 64);
                laid.fill((byte) -1);
                VnniKernel.layOut(query, 2.5f, -3.5f, 77, laid);
                assertThat(laid.get(JAVA_FLOAT, 0)).isEqualTo(2.5f);
                assertThat(laid.get(JAVA_FLOAT, 4)).isEqualTo(-3.5f);
                assertThat(laid.get(JAVA_INT, 8)).isEqualTo(query.zero());
                assertThat(laid.get(JAVA_INT, 12)).isEqualTo((dimension + 63) / 64 * 64);
                assertThat(laid.get(JAVA_INT, 16)).isEqualTo(77);
                assertThat(laid.byteSize()).isEqualTo(64 + laid.get(JAVA_INT, 12));
                for (int i = 0; i < laid.get(JAVA_INT, 12); i++) {
                    int steps = i >= dimension ? 0 : ((i & 1) == 0 ? query.even : query.odd)[i / 2];
                    assertThat((int) laid.get(JAVA_BYTE, 64L + i))
                            .as("element %s of %s, seed %s", i, dimension, HalfCases.SEED)
                            .isEqualTo(steps);
                }
            }
        }
    }

    /** For the low nibbles of 64 bytes, then for the high ones; a byte is of 32 elements apart. */
    @Test
    void stepsLieInTheOrderOfNibblesForInstructions() {
        for (int dimension : DIMENSIONS) {
            ByteQuery bytes = new ByteQuery(dimension);
            NibbleQuery query = new NibbleQuery(dimension);
            float[] elements = query(dimension, 1);
            bytes.load(elements);
            query.load(elements);
            assertThat(query.zero()).isEqualTo(bytes.zero() / 8);
            assertThat(query.step()).isEqualTo(bytes.step());
            try (Arena arena = Arena.ofConfined()) {
                long queryBytes = VnniNibbleKernel.queryBytes(dimension);
                MemorySegment laid = arena.allocate(queryBytes + 64, 64);
                laid.fill((byte) -1);
                VnniNibbleKernel.layOut(query, 2.5f, -3.5f, 77, laid);
                assertThat(laid.get(JAVA_FLOAT, 0)).isEqualTo(2.5f);
                assertThat(laid.get(JAVA_FLOAT, 4)).isEqualTo(-3.5f);
                assertThat(laid.get(JAVA_INT, 8)).isEqualTo(query.zero());
                assertThat(laid.get(JAVA_INT, 12)).isEqualTo((dimension + 127) / 128 * 64);
                assertThat(laid.get(JAVA_INT, 16)).isEqualTo(77);
                assertThat(laid.get(JAVA_INT, 20)).isEqualTo(0x0f0f0f0f);
                assertThat(queryBytes).isEqualTo(64 + 2 * laid.get(JAVA_INT, 12));
                for (int i = 0; i < queryBytes - 64; i++) {
                    boolean inRow = i < dimension;
                    int steps = inRow ? ((i & 1) == 0 ? bytes.even : bytes.odd)[i / 2] : 0;
                    long codeByte = i / 64 * 32L + i % 32;
                    long at = 64 + codeByte / 64 * 128 + codeByte % 64 + (i % 64 < 32 ? 0 : 64);
                    assertThat((int) laid.get(JAVA_BYTE, at))
                            .as("element %s of %s, seed %s", i, dimension, HalfCases.SEED)
                            .isEqualTo(steps);
                }
                assertThat(laid.get(JAVA_BYTE, queryBytes)).as("behind").isEqualTo((byte) -1);
            }
        }
    }

    @Test
    void bytesAreElementsInRoundedSteps() {
        for (int dimension : DIMENSIONS) {
            for (double size : new double[] {1, 1e30, 1e-30, 1e-38, 1e-41}) {
                float[] elements = query(dimension, size);
                ByteQuery query = new ByteQuery(dimension);
                query.load(query(dimension, 7));
                query.load(elements);
                int sum = 0;
                assertThat(1 / query.step()).isFinite();
                for (int i = 0; i < dimension; i++) {
                    int steps = ByteQuery.roundedSteps(elements[i] * (1 / query.step()));
                    sum += steps;
                    assertThat(((i & 1) == 0 ? query.even : query.odd)[i / 2])
                            .as("element %s of %s, seed %s", i, dimension, HalfCases.SEED)
                            .isEqualTo((short) steps);
                }
                assertThat(query.zero()).isEqualTo(ByteCodes.ZERO * sum);
            }
        }
    }

    @Test
    void aQueryOfZerosHasNoSteps() {
        ByteQuery query = new ByteQuery(100);
        query.load(query(100, 1));
        query.load(new float[100]);
        assertThat(query.even).containsOnly((short) 0);
        assertThat(query.odd).containsOnly((short) 0);
        assertThat(query.zero()).isZero();
    }

    /** Two steps of the largest element are 1/127 of it; a half is rounded away from zero. */
    @Test
    void halfAStepIsRoundedAwayFromZero() {
        float[] elements = new float[64];
        Arrays.fill(elements, 2.5f);
        elements[1] = -127;
        elements[2] = -2.5f;
        ByteQuery query = new ByteQuery(64);
        query.load(elements);
        assertThat(query.odd[0]).isEqualTo((short) -127);
        assertThat(query.even[0]).isEqualTo((short) 3);
        assertThat(query.even[1]).isEqualTo((short) -3);
    }
}
