package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Each kind of codes is chosen for points for which it is right, and the choice holds in searches.
 */
class CodeRuleTest {
    private static final int POINTS = 3000;
    private static final int EF = 100;
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** What points are like. */
    enum Points {
        /** As many directions as elements: one bit an element is too coarse. */
        FULL,
        /** Few directions in a space of many: distances differ by more than one bit is wrong. */
        FLAT,
        /**
         * One element, another for each point, is thousands of times the others: bytes lose them.
         */
        SPIKED
    }

    private final SplittableRandom random = new SplittableRandom(SealedCases.SEED);

    @ParameterizedTest
    @CsvSource({
        "FULL,   24, AUTO,     NONE",
        "FULL,   96, AUTO,     BYTES",
        "FULL,  384, AUTO,     NIBBLES",
        "FULL,  384, BALANCED, NIBBLES",
        "FLAT,  384, AUTO,     NIBBLES",
        "FLAT,  384, BALANCED, NIBBLES",
        "FULL,  384, FAST,     NIBBLES",
        "FLAT,  384, FAST,     SIGNS",
        "FLAT,   96, AUTO,     BYTES",
        "FLAT,   96, FAST,     SIGNS",
        "SPIKED, 96, AUTO,     NONE",
        "SPIKED, 96, BALANCED, NONE",
    })
    void choosesTheCheapestThatLosesNothing(
            Points points, int dimension, IndexCodes.Layout layout, CodeKind expected) {
        try (VectorTable table = new VectorTable(dimension, Metric.L2, POINTS)) {
            float[][] vectors = fill(table, points);
            try (GrowingGraph graph = SealedCases.linked(table, 12, POINTS)) {
                IndexCodes wanted = new IndexCodes(IndexCodes.Kind.AUTO, layout);
                PackedGraph packed =
                        SealedGraphPacker.pack(
                                table,
                                graph.source(),
                                OrdinalSet.ALL,
                                POINTS,
                                CodeRule.of(wanted, EF));
                assertThat(packed.choice().codes())
                        .as("seed %s, %s", SealedCases.SEED, packed.choice())
                        .isEqualTo(expected);
                PackedGraph plain = pack(table, graph, CodeKind.NONE);
                assertThat(recall(packed, vectors))
                        .as("recall with %s, seed %s", expected, SealedCases.SEED)
                        .isGreaterThan(recall(plain, vectors) - 0.01);
            }
        }
    }

    /** What was measured to lose points loses them in searches, too. */
    @Test
    void bytesOfSpikedPointsDoLoseThem() {
        try (VectorTable table = new VectorTable(96, Metric.L2, POINTS)) {
            float[][] vectors = fill(table, Points.SPIKED);
            try (GrowingGraph graph = SealedCases.linked(table, 12, POINTS)) {
                double byVector = recall(pack(table, graph, CodeKind.NONE), vectors);
                double byCode = recall(pack(table, graph, CodeKind.BYTES), vectors);
                assertThat(byCode).as("by vector %s", byVector).isLessThan(byVector - 0.05);
            }
        }
    }

    @Test
    void whatTheCollectionAsksForIsNotMeasured() {
        try (VectorTable table = new VectorTable(16, Metric.L2, POINTS)) {
            fill(table, Points.FULL);
            try (GrowingGraph graph = SealedCases.linked(table, 12, POINTS)) {
                for (IndexCodes.Kind kind :
                        EnumSet.complementOf(EnumSet.of(IndexCodes.Kind.AUTO))) {
                    IndexCodes wanted = new IndexCodes(kind, IndexCodes.Layout.AUTO);
                    PackedGraph packed =
                            SealedGraphPacker.pack(
                                    table,
                                    graph.source(),
                                    OrdinalSet.ALL,
                                    POINTS,
                                    CodeRule.of(wanted, EF));
                    assertThat(packed.choice().codes().kind()).isEqualTo(kind);
                    assertThat(packed.choice().reason()).contains("asks");
                }
            }
        }
    }

