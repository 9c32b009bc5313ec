package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A query as {@link NibbleCodes} wants it: elements as signed 8-bit steps, those of {@link
 * ByteQuery}, in the order of the codes in a row's shorts.
 *
 * <p>Short i of group g holds four codes, from the lowest nibble on those of elements {@code 64g +
 * 2i}, 32 on, {@code 64g + 2i + 1}, and 32 on from there. Shifted right by 0, 4, 8 and 12 bits it
 * is not only one code, but also 16 times the next one, 256 times the one after that, and so on.
 * With q0 to q3 the steps of the four, the products with {@code q0, q1 - 16 q0, q2 - 16 q1, q3 - 16
 * q2} therefore add up to those of each code with its own step: what overflows a short on the way
 * does not matter, because the sum fits.
 *
 * <p>Reusable; confined to one thread.
 */
public final class NibbleQuery {
    /** Shorts of half a group, at most: those of elements that are neighbours in both orders. */
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(
                    short.class, VectorShape.forBitSize(Math.min(256, VectorWidth.bits())));

    private static final int LANES = SHORTS.length();
    private static final int GROUP_SHORTS = NibbleCodes.GROUP_BYTES / Short.BYTES;
    private static final int PADDING = Math.max(1, VectorWidth.bits() / Short.SIZE);
    private static final ValueLayout.OfLong EIGHT = ValueLayout.JAVA_LONG;

    /** By what a row's shorts are multiplied after a shift by 0, by 4, by 8 and by 12 bits. */
    final short[] steps;

    /** Shorts of a row, and of a part of the steps: zero-padded to a vector. */
    final int shorts;

    final long rowBytes;

    /** Shorts that a kernel takes at a time. */
    final int lanes = PADDING;

    private final int whole; // shorts of whole groups
    private final ByteQuery bytes;

    /** An all-zero query. */
    public NibbleQuery(int dimension) {
        bytes = new ByteQuery(dimension);
        rowBytes = NibbleCodes.rowBytes(dimension);
        whole = NibbleCodes.groups(dimension) * GROUP_SHORTS;
        shorts = (whole + PADDING - 1) / PADDING * PADDING;
        steps = new short[4 * shorts];
    }

    /** Takes the elements of a query, which must be finite. */
    public void load(float[] query) {
        bytes.load(query);
        for (int i = 0; i < whole; i += LANES) {
            int low = i / GROUP_SHORTS * GROUP_SHORTS + i; // bytes has twice as many a group
            int high = low + GROUP_SHORTS;
            ShortVector q0 = ShortVector.fromArray(SHORTS, bytes.even, low);
            ShortVector q1 = ShortVector.fromArray(SHORTS, bytes.even, high);
            ShortVector q2 = ShortVector.fromArray(SHORTS, bytes.odd, low);
            ShortVector q3 = ShortVector.fromArray(SHORTS, bytes.odd, high);
            q0.intoArray(steps, i);
            q1.sub(q0.lanewise(LSHL, 4)).intoArray(steps, i + shorts);
            q2.sub(q1.lanewise(LSHL, 4)).intoArray(steps, i + 2 * shorts);
            q3.sub(q2.lanewise(LSHL, 4)).intoArray(steps, i + 3 * shorts);
        }
    }

    /**
     * Writes the steps, a byte each, for every 64 bytes of codes: 64 for low nibbles, then 64 for
     * high ones; zero-padded up to {@code end}.
     */
    void layOut(MemorySegment target, long offset, long end) {
        bytes.layOut(target, offset);
        for (long at = offset + 2L * bytes.even.length; at < end; at += Long.BYTES) {
            target.set(EIGHT, at, 0);
        }
        // of 32 low, 32 high, 32 low and 32 high, those in the middle change places
        for (long at = offset; at < end; at += 2 * NibbleCodes.GROUP) {
            for (long high = at + 32; high < at + 64; high += Long.BYTES) {
                long left = target.get(EIGHT, high);
                target.set(EIGHT, high, target.get(EIGHT, high + 32));
                target.set(EIGHT, high + 32, left);
            }
        }
    }

    /** Steps of an element. */
    int steps(int element) {
        return ((element & 1) == 0 ? bytes.even : bytes.odd)[element >> 1];
    }

    /** Elements of the query. */
    int dimension() {
        return bytes.dimension();
    }

    /** An inner product of steps times this and the row's factor is the estimate. */
    public float step() {
        return bytes.step();
    }

    /** What the kernel's sums hold too much, because codes are stored with an offset. */
    public int zero() {
        return bytes.zero() / ByteCodes.ZERO * NibbleCodes.ZERO;
    }
}
