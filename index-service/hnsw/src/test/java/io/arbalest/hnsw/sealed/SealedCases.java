package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Points around a few centres, linked and packed. */
final class SealedCases {
    static final long SEED = Long.getLong("seed", 20_261_127L);

    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int dimension;
    private final SplittableRandom random;
    private final float[][] centres;

    SealedCases(int dimension, int clusters, long seed) {
        this(dimension, clusters, seed, 0);
    }

    /** Points around a mean whose elements are all the same. */
    SealedCases(int dimension, int clusters, long seed, float mean) {
        this.dimension = dimension;
        random = new SplittableRandom(seed);
        centres = new float[clusters][dimension];
        for (float[] centre : centres) {
            for (int i = 0; i < dimension; i++) {
                centre[i] = mean + (float) random.nextGaussian();
            }
        }
    }

    float[] next() {
        float[] point = centres[random.nextInt(centres.length)].clone();
        for (int i = 0; i < dimension; i++) {
            point[i] += (float) (0.7 * random.nextGaussian());
        }
        return point;
    }

    void fill(VectorTable table, int count) {
        byte[] row = new byte[2 * dimension];
        MemorySegment segment = MemorySegment.ofArray(row);
        for (int ordinal = 0; ordinal < count; ordinal++) {
            float[] point = next();
            for (int i = 0; i < dimension; i++) {
                segment.set(HALF, 2L * i, Float.floatToFloat16(point[i]));
            }
            table.set(ordinal, segment, 0);
        }
    }

    static GrowingGraph linked(VectorTable table, int m, int count) {
        GrowingGraph graph = new GrowingGraph(table, m, 60, 7, count);
        for (int ordinal = 0; ordinal < count; ordinal++) {
            graph.link(ordinal);
        }
        return graph;
    }

    /** Writes all sections into fresh memory. */
    static Map<SealedSection, MemorySegment> write(PackedGraph packed, Arena arena) {
        Map<SealedSection, MemorySegment> sections = new EnumMap<>(SealedSection.class);
        SealedSection[] all = SealedSection.values();
        for (int i = 1; i <= all.length; i++) {
            SealedSection section = all[i % all.length]; // the head last
            long bytes = packed.sizeBytes(section);
            MemorySegment target =
                    arena.allocate(Math.max(1, bytes), SealedGraphFormat.ALIGNMENT)
                            .asSlice(0, bytes);
            packed.write(section, target);
            sections.put(section, target);
        }
        return sections;
    }

    /** A score in its direct form. */
    static double exactScore(SealedGraph graph, int ordinal, float[] query) {
        double[] score = new double[1];
        graph.exactScores(new int[] {ordinal}, 1, query, score);
        return score[0];
    }

    /** The k best by the direct form in double precision. */
    static int[] best(SealedGraph graph, float[] query, int k, OrdinalSet accept) {
        Integer[] order = new Integer[graph.points()];
        Arrays.setAll(order, i -> i);
        double[] scores = new double[order.length];
        Arrays.setAll(scores, i -> exactScore(graph, i, query));
        return Arrays.stream(order)
                .filter(accept::contains)
                .sorted(Comparator.comparingDouble(i -> -scores[i]))
                .limit(k)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    static int common(int[] left, int[] right) {
        return (int)
                Arrays.stream(left).filter(l -> Arrays.stream(right).anyMatch(r -> r == l)).count();
    }
}
