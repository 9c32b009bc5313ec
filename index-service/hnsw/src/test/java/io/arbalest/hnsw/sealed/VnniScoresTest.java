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
import io.arbalest.simd.NibbleCodes;
import io.arbalest.simd.NibbleQuery;
import io.arbalest.simd.VnniKernel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Instructions of our own against plain Java, to the bit. */
class VnniScoresTest {
    private static final long SEED = Long.getLong("seed", 7);
    private static final int ROWS = 200;
    private static final int[] DIMENSIONS =
            IntStream.concat(
                            IntStream.rangeClosed(1, 321),
                            IntStream.of(384, 768, 1000, 1536, 2049, 4095, 4096))
                    .toArray();

    private final SplittableRandom random = new SplittableRandom(SEED);

    /** What the rows hold. */
    enum Kind {
        BYTES,
        NIBBLES
    }

    static boolean processorHasThem() {
        return Processor.has(Processor.Feature.VNNI_512) && VnniKernel.isWanted();
    }

    @Test
    @EnabledIf("processorHasThem")
    void areUsedWhereTheProcessorHasThem() {
        assertThat(VnniScores.ofBytes(128)).isNotNull();
        assertThat(VnniScores.ofBytes(127)).isNull();
        assertThat(VnniScores.ofNibbles(1)).isNotNull();
    }

