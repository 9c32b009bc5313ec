package io.arbalest.simd;

import java.lang.foreign.MemorySegment;

/**
 * A query as {@link HalfDot} wants it: elements of even and odd index apart, zero-padded, and
 * multiplied by a power of two that holds the 2^112 of the kernel and keeps the products in range
 * whatever the query's magnitude. The power is exact; it is undone by {@link #scale}.
 *
 * <p>Reusable; confined to one thread.
 */
public final class HalfQuery {
    /** Element 2i of the query, times a power of two. */
    final float[] even;

    /** Element 2i + 1 of the query, times the same power of two. */
    final float[] odd;

    /** Receives the inner product of a single row. */
    final float[] single = new float[1];

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
        int exponent = largest == 0 ? 0 : Math.getExponent((double) largest) + 1;
        double power = Math.scalb(1.0, 112 - exponent); // may be above what a float holds
        int pairs = dimension / 2;
        for (int i = 0; i < pairs; i++) {
            even[i] = (float) (query[2 * i] * power);
            odd[i] = (float) (query[2 * i + 1] * power);
        }
        if ((dimension & 1) != 0) {
            even[pairs] = (float) (query[dimension - 1] * power);
        }
        scale = Math.scalb(1.0, exponent);
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
