package io.arbalest.simd;

/**
 * Inner products of float arrays in double, for what a query needs once.
 *
 * <p>Four sums side by side, because each addition waits for the one before it; always in the same
 * order, so that the same arrays give the same result on every machine. Of finite elements the
 * relative error is below {@code n * 2^-53} of the sum of the magnitudes.
 *
 * <p>Thread-safe: no state.
 */
public final class FloatDot {
    private FloatDot() {}

    /**
     * The inner product.
     *
     * @param b at least as long as {@code a}
     */
    public static double dot(float[] a, float[] b) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int i = 0;
        for (; i < a.length - 3; i += 4) {
            sum0 += (double) a[i] * b[i];
            sum1 += (double) a[i + 1] * b[i + 1];
            sum2 += (double) a[i + 2] * b[i + 2];
            sum3 += (double) a[i + 3] * b[i + 3];
        }
        for (; i < a.length; i++) {
            sum0 += (double) a[i] * b[i];
        }
        return sum0 + sum1 + (sum2 + sum3);
    }

    /** The largest magnitude of an element; 0 if there is none. */
    static float largest(float[] elements) {
        float largest0 = 0;
        float largest1 = 0;
        float largest2 = 0;
        float largest3 = 0;
        int i = 0;
        for (; i < elements.length - 3; i += 4) {
            largest0 = Math.max(largest0, Math.abs(elements[i]));
            largest1 = Math.max(largest1, Math.abs(elements[i + 1]));
            largest2 = Math.max(largest2, Math.abs(elements[i + 2]));
            largest3 = Math.max(largest3, Math.abs(elements[i + 3]));
        }
        for (; i < elements.length; i++) {
            largest0 = Math.max(largest0, Math.abs(elements[i]));
        }
        return Math.max(Math.max(largest0, largest1), Math.max(largest2, largest3));
    }
}
