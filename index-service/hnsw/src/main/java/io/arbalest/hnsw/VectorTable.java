package io.arbalest.hnsw;

import io.arbalest.memory.MemoryBudget;
import io.arbalest.memory.SlabArena;
import io.arbalest.model.Metric;
import io.arbalest.simd.DirectScore;
import io.arbalest.simd.FloatDot;
import io.arbalest.simd.HalfCodec;
import io.arbalest.simd.HalfDot;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Binary16 vectors of one segment by ordinal, in slabs off-heap, with what the metric needs beside
 * them.
 *
 * <p>A vector is stored times a power of two of its own (see {@link HalfCodec}), which {@link
 * #read} undoes exactly. Every score is {@code dot * factor + offset}, where dot is the kernel's
 * inner product of the stored vector and the query, and factor and offset are kept by ordinal: the
 * power of two and, for {@link Metric#COSINE}, the inverse norm; minus the squared norm for {@link
 * Metric#L2}. A score is larger for closer points.
 *
 * <p>One thread writes; what it wrote may be read by any thread to which the caller published the
 * ordinal.
 */
public final class VectorTable implements AutoCloseable {
    private final int dimension;
    private final Metric metric;
    private final MemoryBudget budget;
    private final SlabArena slabs;
    private final MemorySegment rows;
    private final long strideBytes;
    private final byte[] exponents;
    private final DirectScore direct;
    private final float[] terms; // factor and offset of each ordinal

    /** As {@link #VectorTable(int, Metric, int, MemoryBudget)} without a limit on memory. */
    public VectorTable(int dimension, Metric metric, int capacity) {
        this(dimension, metric, capacity, MemoryBudget.unlimited("vectors"));
    }

    /**
     * @param dimension elements of every vector, at least 1
     * @param capacity ordinals are 0 to capacity - 1
     * @param budget what slabs are reserved from, as ordinals come into use
     */
    public VectorTable(int dimension, Metric metric, int capacity, MemoryBudget budget) {
        this.dimension = dimension;
        this.metric = Objects.requireNonNull(metric);
        this.budget = Objects.requireNonNull(budget);
        slabs =
                new SlabArena(
                        Math.multiplyExact(HalfDot.paddedDimension(dimension), 2),
                        capacity,
                        budget);
        rows = slabs.memory();
        strideBytes = slabs.strideBytes();
        exponents = new byte[capacity];
        direct = new DirectScore(metric, rows, strideBytes, this::exponent);
        terms = new float[Math.multiplyExact(2, capacity)];
    }

    /**
     * Copies a vector into the table.
     *
     * @param source plain little-endian binary16 elements from the byte offset on; finite, and not
     *     all zero for cosine
     * @throws io.arbalest.model.ArbalestException if the budget has no room for another slab
     */
    public void set(int ordinal, MemorySegment source, long byteOffset) {
        slabs.ensure(ordinal);
        MemorySegment slab = rows;
        long offset = slabs.offset(ordinal);
        int exponent = HalfCodec.exponentOf(source, byteOffset, dimension);
        HalfCodec.encode(source, byteOffset, dimension, exponent, slab, offset);
        exponents[ordinal] = (byte) exponent;
        double unscale = Math.scalb(1.0, -exponent);
        double squaredNorm =
                metric == Metric.IP ? 0 : squaredNorm(slab, offset) * unscale * unscale;
        float factor = (float) unscale;
        if (metric == Metric.COSINE) {
            factor = squaredNorm > 0 ? (float) (unscale / Math.sqrt(squaredNorm)) : 0;
        }
        terms[2 * ordinal] = factor;
        terms[2 * ordinal + 1] = metric == Metric.L2 ? (float) -squaredNorm : 0;
    }

    /**
     * Copies a vector that another table stored: see {@link #copyStored}, {@link #exponent}, {@link
     * #factor} and {@link #offset}, of a table of the same dimension and metric.
     *
     * @throws io.arbalest.model.ArbalestException if the budget has no room for another slab
     */
    public void setStored(
            int ordinal,
            MemorySegment source,
            long byteOffset,
            int exponent,
            float factor,
            float offset) {
        slabs.ensure(ordinal);
        MemorySegment.copy(
                source,
                byteOffset,
                rows,
                slabs.offset(ordinal),
                2L * HalfDot.paddedDimension(dimension));
        exponents[ordinal] = (byte) exponent;
        terms[2 * ordinal] = factor;
        terms[2 * ordinal + 1] = offset;
    }

    /** Reads a vector back, bit for bit as it was written. */
    public void read(int ordinal, short[] target) {
        if (target.length != dimension) {
            throw new IllegalArgumentException(
                    "target has " + target.length + " elements, expected " + dimension);
        }
        HalfCodec.decode(rows, slabs.offset(ordinal), exponents[ordinal], target);
    }

    /** Copies a vector as it is stored: times its power of two, zero-padded for the kernels. */
    public void copyStored(int ordinal, MemorySegment target, long byteOffset) {
        MemorySegment.copy(
                rows,
                slabs.offset(ordinal),
                target,
                byteOffset,
                2L * HalfDot.paddedDimension(dimension));
    }

    /** The power of two of a stored vector, as its exponent. */
    public int exponent(int ordinal) {
        return exponents[ordinal];
    }

    /** Multiplies the kernel's inner product with a stored vector; see the class. */
    public float factor(int ordinal) {
        return terms[2 * ordinal];
    }

    /** Is added to the score of a stored vector; see the class. */
    public float offset(int ordinal) {
        return terms[2 * ordinal + 1];
    }

    /**
     * Scores in their direct form, accumulated in double from the stored vectors: what results
     * report.
     *
     * @param ordinals the first {@code count}
     * @param scores receives the scores, from index 0
     */
    public void exactScores(int[] ordinals, int count, float[] query, double[] scores) {
        direct.of(ordinals, count, query, scores);
    }

    /** Lays a query out for the kernels; its elements must be finite. */
    public PreparedQuery prepare(float[] query) {
        PreparedQuery prepared = new PreparedQuery(dimension);
        prepared.half.load(query);
        double squaredNorm = metric == Metric.IP ? 0 : FloatDot.dot(query, query);
        finish(prepared, squaredNorm, prepared.half.scale());
        return prepared;
    }

    /** An empty query, to be filled by {@link #prepareStored} again and again. */
    public PreparedQuery newQuery() {
        return new PreparedQuery(dimension);
    }

    /** Makes the query that equals a stored vector. */
    public void prepareStored(int ordinal, PreparedQuery target) {
        target.half.load(rows, slabs.offset(ordinal));
        float factor = terms[2 * ordinal];
        target.factor = (float) (target.half.scale() * factor * (metric == Metric.L2 ? 2 : 1));
        target.offset = terms[2 * ordinal + 1];
    }

    /** Scores of several ordinals, to the accuracy of the kernels. */
    public void score(PreparedQuery query, int[] ordinals, int count, float[] scores) {
        for (int from = 0; from < count; from += PreparedQuery.BATCH) {
            int some = Math.min(PreparedQuery.BATCH, count - from);
            fetch(query, ordinals, from, some);
            scoreFetched(query, ordinals, from, some, scores);
        }
    }

    /** Starts to bring what {@link #scoreFetched} reads of the ordinals into the cache. */
    void fetch(PreparedQuery query, int[] ordinals, int count) {
        fetch(query, ordinals, 0, count);
    }

    /** As {@link #score}, of ordinals that were fetched a while ago. */
    void scoreFetched(PreparedQuery query, int[] ordinals, int count, float[] scores) {
        scoreFetched(query, ordinals, 0, count, scores);
    }

    /**
     * Whether one of the ordinals has a score above the bound; stops at the first four of which one
     * has.
     *
     * @param scores scratch, as long as the ordinals
     */
    boolean anyAbove(PreparedQuery query, int[] ordinals, int count, float[] scores, float bound) {
        for (int from = 0; from < count; from += 4) {
            int some = Math.min(4, count - from);
            HalfDot.dots(rows, strideBytes, ordinals, from, some, query.half, scores);
            for (int i = from; i < from + some; i++) {
                if (finish(query, ordinals[i], scores[i]) > bound) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The score of one ordinal. */
    float score(PreparedQuery query, int ordinal) {
        float dot = HalfDot.dot(rows, slabs.offset(ordinal), query.half);
        return finish(query, ordinal, dot);
    }

    /** Number of ordinals. */
    public int capacity() {
        return exponents.length;
    }

    /** Elements of every vector. */
    public int dimension() {
        return dimension;
    }

    /** How vectors are compared. */
    public Metric metric() {
        return metric;
    }

    /** What slabs are reserved from. */
    public MemoryBudget budget() {
        return budget;
    }

    /** Bytes held, off-heap and on. */
    public long sizeBytes() {
        return slabs.allocatedBytes() + exponents.length + 4L * terms.length;
    }

    /** Frees the slabs; any later use of a vector fails. */
    @Override
    public void close() {
        slabs.close();
    }

    private void fetch(PreparedQuery query, int[] ordinals, int from, int count) {
        query.prefetch.rows(rows, 0, strideBytes, 2L * dimension, ordinals, from, count);
    }

    private void scoreFetched(
            PreparedQuery query, int[] ordinals, int from, int count, float[] scores) {
        HalfDot.dots(rows, strideBytes, ordinals, from, count, query.half, scores);
        for (int i = from; i < from + count; i++) {
            scores[i] = finish(query, ordinals[i], scores[i]);
        }
    }

    private float finish(PreparedQuery query, int ordinal, float dot) {
        return Math.fma(dot * terms[2 * ordinal], query.factor, terms[2 * ordinal + 1])
                + query.offset;
    }

    private void finish(PreparedQuery query, double squaredNorm, double scale) {
        query.factor =
                (float)
                        switch (metric) {
                            case IP -> scale;
                            case L2 -> 2 * scale;
                            case COSINE -> squaredNorm > 0 ? scale / Math.sqrt(squaredNorm) : 0;
                        };
        query.offset = metric == Metric.L2 ? (float) -squaredNorm : 0;
    }

    private double squaredNorm(MemorySegment slab, long offset) {
        double sum = 0;
        for (int i = 0; i < dimension; i++) {
            double element = HalfCodec.element(slab, offset, i);
            sum += element * element;
        }
        return sum;
    }
}
