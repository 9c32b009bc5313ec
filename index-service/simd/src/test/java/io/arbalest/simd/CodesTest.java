package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Kernels of compact codes against their scalar twins; the build runs it with 128, 256 and the
 * machine's widest vectors.
 */
class CodesTest {
    private static final int[] DIMENSIONS =
            IntStream.concat(
                            IntStream.rangeClosed(1, 140),
                            IntStream.of(192, 255, 384, 768, 1000, 1536, 2049, 4095, 4096))
                    .toArray();

    private static final int[] DIMENSIONS_WITH_TERMS =
            IntStream.concat(IntStream.rangeClosed(128, 200), IntStream.of(255, 768, 1537, 4096))
                    .toArray();

    private final SplittableRandom random = new SplittableRandom(HalfCases.SEED);

    @Test
    void aRotationKeepsInnerProductsAndEqualsItsTwin() {
        for (int dimension : DIMENSIONS) {
            Rotation rotation = new Rotation(dimension, 17);
            float[] left = gaussian(dimension);
            float[] right = gaussian(dimension);
            float[] leftRotated = new float[rotation.rotatedDimension()];
            float[] rightRotated = new float[rotation.rotatedDimension()];
            float[] twin = new float[rotation.rotatedDimension()];
            rotation.apply(left, leftRotated);
            rotation.apply(right, rightRotated);
            rotation.scalarApply(left, twin);
            assertThat(leftRotated).as("dimension %s", dimension).isEqualTo(twin);
            double bound = 0x1p-18 * Math.sqrt(dot(left, left) * dot(right, right));
            assertThat(dot(leftRotated, rightRotated))
                    .as("dimension %s, seed %s", dimension, HalfCases.SEED)
                    .isBetween(dot(left, right) - bound, dot(left, right) + bound);
        }
    }

    @Test
    void aRotationSpreadsASingleElement() {
        for (int dimension : new int[] {64, 100, 192, 768, 1000}) {
            Rotation rotation = new Rotation(dimension, 5);
            float[] rotated = new float[rotation.rotatedDimension()];
            for (int at = 0; at < dimension; at += 13) {
                float[] unit = new float[dimension];
                unit[at] = 1;
                rotation.apply(unit, rotated);
                float largest = 0;
                for (float element : rotated) {
                    largest = Math.max(largest, Math.abs(element));
                }
                assertThat(largest).isLessThan((float) (6 / Math.sqrt(dimension)));
            }
        }
    }

    @Test
    void bytesAgreeWithTheTwinAndStayInTheirBound() {
        for (int dimension : DIMENSIONS) {
            int rowBytes = ByteCodes.rowBytes(dimension);
            try (Arena arena = Arena.ofConfined()) {
                int rows = 7;
                MemorySegment codes =
                        arena.allocate((long) rows * rowBytes + ByteCodes.TAIL_BYTES, 64);
                float[][] vectors = new float[rows][];
                float[] factors = new float[rows];
                for (int row = 0; row < rows; row++) {
                    vectors[row] = gaussian(dimension);
                    factors[row] = ByteCodes.encode(vectors[row], codes, (long) row * rowBytes);
                }
                float[] plain = gaussian(dimension);
                ByteQuery query = new ByteQuery(dimension);
                query.load(plain);
                int[] ordinals = {3, 0, 6, 5, 1, 2, 4};
                int[] dots = new int[rows];
                ByteCodes.dots(codes, 0, ordinals, rows, query, dots);
                for (int i = 0; i < rows; i++) {
                    int row = ordinals[i];
                    assertThat(dots[i])
                            .isEqualTo(
                                    ByteCodes.scalarDot(
                                            codes, (long) row * rowBytes, dimension, query));
                    double estimate =
                            (double) (dots[i] - query.zero()) * factors[row] * query.step();
                    double bound = 0;
                    double along = 0;
                    float scale = FloatDot.largest(vectors[row]) / 63;
                    double most = 0.5001 * scale + Math.abs(factors[row] - scale) * 63;
                    for (int at = 0; at < dimension; at++) {
                        int steps = ByteCodes.steps(codes, (long) row * rowBytes, at);
                        double coded = (double) factors[row] * steps;
                        along += vectors[row][at] * (vectors[row][at] - coded);
                        assertThat(Math.abs(vectors[row][at] - coded)).isLessThanOrEqualTo(most);
                        assertThat(steps * (double) scale)
                                .isCloseTo(vectors[row][at], within(0.5001 * scale));
                        bound += Math.abs(vectors[row][at] - coded) * Math.abs(plain[at]);
                        bound += query.step() / 2 * Math.abs(coded);
                    }
                    double expected = dot(plain, vectors[row]);
                    assertThat(Math.abs(estimate - expected))
                            .as("dimension %s, seed %s", dimension, HalfCases.SEED)
                            .isLessThanOrEqualTo(bound * 1.0001 + 1e-6);
                    assertThat(Math.abs(along))
                            .as("what is missed, along the vector")
                            .isLessThanOrEqualTo(1e-6 * dot(vectors[row], vectors[row]));
                }
            }
        }
    }