    @ParameterizedTest
    @EnumSource
    @EnabledIf("processorHasThem")
    void scoresAreThoseOfPlainJava(Kind kind) {
        for (int dimension : DIMENSIONS) {
            if (kind == Kind.BYTES && dimension < ByteTerms.CODES) {
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                Rows<?> rows = rows(kind, arena, dimension);
                for (int count : new int[] {1, 3, 64, 65, ROWS}) {
                    rows.turn();
                    int[] ordinals = random.ints(count, 0, ROWS).toArray();
                    float[] found = new float[count];
                    rows.scores.score(rows.codes, rows.at, rows.rowBytes, ordinals, count, found);
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
        NibbleQuery nibbleQuery = new NibbleQuery(dimension);
        nibbleQuery.load(ones);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment codes = arena.allocate(dimension + ByteCodes.TAIL_BYTES, 64);
            ByteCodes.encode(ones, codes, 0);
            ByteTerms.put(codes, 0, 1, 0);
            VnniScores<ByteQuery> scores = Objects.requireNonNull(VnniScores.ofBytes(dimension));
            scores.load(query, 1, 0, 1);
            float[] found = new float[1];
            scores.score(codes, 0, dimension, new int[1], 1, found);
            assertThat(found[0]).isEqualTo(63 * 127 * dimension);
            MemorySegment nibbles =
                    arena.allocate(NibbleCodes.rowBytes(dimension) + NibbleCodes.TAIL_BYTES, 64);
            NibbleCodes.encode(ones, nibbles, 0);
            NibbleCodes.putTerms(nibbles, 0, 1, 0);
            VnniScores<NibbleQuery> nibbleScores =
                    Objects.requireNonNull(VnniScores.ofNibbles(dimension));
            nibbleScores.load(nibbleQuery, 1, 0, 1);
            nibbleScores.score(nibbles, 0, nibbles.byteSize(), new int[1], 1, found);
            assertThat(found[0]).isEqualTo(7 * 127 * dimension);
        }
    }

    /** A link that a damaged file makes up must not be followed into other memory. */
    @ParameterizedTest
    @EnumSource
    @EnabledIf("processorHasThem")
    void rowsThatAreNotThereAreNotRead(Kind kind) {
        try (Arena arena = Arena.ofConfined()) {
            Rows<?> rows = rows(kind, arena, 192);
            rows.turn();
            for (int wrong : new int[] {ROWS, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
                int[] ordinals = {3, 4, wrong, 5};
                assertThatThrownBy(() ->
                                rows.scores.score(
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

    @ParameterizedTest
    @EnumSource
    @EnabledIf("processorHasThem")
    void rowsThatWereFreedAreNotRead(Kind kind) {
        Rows<?> rows;
        try (Arena arena = Arena.ofShared()) {
            rows = rows(kind, arena, 192);
            rows.turn();
        }
        assertThatThrownBy(() ->
                        rows.scores.score(
                                rows.codes, 0, rows.rowBytes, new int[1], 1, new float[1]))
                .isInstanceOf(IllegalStateException.class);
    }

    /** As a node tests them where it runs; the compiler may be busy at first. */
    @Test
    @EnabledIf("processorHasThem")
    void areFoundToBeGood() {
        long deadline = System.nanoTime() + 30_000_000_000L;
        List<KernelSelfTest.Measured> measured;
        do {
            measured =
                    KernelSelfTest.run(
                                    768,
                                    VnniScores.ofBytes(768),
                                    VnniScores.ofNibbles(768),
                                    Clock.SYSTEM)
                            .stream()
                            .filter(one -> one.kernel().endsWith("-vnni"))
                            .toList();
        } while (!measured.stream().allMatch(one -> one.verdict() == Verdict.GOOD)
                && System.nanoTime() < deadline);
        assertThat(measured)
                .extracting(KernelSelfTest.Measured::kernel)
                .containsExactlyInAnyOrder("bytes-vnni", "nibbles-vnni");
        assertThat(measured)
                .extracting(KernelSelfTest.Measured::verdict)
                .as("%s", measured)
                .containsOnly(Verdict.GOOD);
    }

    private Rows<?> rows(Kind kind, Arena arena, int dimension) {
        return switch (kind) {
            case BYTES -> new OfBytes(arena, dimension);
            case NIBBLES -> new OfNibbles(arena, dimension);
        };
    }

    private float[] gaussian(int dimension) {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    /** Made-up rows behind some other bytes, and a query. */
    private abstract class Rows<Q> {
        final int dimension;
        final VnniScores<Q> scores;
        final Q query;
        final MemorySegment codes;
        final long at = 64;
        final long rowBytes;
        private float factor;
        private float offset;

        Rows(
                Arena arena,
                int dimension,
                int rowBytes,
                int tailBytes,
                VnniScores<Q> scores,
                Q query) {
            this.dimension = dimension;
            this.scores = scores;
            this.query = query;
            this.rowBytes = rowBytes;
            codes = arena.allocate(at + ROWS * (long) rowBytes + tailBytes, 64);
            codes.fill((byte) -1); // what lies around rows does not count
        }

        abstract void loadQuery(float[] elements);

        /** Code minus zero, times the query's steps. */
        abstract int dot(long start);

        abstract float factor(long start);

        abstract float offset(long start);

        void turn() {
            loadQuery(gaussian(dimension));
            factor = (float) random.nextGaussian();
            offset = (float) random.nextGaussian();
            scores.load(query, factor, offset, ROWS);
        }

        float score(int row) {
            long start = at + row * rowBytes;
            return Math.fma(dot(start) * factor(start), factor, offset(start)) + offset;
        }
    }

    private final class OfBytes extends Rows<ByteQuery> {
        OfBytes(Arena arena, int dimension) {
            super(
                    arena,
                    dimension,
                    ByteCodes.rowBytes(dimension),
                    ByteCodes.TAIL_BYTES,
                    Objects.requireNonNull(VnniScores.ofBytes(dimension)),
                    new ByteQuery(dimension));
            for (int row = 0; row < ROWS; row++) {
                long start = at + row * rowBytes;
                float factor = ByteCodes.encode(gaussian(dimension), codes, start);
                ByteTerms.put(codes, start, factor, (float) random.nextGaussian());
            }
        }

        @Override
        void loadQuery(float[] elements) {
            query.load(elements);
        }

        @Override
        int dot(long start) {
            return ByteCodes.scalarDot(codes, start, dimension, query) - query.zero();
        }

        @Override
        float factor(long start) {
            return ByteTerms.factor(codes, start);
        }

        @Override
        float offset(long start) {
            return ByteTerms.offset(codes, start);
        }
    }

    private final class OfNibbles extends Rows<NibbleQuery> {
        OfNibbles(Arena arena, int dimension) {
            super(
                    arena,
                    dimension,
                    NibbleCodes.rowBytes(dimension),
                    NibbleCodes.TAIL_BYTES,
                    Objects.requireNonNull(VnniScores.ofNibbles(dimension)),
                    new NibbleQuery(dimension));
            for (int row = 0; row < ROWS; row++) {
                long start = at + row * rowBytes;
                codes.asSlice(start, rowBytes).fill((byte) 0);
                float factor = NibbleCodes.encode(gaussian(dimension), codes, start);
                NibbleCodes.putTerms(codes, start, factor, (float) random.nextGaussian());
            }
        }

        @Override
        void loadQuery(float[] elements) {
            query.load(elements);
        }

        @Override
        int dot(long start) {
            return NibbleCodes.scalarDot(codes, start, dimension, query) - query.zero();
        }

        @Override
        float factor(long start) {
            return NibbleCodes.factor(codes, start);
        }

        @Override
        float offset(long start) {
            return NibbleCodes.offset(codes, start);
        }
    }
}
