package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.Clock;
import io.arbalest.io.Processor;
import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteTerms;
import io.arbalest.simd.KernelSelfTest;
import io.arbalest.simd.KernelSelfTest.Verdict;
import io.arbalest.simd.VnniKernel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Instructions of our own against plain Java, to the bit. */
class VnniScoresTest {
    private static final long SEED = Long.getLong("seed", 7);
    private static final int ROWS = 200;
    private static final int[] DIMENSIONS =
            IntStream.concat(
                            IntStream.rangeClosed(128, 321),
                            IntStream.of(384, 768, 1000, 1536, 2049, 4095, 4096))
                    .toArray();

    private final SplittableRandom random = new SplittableRandom(SEED);

    static boolean processorHasThem() {
        return Processor.has(Processor.Feature.VNNI_512) && VnniKernel.isWanted();
    }

    @Test
    @EnabledIf("processorHasThem")
    void areUsedWhereTheProcessorHasThem() {
        assertThat(VnniScores.of(128)).isNotNull();
        assertThat(VnniScores.of(127)).isNull();
    }

    @Test
    @EnabledIf("processorHasThem")
    void scoresAreThoseOfPlainJava() {
        for (int dimension : DIMENSIONS) {
            try (Arena arena = Arena.ofConfined()) {
                Rows rows = new Rows(arena, dimension);
                VnniScores scores = scores(dimension);
                for (int count : new int[] {1, 3, 64, 65, ROWS}) {
                    rows.turn(scores);
                    int[] ordinals = random.ints(count, 0, ROWS).toArray();
                    float[] found = new float[count];
                    scores.score(rows.codes, rows.at, rows.rowBytes, ordinals, count, found);
                    for (int i = 0; i < count; i++) {
                        assertThat(found[i])
                                .as("dimension %s, row %s, seed %s", dimension, i, SEED)
                                .isEqualTo(rows.score(ordinals[i]));
                    }
                }
            }
        }
    }

    @Test
    @EnabledIf("processorHasThem")
    void extremesDoNotOverflow() {
        int dimension = 4096;
        float[] ones = new float[dimension];
        Arrays.fill(ones, 1);
        ByteQuery query = new ByteQuery(dimension);
        query.load(ones);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment codes = arena.allocate(dimension + ByteCodes.TAIL_BYTES, 64);
            ByteCodes.encode(ones, codes, 0);
            ByteTerms.put(codes, 0, 1, 0);
            VnniScores scores = scores(dimension);
            scores.load(query, 1, 0, 1);
            float[] found = new float[1];
            scores.score(codes, 0, dimension, new int[1], 1, found);
            assertThat(found[0]).isEqualTo(63 * 127 * dimension);
        }
    }

    /** A link that a damaged file makes up must not be followed into other memory. */
    @Test
    @EnabledIf("processorHasThem")
    void rowsThatAreNotThereAreNotRead() {
        try (Arena arena = Arena.ofConfined()) {
            Rows rows = new Rows(arena, 192);
            VnniScores scores = scores(192);
            rows.turn(scores);
            for (int wrong : new int[] {ROWS, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
                int[] ordinals = {3, 4, wrong, 5};
                assertThatThrownBy(() ->
                                scores.score(
                                        rows.codes,
                                        rows.at,
                                        rows.rowBytes,
                                        ordinals,
                                        4,
                                        new float[4]))
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContaining("row " + wrong);
            }
        }
    }

    @Test
    @EnabledIf("processorHasThem")
    void rowsThatWereFreedAreNotRead() {
        VnniScores scores = scores(192);
        Rows rows;
        try (Arena arena = Arena.ofShared()) {
            rows = new Rows(arena, 192);
            rows.turn(scores);
        }
        assertThatThrownBy(() ->
                        scores.score(rows.codes, 0, rows.rowBytes, new int[1], 1, new float[1]))
                .isInstanceOf(IllegalStateException.class);
    }

    /** As a node tests them where it runs; the compiler may be busy at first. */
    @Test
    @EnabledIf("processorHasThem")
    void areFoundToBeGood() {
        long deadline = System.nanoTime() + 30_000_000_000L;
        KernelSelfTest.Measured measured;
        do {
            measured = KernelSelfTest.run(768, VnniScores.of(768), Clock.SYSTEM).getLast();
        } while (measured.verdict() != Verdict.GOOD && System.nanoTime() < deadline);
        assertThat(measured.kernel()).isEqualTo("bytes-vnni");
        assertThat(measured.verdict()).as("%s", measured).isEqualTo(Verdict.GOOD);
    }

    private static VnniScores scores(int dimension) {
        VnniScores scores = VnniScores.of(dimension);
        if (scores == null) {
            throw new AssertionError("no instructions");
        }
        return scores;
    }

    /** Made-up rows behind some other bytes, and a query. */
    private final class Rows {
        private final int dimension;
        private final MemorySegment codes;
        private final long at = 64;
        private final long rowBytes;
        private final ByteQuery query;
        private float factor;
        private float offset;

        private Rows(Arena arena, int dimension) {
            this.dimension = dimension;
            rowBytes = ByteCodes.rowBytes(dimension);
            codes = arena.allocate(at + ROWS * rowBytes + ByteCodes.TAIL_BYTES, 64);
            codes.fill((byte) -1); // what lies around rows does not count
            query = new ByteQuery(dimension);
            for (int row = 0; row < ROWS; row++) {
                long start = at + row * rowBytes;
                float scale = ByteCodes.encode(gaussian(), codes, start);
                ByteTerms.put(codes, start, scale, (float) random.nextGaussian());
            }
        }

        private float[] gaussian() {
            float[] vector = new float[dimension];
            for (int i = 0; i < dimension; i++) {
                vector[i] = (float) random.nextGaussian();
            }
            return vector;
        }

        private void turn(VnniScores scores) {
            query.load(gaussian());
            factor = (float) random.nextGaussian();
            offset = (float) random.nextGaussian();
            scores.load(query, factor, offset, ROWS);
        }

        private float score(int row) {
            long start = at + row * rowBytes;
            int dot = ByteCodes.scalarDot(codes, start, dimension, query) - query.zero();
            float product = dot * ByteTerms.factor(codes, start);
            return Math.fma(product, factor, ByteTerms.offset(codes, start)) + offset;
        }
    }
}
