package io.arbalest.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * A rotated query as {@link SignCodes} wants it: for every four elements a table of the 16 sums
 * that their signs can make, in 32 steps. The true sum is {@code steps * step + minimum}.
 *
 * <p>Reusable; confined to one thread.
 */
public final class SignQuery {
    /** Largest entry of a table: eight of them fit into a byte. */
    static final int LARGEST = 31;

    private static final VectorSpecies<Float> FLOATS = VectorWidth.ints().withLanes(float.class);
    private static final int LANES = FLOATS.length();
    private static final float[][] SIGNS = new float[4][16];

    static {
        for (int bit = 0; bit < 4; bit++) {
            for (int entry = 0; entry < 16; entry++) {
                SIGNS[bit][entry] = ((entry >> bit) & 1) == 0 ? -1 : 1;
            }
        }
    }

    final byte[] tables;
    private final int groups;
    private final int[] entries = new int[16];
    private float step;
    private float minimum;

    /** An all-zero query of a dimension before padding. */
    public SignQuery(int dimension) {
        int padded = SignCodes.paddedDimension(dimension);
        groups = padded / 4;
        tables = new byte[4 * padded];
    }

    /** Takes a query as {@link Rotation} leaves it. */
    public void load(float[] rotated) {
        float widest = 0;
        double sum = 0;
        for (int group = 0; group < groups; group++) {
            float span = span(rotated, group);
            widest = Math.max(widest, span);
            sum += span;
        }
        step = widest == 0 ? 1 : 2 * widest / LARGEST;
        minimum = (float) -sum;
        for (int group = 0; group < groups; group++) {
            fill(rotated, group);
        }
    }

    /** Multiplies a sum of table entries. */
    public float step() {
        return step;
    }

    /** Is added to a sum of table entries times the step. */
    public float minimum() {
        return minimum;
    }

    private static float span(float[] rotated, int group) {
        int at = 4 * group;
        return Math.abs(rotated[at])
                + Math.abs(rotated[at + 1])
                + Math.abs(rotated[at + 2])
                + Math.abs(rotated[at + 3]);
    }

    /** Entries are rounded to the nearest step above the group's smallest sum. */
    private void fill(float[] rotated, int group) {
        int at = 4 * group;
        float scale = 1 / step;
        float base = span(rotated, group) * scale + 0.5f;
        for (int i = 0; i < 16; i += LANES) {
            FloatVector sum = FloatVector.broadcast(FLOATS, base);
            for (int bit = 0; bit < 4; bit++) {
                sum =
                        FloatVector.fromArray(FLOATS, SIGNS[bit], i)
                                .fma(FloatVector.broadcast(FLOATS, rotated[at + bit] * scale), sum);
            }
            sum.convert(VectorOperators.F2I, 0).reinterpretAsInts().intoArray(entries, i);
        }
        for (int i = 0; i < 16; i++) {
            tables[16 * group + i] = (byte) Math.min(entries[i], LARGEST);
        }
    }
}
