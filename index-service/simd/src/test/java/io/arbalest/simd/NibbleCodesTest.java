package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Codes of four bits, against the scalar twin and against what each element has to be; the build
 * runs it with 128, 256 and the machine's widest vectors.
 */
class NibbleCodesTest {
    private static final int ROWS = 9;
    private static final int[] ORDINALS = {3, 0, 6, 5, 8, 1, 2, 4, 7};
    private static final int[] DIMENSIONS =
            IntStream.concat(
                            IntStream.rangeClosed(1, 300),
                            IntStream.of(384, 767, 1000, 1536, 2049, 4033, 4095, 4096))
                    .toArray();

    private final SplittableRandom random = new SplittableRandom(HalfCases.SEED);

    /** Of every count, behind whatever lies before row 0 and before what lies after the last. */
    @Test
    void productsAgreeWithTheTwin() {
        for (int dimension : DIMENSIONS) {
            long rowBytes = NibbleCodes.rowBytes(dimension);
            long base = 24;
            try (Arena arena = Arena.ofConfined()) {
                long bytes = base + ROWS * rowBytes + NibbleCodes.TAIL_BYTES;
                MemorySegment rows = garbage(arena, bytes);
                for (int row = 0; row < ROWS; row++) {
                    NibbleCodes.encode(gaussian(dimension), rows, base + row * rowBytes);
                }
                NibbleQuery query = new NibbleQuery(dimension);
                query.load(gaussian(dimension)); // does not stay
                query.load(gaussian(dimension));
                for (int count = 0; count <= ROWS; count++) {
                    int[] dots = new int[ROWS];
                    NibbleCodes.dots(rows, base, ORDINALS, count, query, dots);
                    int[] expected = new int[ROWS];
                    for (int i = 0; i < count; i++) {
                        long at = base + ORDINALS[i] * rowBytes;
                        expected[i] = NibbleCodes.scalarDot(rows, at, dimension, query);
                    }
                    assertThat(dots)
                            .as("%s of dimension %s, seed %s", count, dimension, HalfCases.SEED)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void estimatesStayInTheirBound() {
        for (int dimension : DIMENSIONS) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment row = row(arena, dimension);
                float[] vector = gaussian(dimension);
                float factor = NibbleCodes.encode(vector, row, 0);
                float[] plain = gaussian(dimension);
                NibbleQuery query = new NibbleQuery(dimension);
                query.load(plain);
                int[] dots = new int[1];
                NibbleCodes.dots(row, 0, new int[1], 1, query, dots);
                double estimate = (double) (dots[0] - query.zero()) * factor * query.step();
                double expected = 0;
                double bound = 0;
                double along = 0;
                float scale = FloatDot.largest(vector) / 7;
                double most = 0.5001 * scale + Math.abs(factor - scale) * 7;
                for (int i = 0; i < dimension; i++) {
                    double coded = (double) factor * NibbleCodes.steps(row, 0, i);
                    along += vector[i] * (vector[i] - coded);
                    assertThat(Math.abs(vector[i] - coded)).isLessThanOrEqualTo(most);
                    expected += (double) plain[i] * vector[i];
                    bound += Math.abs(vector[i] - coded) * Math.abs(plain[i]);
                    bound += query.step() / 2 * Math.abs(coded);
                }
                assertThat(Math.abs(estimate - expected))
                        .as("dimension %s, seed %s", dimension, HalfCases.SEED)
                        .isLessThanOrEqualTo(bound * 1.0001 + 1e-6);
                assertThat(Math.abs(along))
                        .as("what is missed, along the vector")
                        .isLessThanOrEqualTo(1e-6 * FloatDot.dot(vector, vector));
            }
        }
    }

    @Test
    void elementsLieInTheirNibblesAndAreRoundedOnce() {
        for (int dimension : DIMENSIONS) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment row = row(arena, dimension).fill((byte) 0xa5);
                float[] vector = gaussian(dimension);
                NibbleCodes.encode(vector, row, 0);
                float scale = FloatDot.largest(vector) / 7;
                assertThat(NibbleCodes.codesFit(row, 0, dimension)).isTrue();
                for (int i = 0; i < dimension; i++) {
                    double element = (code(row, i) - 8) * (double) scale;
                    assertThat(element)
                            .as("element %s of %s, seed %s", i, dimension, HalfCases.SEED)
                            .isBetween(vector[i] - 0.5001 * scale, vector[i] + 0.5001 * scale);
                }
                for (int i = dimension; i < (dimension + 63) / 64 * 64; i++) {
                    assertThat(code(row, i)).as("element %s of %s", i, dimension).isZero();
                }
                for (int i = 0; i < NibbleCodes.TERM_BYTES; i++) {
                    assertThat(row.get(JAVA_BYTE, i)).as("floats").isEqualTo((byte) 0xa5);
                }
                assertThat(row.get(JAVA_BYTE, NibbleCodes.rowBytes(dimension)))
                        .as("behind the row")
                        .isEqualTo((byte) 0xa5);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 100, 300, 4096})
    void extremesDoNotOverflow(int dimension) {
        for (int sign : new int[] {1, -1}) {
            float[] ones = new float[dimension];
            Arrays.fill(ones, 1);
            float[] query = new float[dimension];
            Arrays.fill(query, sign);
            assertThat(dots(ones, query)).containsOnly(sign * 15 * 127 * dimension);
            for (int i = 1; i < dimension; i += 2) {
                query[i] = -sign;
            }
            int expected = dimension % 2 == 0 ? 0 : sign * 15 * 127;
            assertThat(dots(ones, query)).containsOnly(expected);
        }
    }

    /** Of one row, alone and beside itself. */
    private static int[] dots(float[] vector, float[] elements) {
        NibbleQuery query = new NibbleQuery(vector.length);
        query.load(elements);
        int[] dots = new int[5];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = row(arena, vector.length);
            NibbleCodes.encode(vector, row, 0);
            NibbleCodes.dots(row, 0, new int[5], 5, query, dots);
        }
        return dots;
    }