    /**
     * The measurement takes the very codes that are written: a perfect one has no rank out of
     * place.
     */
    @Test
    void sharesAreThoseOfTheRanks() {
        try (VectorTable table = new VectorTable(64, Metric.IP, POINTS)) {
            fill(table, Points.FULL);
            try (GrowingGraph graph = SealedCases.linked(table, 12, POINTS)) {
                int[] ordinals = new int[POINTS];
                int[][] lists = new int[POINTS][];
                int[] list = new int[24];
                for (int i = 0; i < POINTS; i++) {
                    ordinals[i] = i;
                    lists[i] = java.util.Arrays.copyOf(list, graph.source().neighbors(i, 0, list));
                }
                Map<CodeKind, CodeSample> samples = new EnumMap<>(CodeKind.class);
                for (CodeKind kind : CodeKind.values()) {
                    CodeSample sample =
                            CodeSample.of(table, ordinals, lists, kind, PointRanges.HERE);
                    assertThat(sample.queries()).isGreaterThan(CodeSample.QUERIES / 2);
                    samples.put(kind, sample);
                }
                for (int k : new int[] {1, 10, 50}) {
                    double nibbles = share(samples, CodeKind.NIBBLES, k, k);
                    double signs = share(samples, CodeKind.SIGNS, k, k);
                    double bytes = share(samples, CodeKind.BYTES, k, k);
                    assertThat(share(samples, CodeKind.NONE, k, k)).isEqualTo(1);
                    assertThat(bytes).isGreaterThan(0.9).isLessThanOrEqualTo(1);
                    assertThat(nibbles).isGreaterThan(signs).isLessThan(bytes + 1e-9);
                    assertThat(signs).isGreaterThan(0.1);
                    assertThat(share(samples, CodeKind.SIGNS, k, POINTS))
                            .isCloseTo(1, within(1e-9));
                }
            }
        }
    }

    private static double share(
            Map<CodeKind, CodeSample> samples, CodeKind kind, int k, int depth) {
        return Objects.requireNonNull(samples.get(kind)).share(k, depth);
    }

    private static PackedGraph pack(VectorTable table, GrowingGraph graph, CodeKind codes) {
        return SealedGraphPacker.pack(table, graph.source(), OrdinalSet.ALL, POINTS, codes);
    }

    private float[][] fill(VectorTable table, Points points) {
        int dimension = table.dimension();
        float[][] axes = new float[points == Points.FLAT ? 6 : 0][dimension];
        for (float[] axis : axes) {
            for (int i = 0; i < dimension; i++) {
                axis[i] = (float) random.nextGaussian();
            }
        }
        float[][] vectors = new float[POINTS][dimension];
        byte[] row = new byte[2 * dimension];
        MemorySegment segment = MemorySegment.ofArray(row);
        for (int ordinal = 0; ordinal < POINTS; ordinal++) {
            float[] vector = vectors[ordinal];
            for (float[] axis : axes) {
                float weight = (float) random.nextGaussian();
                for (int i = 0; i < dimension; i++) {
                    vector[i] += weight * axis[i];
                }
            }
            if (points != Points.FLAT) {
                for (int i = 0; i < dimension; i++) {
                    vector[i] = (float) random.nextGaussian();
                }
            }
            if (points == Points.SPIKED) {
                vector[ordinal % 8] = 4000;
            }
            for (int i = 0; i < dimension; i++) {
                segment.set(HALF, 2L * i, Float.floatToFloat16(vector[i]));
            }
            table.set(ordinal, segment, 0);
        }
        return vectors;
    }

    /** Recall@10 of searches for points a little beside those of the graph. */
    private static double recall(PackedGraph packed, float[][] vectors) {
        try (Arena arena = Arena.ofConfined()) {
            SealedGraph graph = SealedGraph.open(SealedCases.write(packed, arena));
            SealedSearcher searcher = graph.newSearcher();
            NeighborQueue results = new NeighborQueue(10);
            SplittableRandom random = new SplittableRandom(3);
            int hits = 0;
            int queries = 60;
            for (int i = 0; i < queries; i++) {
                float[] query = vectors[random.nextInt(vectors.length)].clone();
                for (int j = 0; j < query.length; j++) {
                    query[j] += (float) (0.3 * random.nextGaussian());
                }
                results.clear(10);
                searcher.search(query, SearchLimits.of(EF), OrdinalSet.ALL, results);
                hits +=
                        SealedCases.common(
                                results.ordinalsBestFirst(),
                                SealedCases.best(graph, query, 10, OrdinalSet.ALL));
            }
            return hits / (10.0 * queries);
        }
    }
}
