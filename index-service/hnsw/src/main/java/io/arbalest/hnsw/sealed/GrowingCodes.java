package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.CandidateCodes;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.memory.SlabArena;
import io.arbalest.model.ArbalestException;
import io.arbalest.simd.NibbleCodes;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;

/**
 * Codes of four bits an element for the points of a graph that grows, as a packed graph has them,
 * around the mean of the points that were there when they began.
 *
 * <p>Bytes a point of {@code d} elements: {@code d / 2} rounded up to a multiple of 32, and 8, in
 * slabs from the budget of the vectors. A collection's {@code index.codes} says what sealed
 * segments hold; it has no say here.
 *
 * <p>Thread-safe as {@link CandidateCodes} says.
 */
public final class GrowingCodes implements CandidateCodes {
    /** The system property that lets points be linked without codes if it is {@code false}. */
    public static final String PROPERTY = "arbalest.link.codes";

    private static final System.Logger LOG = System.getLogger(GrowingCodes.class.getName());

    /** Vectors of fewer elements are read about as fast as their codes. */
    static final int LEAST_DIMENSION = 384;

    /** Codes of vectors of at least {@value #LEAST_DIMENSION} elements. */
    public static final Source SOURCE = GrowingCodes::of;

    private final VectorTable vectors;
    private final float[] mean;
    private final SlabArena arena;

    private GrowingCodes(VectorTable vectors, float[] mean) {
        this.vectors = vectors;
        this.mean = mean;
        int rowBytes = CodeForm.NIBBLES.rowBytes(vectors.dimension());
        int behind = (NibbleCodes.TAIL_BYTES + rowBytes - 1) / rowBytes; // slots that may be read
        arena =
                new SlabArena(
                        rowBytes,
                        Math.min(Integer.lowestOneBit(rowBytes), SlabArena.ALIGNMENT),
                        Math.addExact(vectors.capacity(), behind),
                        vectors.budget());
    }

    private static @Nullable CandidateCodes of(VectorTable vectors, int[] points) {
        if (vectors.dimension() < LEAST_DIMENSION || "false".equals(System.getProperty(PROPERTY))) {
            return null;
        }
        try {
            return encoded(vectors, points);
        } catch (ArbalestException e) {
            LOG.log(Level.WARNING, "points are linked without codes: {0}", e.getMessage());
            return null;
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the caller closes it
    private static GrowingCodes encoded(VectorTable vectors, int[] points) {
        GrowingCodes codes = new GrowingCodes(vectors, CodeWriter.mean(vectors, points));
        try {
            NibbleLinking linking = codes.new NibbleLinking();
            for (int point : points) {
                codes.arena.ensure(point);
                linking.encode(point);
            }
            return codes;
        } catch (RuntimeException | Error e) {
            codes.close();
            throw e;
        }
    }

    @Override
    public Linking newLinking() {
        return new NibbleLinking();
    }

    @Override
    public long sizeBytes() {
        return arena.allocatedBytes();
    }

    @Override
    public void close() {
        arena.close();
    }

    private final class NibbleLinking implements Linking {
        private final CodeWriter writer = new CodeWriter(vectors);
        private final CodeRows<?> rows =
                new NibbleRows(arena.memory(), 0, vectors.capacity(), vectors.dimension());
        private final CodeScorer scorer = new CodeScorer(rows, mean, vectors.metric());
        private final float[] query = new float[vectors.dimension()];

        @Override
        public boolean begin(int ordinal) {
            try {
                arena.ensure(ordinal);
            } catch (ArbalestException e) {
                LOG.log(Level.DEBUG, e.getMessage());
                return false;
            }
            encode(ordinal);
            scorer.load(query);
            return true;
        }

        void encode(int ordinal) {
            writer.read(ordinal, query);
            writer.write(rows, ordinal, query, mean);
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