    @Test
    void aRowOfZerosHasNoProduct() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = row(arena, 100);
            assertThat(NibbleCodes.encode(new float[100], row, 0)).isEqualTo(1);
            assertThat(NibbleCodes.codesFit(row, 0, 100)).isTrue();
            NibbleQuery query = new NibbleQuery(100);
            query.load(gaussian(100));
            int[] dots = new int[1];
            NibbleCodes.dots(row, 0, new int[1], 1, query, dots);
            assertThat(dots[0]).isEqualTo(query.zero());
            query.load(new float[100]);
            assertThat(query.zero()).isZero();
            assertThat(query.step()).isEqualTo(1);
            NibbleCodes.dots(row, 0, new int[1], 1, query, dots);
            assertThat(dots[0]).isZero();
        }
    }

    @Test
    void termsAreReadBackAndChangeNoCode() {
        for (int dimension : new int[] {1, 64, 65, 300}) {
            long rowBytes = NibbleCodes.rowBytes(dimension);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment rows = garbage(arena, 4 + ROWS * rowBytes);
                int[] bits = random.ints(2 * ROWS).toArray();
                bits[0] = -1; // no number
                for (int row = 0; row < ROWS; row++) {
                    long at = 4 + row * rowBytes;
                    NibbleCodes.encode(gaussian(dimension), rows, at);
                    float factor = Float.intBitsToFloat(bits[2 * row]);
                    float offset = Float.intBitsToFloat(bits[2 * row + 1]);
                    NibbleCodes.putTerms(rows, at, factor, offset);
                }
                int[] factors = new int[ROWS];
                int[] offsets = new int[ROWS];
                NibbleCodes.terms(rows, 4, rowBytes, ORDINALS, ROWS - 1, factors, offsets);
                for (int i = 0; i < ROWS - 1; i++) {
                    long at = 4 + ORDINALS[i] * rowBytes;
                    assertThat(factors[i]).isEqualTo(bits[2 * ORDINALS[i]]);
                    assertThat(offsets[i]).isEqualTo(bits[2 * ORDINALS[i] + 1]);
                    assertThat(Float.floatToRawIntBits(NibbleCodes.factor(rows, at)))
                            .isEqualTo(factors[i]);
                    assertThat(Float.floatToRawIntBits(NibbleCodes.offset(rows, at)))
                            .isEqualTo(offsets[i]);
                    assertThat(NibbleCodes.codesFit(rows, at, dimension)).isTrue();
                }
                assertThat(factors[ROWS - 1]).as("behind the list").isZero();
                assertThat(offsets[ROWS - 1]).as("behind the list").isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 32, 33, 40, 63, 64, 65, 96, 97, 128, 200})
    void codesThatAreNoneAreFoundOut(int dimension) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = row(arena, dimension);
            NibbleCodes.encode(gaussian(dimension), row, 0);
            for (int i = 0; i < (dimension + 63) / 64 * 64; i++) {
                int code = code(row, i);
                for (int other = 0; other < 16; other++) {
                    put(row, i, other);
                    assertThat(NibbleCodes.codesFit(row, 0, dimension))
                            .as("code %s of element %s of %s", other, i, dimension)
                            .isEqualTo(i < dimension ? other != 0 : other == 0);
                }
                put(row, i, code);
            }
        }
    }

    private static int code(MemorySegment row, int element) {
        int both = row.get(JAVA_BYTE, byteOf(element));
        return element % 64 < 32 ? both & 15 : (both >> 4) & 15;
    }

    private static void put(MemorySegment row, int element, int code) {
        int both = row.get(JAVA_BYTE, byteOf(element));
        int changed = element % 64 < 32 ? (both & 0xf0) | code : (both & 0xf) | (code << 4);
        row.set(JAVA_BYTE, byteOf(element), (byte) changed);
    }

    private static long byteOf(int element) {
        return 8L + element / 64 * 32L + element % 32;
    }

    private static MemorySegment row(Arena arena, int dimension) {
        return arena.allocate(NibbleCodes.rowBytes(dimension) + NibbleCodes.TAIL_BYTES, 64);
    }

    private MemorySegment garbage(Arena arena, long bytes) {
        MemorySegment segment = arena.allocate(bytes, 64);
        for (long at = 0; at < bytes; at++) {
            segment.set(JAVA_BYTE, at, (byte) random.nextInt());
        }
        return segment;
    }

    private float[] gaussian(int dimension) {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }
}
