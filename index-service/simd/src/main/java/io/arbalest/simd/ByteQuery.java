package io.arbalest.simd;

/**
 * A query as {@link ByteCodes} wants it: elements as signed 8-bit steps, those of even and odd
 * index apart, zero-padded.
 *
 * <p>Reusable; confined to one thread.
 */
public final class ByteQuery {
    private static final int LARGEST = 127;

    final short[] even;
    final short[] odd;
    final long rowBytes;
    private final int dimension;
    private float step = 1;
    private int zero;

    /** An all-zero query. */
    public ByteQuery(int dimension) {
        this.dimension = dimension;
        rowBytes = ByteCodes.rowBytes(dimension);
        int pairs = (dimension + ByteCodes.PADDING - 1) / ByteCodes.PADDING * ByteCodes.PADDING / 2;
        even = new short[pairs];
        odd = new short[pairs];
    }

    /** Takes the elements of a query, which must be finite. */
    public void load(float[] query) {
        if (query.length != dimension) {
            throw new IllegalArgumentException(
                    "query has " + query.length + " elements, expected " + dimension);
        }
        float largest = FloatDot.largest(query);
        step = largest == 0 ? 1 : largest / LARGEST;
        float scale = 1 / step;
        int sum = 0;
        int pairs = dimension / 2;
        for (int i = 0; i < pairs; i++) {
            int first = roundedSteps(query[2 * i] * scale);
            int second = roundedSteps(query[2 * i + 1] * scale);
            sum += first + second;
            even[i] = (short) first;
            odd[i] = (short) second;
        }
        if ((dimension & 1) != 0) {
            int last = roundedSteps(query[dimension - 1] * scale);
            sum += last;
            even[pairs] = (short) last;
        }
        zero = ByteCodes.ZERO * sum;
    }

    private static int roundedSteps(float value) {
        int steps = (int) (value + Math.copySign(0.5f, value));
        return Math.max(-LARGEST, Math.min(LARGEST, steps));
    }

    /** An inner product of steps times this and the row's scale is the estimate. */
    public float step() {
        return step;
    }

    /** What the kernel's sums hold too much, because codes are stored with an offset. */
    public int zero() {
        return zero;
    }
}