    @Test
    void extremeBytesDoNotOverflow() {
        int dimension = 4096;
        float[] ones = new float[dimension];
        Arrays.fill(ones, 1);
        ByteQuery query = new ByteQuery(dimension);
        query.load(ones);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment codes = arena.allocate(dimension + ByteCodes.TAIL_BYTES, 64);
            ByteCodes.encode(ones, codes, 0);
            int[] dots = new int[1];
            ByteCodes.dots(codes, 0, new int[] {0}, 1, query, dots);
            assertThat(dots[0] - query.zero()).isEqualTo(63 * 127 * dimension);
        }
    }

    /** Whatever the floats are, and wherever rows lie in a list. */
    @Test
    void termsInsideARowAreReadBackAndChangeNoProduct() {
        for (int dimension : DIMENSIONS_WITH_TERMS) {
            int rowBytes = ByteCodes.rowBytes(dimension);
            int rows = 9;
            try (Arena arena = Arena.ofConfined()) {
                long bytes = (long) rows * rowBytes + ByteCodes.TAIL_BYTES;
                MemorySegment plain = arena.allocate(bytes, 64);
                float[] terms = new float[2 * rows];
                for (int row = 0; row < rows; row++) {
                    float scale =
                            ByteCodes.encode(gaussian(dimension), plain, (long) row * rowBytes);
                    terms[2 * row] = row == 0 ? Float.intBitsToFloat(-1) : scale;
                    terms[2 * row + 1] = Float.intBitsToFloat(random.nextInt());
                }
                MemorySegment codes = arena.allocate(bytes, 64);
                codes.copyFrom(plain);
                for (int row = 0; row < rows; row++) {
                    long at = (long) row * rowBytes;
                    ByteTerms.put(codes, at, 7, 7); // what was there before does not stay
                    ByteTerms.put(codes, at, terms[2 * row], terms[2 * row + 1]);
                }
                ByteQuery query = new ByteQuery(dimension);
                query.load(gaussian(dimension));
                int[] ordinals = {3, 0, 6, 5, 8, 1, 2, 4, 7};
                int[] with = new int[rows];
                int[] without = new int[rows];
                int[] factors = new int[rows];
                int[] offsets = new int[rows];
                for (int count = 0; count <= rows; count++) {
                    ByteCodes.dots(codes, 0, ordinals, count, query, with);
                    ByteCodes.dots(plain, 0, ordinals, count, query, without);
                    assertThat(with).as("dimension %s", dimension).isEqualTo(without);
                    Arrays.fill(factors, 0);
                    ByteTerms.read(codes, 0, rowBytes, ordinals, count, factors, offsets);
                    for (int i = 0; i < count; i++) {
                        long at = (long) ordinals[i] * rowBytes;
                        String what = "dimension " + dimension + ", seed " + HalfCases.SEED;
                        int factor = Float.floatToRawIntBits(terms[2 * ordinals[i]]);
                        int offset = Float.floatToRawIntBits(terms[2 * ordinals[i] + 1]);
                        assertThat(factors[i]).as(what).isEqualTo(factor);
                        assertThat(offsets[i]).as(what).isEqualTo(offset);
                        assertThat(Float.floatToRawIntBits(ByteTerms.factor(codes, at)))
                                .isEqualTo(factor);
                        assertThat(Float.floatToRawIntBits(ByteTerms.offset(codes, at)))
                                .isEqualTo(offset);
                        assertThat(ByteCodes.scalarDot(codes, at, dimension, query))
                                .isEqualTo(with[i]);
                    }
                    for (int i = count; i < rows; i++) {
                        assertThat(factors[i]).as("behind the list").isZero();
                    }
                }
            }
        }
    }

    @Test
    void scoresOfBytesAgreeWithTheTwinToTheBit() {
        for (int count = 0; count <= 70; count++) {
            ByteScores batch = new ByteScores();
            batch.reserve(count);
            for (int i = 0; i < count; i++) {
                batch.dots()[i] = random.nextInt(-20_000_000, 20_000_000);
                batch.factors()[i] = Float.floatToRawIntBits((float) random.nextDouble());
                batch.offsets()[i] = Float.floatToRawIntBits((float) random.nextGaussian() * 1e6f);
            }
            for (int length : new int[] {count, count + 3, FloatScores.padded(count)}) {
                float[] scores = new float[length];
                batch.scores(count, 12_345, 0.37f, -1e5f, scores);
                for (int i = 0; i < count; i++) {
                    assertThat(scores[i])
                            .as("seed %s", HalfCases.SEED)
                            .isEqualTo(batch.scalarScore(i, 12_345, 0.37f, -1e5f));
                }
            }
        }
    }

    @Test
    void scoresAtLeastABoundAreMarked() {
        float[] scores = new float[FloatScores.padded(128)];
        for (int count = 1; count <= 64; count++) {
            for (int i = 0; i < scores.length; i++) {
                scores[i] = random.nextInt(4); // equal to the bound now and then
            }
            scores[random.nextInt(scores.length)] = Float.NEGATIVE_INFINITY;
            for (int from : new int[] {0, 64}) {
                for (float bound : new float[] {Float.NEGATIVE_INFINITY, 2, 7}) {
                    long expected = 0;
                    for (int i = 0; i < count; i++) {
                        expected |= scores[from + i] >= bound ? 1L << i : 0;
                    }
                    assertThat(FloatScores.atLeast(bound, scores, from, count))
                            .as("%s from %s, seed %s", count, from, HalfCases.SEED)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void sumsOfSignsAgreeWithTheTwinAndEstimateTheProduct() {
        for (int dimension : DIMENSIONS) {
            Rotation rotation = new Rotation(dimension, 3);
            int padded = rotation.rotatedDimension();
            float[] point = new float[padded];
            rotation.apply(gaussian(dimension), point);
            float[] rotatedQuery = new float[padded];
            rotation.apply(gaussian(dimension), rotatedQuery);
            SignQuery query = new SignQuery(dimension);
            query.load(rotatedQuery);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment codes = arena.allocate(SignCodes.blockBytes(dimension), 64);
                float[][] residuals = new float[SignCodes.NEIGHBORS][padded];
                float[][] terms = new float[SignCodes.NEIGHBORS][4];
                for (int i = 0; i < SignCodes.NEIGHBORS; i++) {
                    rotation.apply(gaussian(dimension), residuals[i]);
                    SignCodes.encode(residuals[i], point, codes, 0, i, terms[i]);
                }
                short[] sums = new short[SignCodes.NEIGHBORS];
                short[] twin = new short[SignCodes.NEIGHBORS];
                SignCodes.sums(codes, 0, query, sums);
                SignCodes.scalarSums(codes, 0, query, twin);
                assertThat(sums).as("dimension %s", dimension).isEqualTo(twin);
                for (int i = 0; i < SignCodes.NEIGHBORS; i++) {
                    checkTerms(residuals[i], point, terms[i]);
                    double steps = padded / 4.0 * 0.501 * query.step();
                    double sum = (double) sums[i] * query.step() + query.minimum();
                    double expected = signed(residuals[i], rotatedQuery);
                    assertThat(Math.abs(sum - expected))
                            .as("dimension %s, seed %s", dimension, HalfCases.SEED)
                            .isLessThanOrEqualTo(steps + 1e-4 * absolute(rotatedQuery));
                }
            }
        }
    }

    @Test
    void scoresCombineSumsAndTerms() {
        float[] rotatedQuery = gaussian(64);
        SignQuery query = new SignQuery(64);
        query.load(rotatedQuery);
        short[] sums = new short[SignCodes.NEIGHBORS];
        float[] scores = new float[SignCodes.NEIGHBORS];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment terms = arena.allocate(8L * SignCodes.NEIGHBORS, 64);
            for (int i = 0; i < SignCodes.NEIGHBORS; i++) {
                sums[i] = (short) random.nextInt(32_000);
                terms.set(java.lang.foreign.ValueLayout.JAVA_FLOAT, 4L * i, i - 7f);
                terms.set(java.lang.foreign.ValueLayout.JAVA_FLOAT, 128 + 4L * i, 0.5f + i);
            }
            long above = SignCodes.scores(sums, terms, 0, query, 3, 1000, scores);
            for (int i = 0; i < SignCodes.NEIGHBORS; i++) {
                float sum = Math.fma((float) sums[i], query.step(), query.minimum());
                assertThat(scores[i]).isEqualTo(Math.fma(0.5f + i, sum, i - 7f) + 3);
                assertThat((above >>> i) & 1).isEqualTo(scores[i] > 1000 ? 1 : 0);
            }
            assertThat(above >>> SignCodes.NEIGHBORS).isZero();
        }
    }

    private static void checkTerms(float[] residual, float[] point, float[] terms) {
        double tolerance = 1e-3 * (1 + dot(residual, residual) + dot(point, point));
        assertThat((double) terms[0])
                .isBetween(
                        dot(residual, residual) - tolerance, dot(residual, residual) + tolerance);
        assertThat((double) terms[1])
                .isBetween(absolute(residual) - tolerance, absolute(residual) + tolerance);
        assertThat((double) terms[2])
                .isBetween(
                        signed(residual, point) - tolerance, signed(residual, point) + tolerance);
        assertThat((double) terms[3])
                .isBetween(dot(residual, point) - tolerance, dot(residual, point) + tolerance);
    }

    private float[] gaussian(int dimension) {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    private static double dot(float[] left, float[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += (double) left[i] * right[i];
        }
        return sum;
    }

    private static double signed(float[] signs, float[] values) {
        double sum = 0;
        for (int i = 0; i < signs.length; i++) {
            sum += signs[i] < 0 ? -values[i] : values[i];
        }
        return sum;
    }

    private static double absolute(float[] vector) {
        double sum = 0;
        for (float element : vector) {
            sum += Math.abs(element);
        }
        return sum;
    }
}
