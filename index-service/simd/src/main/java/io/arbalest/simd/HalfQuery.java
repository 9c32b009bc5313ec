package io.arbalest.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;

/**
 * A query as {@link HalfDot} wants it: elements of even and odd index apart, zero-padded, and
 * multiplied by a power of two that holds the 2^112 of the kernel and keeps the products in range
 * whatever the query's magnitude. The power is exact; it is undone by {@link #scale}.
 *
 * <p>Reusable; confined to one thread.
 */
public final class HalfQuery {
    private static final VectorSpecies<Float> FLOATS = VectorWidth.ints().withLanes(float.class);
    private static final int LANES = FLOATS.length();

    /** Of two vectors after each other, the elements of even and of odd index. */
    private static final VectorShuffle<Float> EVEN = VectorShuffle.fromOp(FLOATS, i -> 2 * i);

    private static final VectorShuffle<Float> ODD = VectorShuffle.fromOp(FLOATS, i -> 2 * i + 1);

    /** What a kernel's product lacks; see {@link HalfDot}. */
    private static final int RAISED = 112;

    /** So that {@link #RAISED} and this are the exponents of two floats at most. */
    private static final int LEAST_EXPONENT = RAISED - 2 * Float.MAX_EXPONENT;

    /** Element 2i of the query, times a power of two. */
    final float[] even;

    /** Element 2i + 1 of the query, times the same power of two. */
    final float[] odd;

    /** Pairs that a kernel takes at a time. */
    final int lanes = LANES;

    private final int dimension;
    private double scale = 1;

    /** An all-zero query. */
    public HalfQuery(int dimension) {
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension " + dimension);
        }
        this.dimension = dimension;
        int pairs = HalfDot.paddedDimension(dimension) / 2;
        even = new float[pairs];
        odd = new float[pairs];
    }

    /** Takes the elements of the query, which must be finite. */
    public void load(float[] query) {
        if (query.length != dimension) {
            throw new IllegalArgumentException(
                    "query has " + query.length + " elements, expected " + dimension);
        }
        float largest = FloatDot.largest(query);
        int exponent =
                largest == 0 ? 0 : Math.max(LEAST_EXPONENT, Math.getExponent((double) largest) + 1);
        int first = Math.min(Float.MAX_EXPONENT, RAISED - exponent);
        lay(query, Math.scalb(1f, first), Math.scalb(1f, RAISED - exponent - first));
        scale = Math.scalb(1.0, exponent);
    }

    /**
     * Lays the elements out, times two powers of two; of the two only the last product may be
     * rounded.
     */
    private void lay(float[] query, float first, float second) {
        int whole = dimension / (2 * LANES) * (2 * LANES);
        for (int i = 0; i < whole; i += 2 * LANES) {
            FloatVector left = FloatVector.fromArray(FLOATS, query, i).mul(first).mul(second);
            FloatVector right =
                    FloatVector.fromArray(FLOATS, query, i + LANES).mul(first).mul(second);
            left.rearrange(EVEN, right).intoArray(even, i / 2);
            left.rearrange(ODD, right).intoArray(odd, i / 2);
        }
        for (int i = whole; i < dimension; i++) {
            ((i & 1) == 0 ? even : odd)[i / 2] = query[i] * first * second;
        }
    }

    /** Takes a stored vector, in the values that are stored. */
    public void load(MemorySegment segment, long offset) {
        HalfDot.unpack(segment, offset, even, odd);
        scale = 0x1p16;
    }

    /** The inner product is the kernel's result times this power of two. */
    public double scale() {
        return scale;
    }

    /** Number of elements without padding. */
    public int dimension() {
        return dimension;
    }
}
