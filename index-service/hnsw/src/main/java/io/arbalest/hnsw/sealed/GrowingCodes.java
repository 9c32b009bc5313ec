package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.CandidateCodes;
import io.arbalest.hnsw.GraphSource;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.memory.SlabArena;
import io.arbalest.simd.ByteCodes;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * Codes of seven bits an element for the points of a graph that grows, as a packed graph has them,
 * around the mean of the points that were there when they began.
 *
 * <p>Bytes a point of {@code d} elements: {@code d} rounded up to {@link ByteCodes#rowBytes}. Codes
 * of four bits would be fewer, but are trusted only where all points are known: what is linked
 * later may lie elsewhere.
 *
 * <p>Thread-safe as {@link CandidateCodes} says.
 */
public final class GrowingCodes implements CandidateCodes {
    /** The system property that lets points be linked without codes if it is {@code false}. */
    public static final String PROPERTY = "arbalest.link.codes";

    /** Vectors of fewer elements are read about as fast as their codes. */
    static final int LEAST_DIMENSION = 384;

    /**
     * Codes of vectors of at least {@value #LEAST_DIMENSION} elements, if they are not measured to
     * find the wrong candidates ({@link CodeRule}).
     */
    public static final Source MEASURED = GrowingCodes::measured;

    private final VectorTable vectors;
    private final float[] mean;
    private final SlabArena arena;

    private GrowingCodes(VectorTable vectors, float[] mean) {
        this.vectors = vectors;
        this.mean = mean;
        int rowBytes = CodeForm.BYTES.rowBytes(vectors.dimension());
        int behind = (ByteCodes.TAIL_BYTES + rowBytes - 1) / rowBytes; // slots that may be read
        arena =
                new SlabArena(
                        rowBytes,
                        Math.min(Integer.lowestOneBit(rowBytes), SlabArena.ALIGNMENT),
                        Math.addExact(vectors.capacity(), behind),
                        vectors.budget());
    }

    private static @Nullable CandidateCodes measured(
            VectorTable vectors, GraphSource graph, int[] points) {
        if (vectors.dimension() < LEAST_DIMENSION || "false".equals(System.getProperty(PROPERTY))) {
            return null;
        }
        if (!CodeRule.bytesFit(vectors, points, lists(graph, points, vectors.capacity()))) {
            return null;
        }
        GrowingCodes codes = new GrowingCodes(vectors, CodeWriter.mean(vectors, points));
        try {
            Linking linking = codes.newLinking();
            for (int point : points) {
                linking.begin(point);
            }
        } catch (RuntimeException | Error e) {
            codes.close();
            throw e;
        }
        return codes;
    }

    /** Of level 0, by place among the points. */
    private static int[][] lists(GraphSource graph, int[] points, int capacity) {
        int[] places = new int[capacity];
        for (int i = 0; i < points.length; i++) {
            places[points[i]] = i;
        }
        int[] list = new int[graph.limit(0)];
        int[][] lists = new int[points.length][];
        for (int i = 0; i < points.length; i++) {
            int count = graph.neighbors(points[i], 0, list);
            lists[i] = SealedGraphPacker.renumbered(Arrays.copyOf(list, count), places);
        }
        return lists;
    }

    @Override
    public Linking newLinking() {
        return new ByteLinking();
    }

    @Override
    public long sizeBytes() {
        return arena.allocatedBytes();
    }

    @Override
    public void close() {
        arena.close();
    }

    private final class ByteLinking implements Linking {
        private final CodeWriter writer = new CodeWriter(vectors);
        private final CodeRows<?> rows =
                new ByteRows(arena.memory(), 0, true, vectors.capacity(), vectors.dimension());
        private final CodeScorer scorer = new CodeScorer(rows, mean, vectors.metric());
        private final float[] query = new float[vectors.dimension()];

        @Override
        public void begin(int ordinal) {
            arena.ensure(ordinal);
            writer.read(ordinal, query);
            writer.write(rows, ordinal, query, mean);
            scorer.load(query);
        }

        @Override
        public void fetch(int[] ordinals, int count) {
            scorer.fetch(ordinals, count);
        }

        @Override
        public void scoreFetched(int[] ordinals, int count, float[] scores) {
            scorer.scoreFetched(ordinals, count, scores);
        }
    }
}
