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
        float largest = 0;
        for (int i = 0; i < dimension; i++) {
            largest = Math.max(largest, Math.abs(query[i]));
        }
        step = largest == 0 ? 1 : largest / LARGEST;
        float scale = 1 / step;
        int sum = 0;
        for (int i = 0; i < dimension; i++) {
            int value = roundedSteps(query[i] * scale);
            sum += value;
            if ((i & 1) == 0) {
                even[i >> 1] = (short) value;
            } else {
                odd[i >> 1] = (short) value;
            }
        }
        zero = ByteCodes.ZERO * sum;
    }

    private static int roundedSteps(float value) {
        int steps = (int) (value + (value < 0 ? -0.5f : 0.5f));
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
