package io.arbalest.hnsw;

import io.arbalest.memory.MemoryBudget;
import io.arbalest.model.Metric;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One graph of a process, cut into cells of {@value #CELL} points. Every state of a test takes the
 * next cell and puts it back as it was, so that a state costs no memory of its own. There are many
 * more cells than states in use at a time.
 */
final class StressedGraph {
    static final int CELL = 8;
    static final int DIMENSION = 40;
    static final int M = 2;

    private static final int CELLS = 1 << 16;
    private static final int POINTS = CELLS * CELL;

    static final VectorTable VECTORS = new VectorTable(DIMENSION, Metric.IP, POINTS);
    static final Links LINKS = new Links(M, POINTS, 1, MemoryBudget.unlimited("stress"));

    private static final ReentrantLock[] STRIPES = new ReentrantLock[64];

    /** Makes linkers for threads; they share the locks of the lists, as those of a graph do. */
    static final ThreadLocal<Linker> LINKER =
            ThreadLocal.withInitial(() -> new Linker(VECTORS, LINKS, STRIPES, M, 2 * M));

    private static final AtomicInteger NEXT = new AtomicInteger();
    private static final MemorySegment ZEROS = row(0);

    /** Of different powers of two: a vector that is half seen has a score of its own. */
    private static final MemorySegment WRITTEN = row(0.25f);

    /** The score of a vector that was written, for {@link #query}. */
    static final float SCORE = 0.25f * DIMENSION;

    private static final ThreadLocal<PreparedQuery> QUERY =
            ThreadLocal.withInitial(StressedGraph::query);

    static {
        for (int i = 0; i < STRIPES.length; i++) {
            STRIPES[i] = new ReentrantLock();
        }
        for (int i = 0; i < POINTS; i++) {
            VECTORS.set(i, ZEROS, 0);
            int level = LINKS.add(i, 0);
            assert level == 0;
        }
    }

    private StressedGraph() {}

    /** The first point of a fresh cell: vectors are zeros, lists are empty. */
    static int cell() {
        int first = Math.floorMod(NEXT.getAndIncrement(), CELLS) * CELL;
        int[] nobody = new int[0];
        for (int i = first; i < first + CELL; i++) {
            VECTORS.set(i, ZEROS, 0);
            LINKS.write(i, 0, nobody, 0);
        }
        return first;
    }

    static void writeVector(int point) {
        VECTORS.set(point, WRITTEN, 0);
    }

    /** Whether the vector and what belongs to its score are there. */
    static boolean seesVector(int point) {
        return VECTORS.score(QUERY.get(), point) == SCORE;
    }

    private static PreparedQuery query() {
        float[] ones = new float[DIMENSION];
        Arrays.fill(ones, 1);
        return VECTORS.prepare(ones);
    }

    private static MemorySegment row(float value) {
        short[] halves = new short[DIMENSION];
        Arrays.fill(halves, Float.floatToFloat16(value));
        return MemorySegment.ofArray(halves);
    }
}
