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
        float largest = 0;
        for (float element : query) {
            largest = Math.max(largest, Math.abs(element));
        }
        int exponent = largest == 0 ? 0 : Math.getExponent((double) largest) + 1;
        for (int i = 0; i < dimension; i++) {
            float element = (float) Math.scalb((double) query[i], 112 - exponent);
            if ((i & 1) == 0) {
                even[i >> 1] = element;
            } else {
                odd[i >> 1] = element;
            }
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
