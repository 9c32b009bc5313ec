package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What a packed graph takes, and that it keeps vectors whatever their magnitudes are. */
class PackedGraphTest {
    private static final int POINTS = 4000;

    /** Each vector has its power of two, so none that comes later outgrows what came before. */
    @Test
    void vectorsMayBecomeLargerThanAllBefore() {
        int dimension = 33;
        int points = 40; // from 2^-24, the smallest there is, to 65504
        short[][] written = new short[points][dimension];
        try (VectorTable table = new VectorTable(dimension, Metric.L2, points);
                Arena arena = Arena.ofConfined()) {
            for (int ordinal = 0; ordinal < points; ordinal++) {
                for (int i = 0; i < dimension; i++) {
                    float value = Math.scalb(1 + (i * 7 % 32) / 32f, ordinal - 24);
                    written[ordinal][i] = Float.floatToFloat16(i % 2 == 0 ? value : -value);
                }
                byte[] row = new byte[2 * dimension];
                MemorySegment.ofArray(row).copyFrom(MemorySegment.ofArray(written[ordinal]));
                table.set(ordinal, MemorySegment.ofArray(row), 0);
            }
            try (GrowingGraph growing = SealedCases.linked(table, 6, points)) {
                PackedGraph packed =
                        SealedGraphPacker.pack(
                                table, growing.source(), OrdinalSet.ALL, points, CodeKind.BYTES);
                SealedGraph graph = SealedGraph.open(SealedCases.write(packed, arena));
                int[] newToOld = packed.newToOld();
                short[] read = new short[dimension];
                for (int ordinal = 0; ordinal < points; ordinal++) {
                    graph.read(ordinal, read);
                    assertThat(read).isEqualTo(written[newToOld[ordinal]]);
                    float[] query = new float[dimension];
                    for (int i = 0; i < dimension; i++) {
                        query[i] = Float.float16ToFloat(read[i]);
                    }
                    assertThat(SealedCases.exactScore(graph, ordinal, query)).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void bytesOfAPointAreThoseOfTheFormula(CodeKind codes) {
        int m = 12;
        for (int dimension : new int[] {24, 100, 192}) {
            try (VectorTable table = new VectorTable(dimension, Metric.IP, POINTS)) {
                new SealedCases(dimension, 20, SealedCases.SEED).fill(table, POINTS);
                try (GrowingGraph growing = SealedCases.linked(table, m, POINTS)) {
                    PackedGraph packed =
                            SealedGraphPacker.pack(
                                    table, growing.source(), OrdinalSet.ALL, POINTS, codes);
                    double links = packed.sizeBytes(SealedSection.NEIGHBORS) / 4.0 / POINTS;
                    double lists =
                            switch (codes) {
                                case NONE -> 4 + 4 * links;
                                case BYTES -> {
                                    int terms = dimension < 128 ? 8 : 0;
                                    yield 4 + 4 * links + terms + (dimension + 31) / 32 * 32;
                                }
                                case NIBBLES -> 4 + 4 * links + 8 + (dimension + 63) / 64 * 32;
                                case SIGNS -> 384 + 4.0 * ((dimension + 15) / 16 * 16);
                            };
                    double upper = (20.0 + 4 * m) / (m - 1);
                    double formula = (2 * dimension + 63) / 64 * 64 + 9 + lists + upper;
                    double actual = 0;
                    for (SealedSection section : SealedSection.values()) {
                        actual += (double) packed.sizeBytes(section) / POINTS;
                    }
                    assertThat(actual)
                            .as("%s of %s elements", codes, dimension)
                            .isBetween(0.9 * formula, 1.1 * formula);
                    double coded = packed.sizeBytes(SealedSection.CODES) / (double) POINTS;
                    double rows =
                            codes == CodeKind.NIBBLES
                                    ? 8 + (dimension + 63) / 64 * 32
                                    : (dimension < 128 ? 8 : 0) + (dimension + 31) / 32 * 32;
                    assertThat(coded) // with the mean and what is rounded up
                            .isBetween(
                                    codes.oncePerPoint() ? rows : 0,
                                    codes.oncePerPoint() ? rows + 1 : 0);
                }
            }
        }
    }

    /**
     * Kernels add in another order until they are compiled ({@link io.arbalest.simd.HalfDot#dot}),
     * hence a few attempts.
     */
    @ParameterizedTest
    @EnumSource
    void theBytesAreTheSameOnAnyNumberOfThreads(CodeKind codes) {
        int dimension = 130;
        try (VectorTable table = new VectorTable(dimension, Metric.COSINE, POINTS);
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            new SealedCases(dimension, 20, SealedCases.SEED).fill(table, POINTS);
            try (GrowingGraph growing = SealedCases.linked(table, 12, POINTS)) {
                for (int threads = 2; threads <= 5; threads++) {
                    PointRanges several = PointRanges.on(pool, threads);
                    boolean same = false;
                    for (int attempt = 0; attempt < 5 && !same; attempt++) {
                        same =
                                written(table, growing, codes, PointRanges.HERE)
                                        .equals(written(table, growing, codes, several));
                    }
                    assertThat(same).as("%s threads", threads).isTrue();
                }
            }
        }
    }

    private static List<ByteBuffer> written(
            VectorTable table, GrowingGraph growing, CodeKind codes, PointRanges ranges) {
        try (Arena arena = Arena.ofShared()) {
            PackedGraph packed =
                    SealedGraphPacker.pack(
                            table,
                            growing.source(),
                            ordinal -> ordinal % 7 != 3,
                            POINTS,
                            CodeRule.always(codes),
                            ranges);
            return SealedCases.write(packed, arena).values().stream()
                    .map(section -> ByteBuffer.wrap(section.toArray(ValueLayout.JAVA_BYTE)))
                    .toList();
        }
    }

    /** What is measured to choose codes does not depend on the threads either. */
    @Test
    void theChoiceIsTheSameOnAnyNumberOfThreads() {
        int dimension = 400;
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS);
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            new SealedCases(dimension, 20, SealedCases.SEED).fill(table, POINTS);
            try (GrowingGraph growing = SealedCases.linked(table, 12, POINTS)) {
                Set<CodeChoice> choices = new HashSet<>();
                for (int threads = 1; threads <= 5; threads++) {
                    choices.add(
                            SealedGraphPacker.pack(
                                            table,
                                            growing.source(),
                                            OrdinalSet.ALL,
                                            POINTS,
                                            CodeRule.of(IndexCodes.AUTO, 100),
                                            PointRanges.on(pool, threads))
                                    .choice());
                }
                assertThat(choices).hasSize(1);
                assertThat(choices.iterator().next().reason()).contains("nibbles");
            }
        }
    }
}
