package io.arbalest.simd;

import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One-bit codes (RaBitQ, arXiv 2405.12497) of 32 neighbours of a point, scored together by table
 * look-ups in registers (FastScan; SymphonyQG, arXiv 2411.12229).
 *
 * <p>The code of a neighbour x of a point c is the signs of the rotated residual r = P(x - c). With
 * S the sum of the rotated query's elements under these signs, {@code r.Pq} is estimated by {@code
 * S * |r|^2 / sum|r_i|}.
 *
 * <pre>
 * codes of a block: for every 16 elements a chunk of 64 bytes
 *   byte  2n     (n = 0..15)  neighbour n       bits 0-3 elements 0-3,   bits 4-7 elements 8-11
 *   byte  2n + 1              neighbour n + 16  the same
 *   byte 32 + 2n              neighbour n       bits 0-3 elements 4-7,   bits 4-7 elements 12-15
 *   byte 32 + 2n + 1          neighbour n + 16  the same
 *   a bit is 1 if the element is not negative
 * </pre>
 *
 * <p>A chunk needs one 64-byte table, of its four groups of four elements, and two shuffles.
 * Entries are at most 31, so eight look-ups are added as bytes before they are widened to 16 bits,
 * which hold 1,057 groups, 4,228 elements (as signed). Sums are exact: the kernel and {@link
 * #scalarSums} agree to the bit. A sum of steps differs from the true S by at most half a step for
 * each four elements.
 *
 * <p>Thread-safe: no state.
 */
public final class SignCodes {
    /** Neighbours of a block. */
    public static final int NEIGHBORS = 32;

    /** Largest dimension: sums of its steps fit into a short. */
    public static final int MAX_DIMENSION = 4096;

    /** Elements of a chunk. */
    public static final int CHUNK = 16;

    private static final int CHUNK_BYTES = 64;
    private static final int BITS = Math.max(128, VectorWidth.bits());
    private static final VectorSpecies<Byte> BYTES =
            BITS == 512
                    ? ByteVector.SPECIES_512
                    : BITS == 256 ? ByteVector.SPECIES_256 : ByteVector.SPECIES_128;
    private static final VectorSpecies<Short> SHORTS = BYTES.withLanes(short.class);
    private static final VectorSpecies<Float> FLOATS = BYTES.withLanes(float.class);
    private static final VectorSpecies<Short> HALF_SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));
    private static final byte FOUR = 15; // the lower four bits
    private static final short EIGHT = 255; // the lower eight bits
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ByteVector LOW_TABLE = ByteVector.fromArray(BYTES, halves(0, 16), 0);
    private static final ByteVector HIGH_TABLE = ByteVector.fromArray(BYTES, halves(32, 48), 0);
    private static final ByteVector SECOND_TABLE = ByteVector.broadcast(BYTES, 16);

    private static final VectorShuffle<Short> SWAP =
            VectorShuffle.fromOp(SHORTS, lane -> lane ^ (SHORTS.length() / 2));
    private static final VectorMask<Short> UPPER =
            VectorMask.fromLong(SHORTS, -1L << (SHORTS.length() / 2));

    private SignCodes() {}

    private static byte[] halves(int first, int second) {
        byte[] lanes = new byte[BYTES.length()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = (byte) (i < 32 ? first : second);
        }
        return lanes;
    }

    /** Elements of a code: a multiple of {@link #CHUNK}. */
    public static int paddedDimension(int dimension) {
        return (dimension + CHUNK - 1) / CHUNK * CHUNK;
    }

    /** Bytes of the codes of a block. */
    public static int blockBytes(int dimension) {
        return paddedDimension(dimension) * 4;
    }

    /** Width of the vectors in use, in bits. */
    public static int vectorBits() {
        return BITS;
    }

    /**
     * Writes the code of one neighbour into a block of zeros.
     *
     * @param r the rotated, padded residual of the neighbour
     * @param point the rotated, padded point that it is the residual from
     * @param codes block whose codes start at the byte offset
     * @param place of the neighbour in the block
     * @param terms receives |r|^2, sum|r_i|, the sum of the point's elements under the signs,
     *     r.point
     */
    public static void encode(
            float[] r, float[] point, MemorySegment codes, long offset, int place, float[] terms) {
        int padded = r.length;
        long lane = offset + (place < 16 ? 2 * place : 2 * (place - 16) + 1);
        FloatVector squares = FloatVector.zero(FLOATS);
        FloatVector sizes = FloatVector.zero(FLOATS);
        FloatVector signed = FloatVector.zero(FLOATS);
        FloatVector product = FloatVector.zero(FLOATS);
        int lanes = FLOATS.length();
        for (int chunk = 0; chunk < padded; chunk += CHUNK) {
            int bits = 0;
            for (int i = 0; i < CHUNK; i += lanes) {
                FloatVector x = FloatVector.fromArray(FLOATS, r, chunk + i);
                FloatVector p = FloatVector.fromArray(FLOATS, point, chunk + i);
                var negative = x.compare(VectorOperators.LT, 0);
                bits |= (int) (~negative.toLong() & ((1L << lanes) - 1)) << i;
                squares = x.fma(x, squares);
                sizes = sizes.add(x.abs());
                signed = signed.add(p.lanewise(VectorOperators.NEG, negative));
                product = x.fma(p, product);
            }
            long at = lane + (long) chunk / CHUNK * CHUNK_BYTES;
            codes.set(ValueLayout.JAVA_BYTE, at, (byte) ((bits & 15) | (((bits >> 8) & 15) << 4)));
            codes.set(
                    ValueLayout.JAVA_BYTE,
                    at + 32,
                    (byte) (((bits >> 4) & 15) | (((bits >> 12) & 15) << 4)));
        }
        terms[0] = squares.reduceLanes(VectorOperators.ADD);
        terms[1] = sizes.reduceLanes(VectorOperators.ADD);
        terms[2] = signed.reduceLanes(VectorOperators.ADD);
        terms[3] = product.reduceLanes(VectorOperators.ADD);
    }

    /**
     * Sums of table entries of the 32 neighbours of a block.
     *
     * @param sums receives 32 unsigned sums
     */
    public static void sums(MemorySegment codes, long offset, SignQuery query, short[] sums) {
        if (BITS >= 256) {
            sumsWide(codes, offset, query.tables, sums);
        } else {
            sums128(codes, offset, query.tables, sums);
        }
    }

    /**
     * Turns sums into scores, {@code base + addends + factors * S}.
     *
     * @param terms 32 floats that are added, from the byte offset, then 32 that S is multiplied by
     * @param scores receives 32 scores
     * @return a bit for each neighbour whose score is above the threshold
     */
    public static long scores(
            short[] sums,
            MemorySegment terms,
            long offset,
            SignQuery query,
            float base,
            float threshold,
            float[] scores) {
        FloatVector step = FloatVector.broadcast(FLOATS, query.step());
        FloatVector minimum = FloatVector.broadcast(FLOATS, query.minimum());
        long above = 0;
        int lanes = FLOATS.length();
        for (int i = 0; i < NEIGHBORS; i += lanes) {
            FloatVector sum =
                    (FloatVector)
                            ShortVector.fromArray(HALF_SHORTS, sums, i)
                                    .convertShape(VectorOperators.S2F, FLOATS, 0);
            long at = offset + 4L * i;
            FloatVector addend = FloatVector.fromMemorySegment(FLOATS, terms, at, LE);
            FloatVector factor =
                    FloatVector.fromMemorySegment(FLOATS, terms, at + 4 * NEIGHBORS, LE);
            FloatVector score = factor.fma(sum.fma(step, minimum), addend).add(base);
            score.intoArray(scores, i);
            above |= score.compare(VectorOperators.GT, threshold).toLong() << i;
        }
        return above;
    }

    /**
     * The kernel with vectors of 512 bits, whose lanes 0 to 15 and 16 to 31 end as two parts of the
     * same neighbours' sums, and with vectors of 256 bits. Long and without helpers on purpose: see
     * the package's text on how kernels are compiled.
     */
    private static void sumsWide(MemorySegment codes, long offset, byte[] tables, short[] sums) {
        ShortVector even = ShortVector.zero(SHORTS);
        ShortVector odd = ShortVector.zero(SHORTS);
        int end = tables.length;
        if (BITS == 512) {
            for (int at = 0; at < end; ) {
                int stop = Math.min(end, at + 4 * CHUNK_BYTES);
                ByteVector sum = ByteVector.zero(BYTES);
                for (; at < stop; at += CHUNK_BYTES) {
                    ByteVector table = ByteVector.fromArray(BYTES, tables, at);
                    ByteVector code = ByteVector.fromMemorySegment(BYTES, codes, offset + at, LE);
                    ShortVector high = code.reinterpretAsShorts().lanewise(LSHR, 4);
                    sum = sum.add(code.and(FOUR).or(LOW_TABLE).selectFrom(table));
                    ByteVector second = high.reinterpretAsBytes().and(FOUR).or(HIGH_TABLE);
                    sum = sum.add(second.selectFrom(table));
                }
                ShortVector pairs = sum.reinterpretAsShorts();
                even = even.add(pairs.and(EIGHT));
                odd = odd.add(pairs.lanewise(LSHR, 8));
            }
            ShortVector lower = even.add(even.rearrange(SWAP));
            ShortVector upper = odd.add(odd.rearrange(SWAP));
            lower.blend(upper, UPPER).intoArray(sums, 0);
            return;
        }
        for (int at = 0; at < end; ) {
            int stop = Math.min(end, at + 2 * CHUNK_BYTES);
            ByteVector sum = ByteVector.zero(BYTES);
            for (; at < stop; at += CHUNK_BYTES) {
                ByteVector first = ByteVector.fromArray(BYTES, tables, at);
                ByteVector second = ByteVector.fromArray(BYTES, tables, at + 32);
                ByteVector left = ByteVector.fromMemorySegment(BYTES, codes, offset + at, LE);
                ByteVector right = ByteVector.fromMemorySegment(BYTES, codes, offset + at + 32, LE);
                ShortVector leftHigh = left.reinterpretAsShorts().lanewise(LSHR, 4);
                ShortVector rightHigh = right.reinterpretAsShorts().lanewise(LSHR, 4);
                ByteVector third = leftHigh.reinterpretAsBytes().and(FOUR);
                ByteVector fourth = rightHigh.reinterpretAsBytes().and(FOUR);
                sum = sum.add(left.and(FOUR).selectFrom(first));
                sum = sum.add(right.and(FOUR).or(SECOND_TABLE).selectFrom(first));
                sum = sum.add(third.selectFrom(second));
                sum = sum.add(fourth.or(SECOND_TABLE).selectFrom(second));
            }
            ShortVector pairs = sum.reinterpretAsShorts();
            even = even.add(pairs.and(EIGHT));
            odd = odd.add(pairs.lanewise(LSHR, 8));
        }
        even.intoArray(sums, 0);
        odd.intoArray(sums, 16);
    }

    /** The kernel with vectors of 128 bits: two vectors a half of the chunk. */
    private static void sums128(MemorySegment codes, long offset, byte[] tables, short[] sums) {
        ShortVector even0 = ShortVector.zero(SHORTS);
        ShortVector even1 = ShortVector.zero(SHORTS);
        ShortVector odd0 = ShortVector.zero(SHORTS);
        ShortVector odd1 = ShortVector.zero(SHORTS);
        int end = tables.length;
        for (int at = 0; at < end; ) {
            int stop = Math.min(end, at + 2 * CHUNK_BYTES);
            ByteVector sum0 = ByteVector.zero(BYTES);
            ByteVector sum1 = ByteVector.zero(BYTES);
            for (; at < stop; at += CHUNK_BYTES) {
                long from = offset + at;
                ByteVector l0 = ByteVector.fromMemorySegment(BYTES, codes, from, LE);
                ByteVector l1 = ByteVector.fromMemorySegment(BYTES, codes, from + 16, LE);
                ByteVector r0 = ByteVector.fromMemorySegment(BYTES, codes, from + 32, LE);
                ByteVector r1 = ByteVector.fromMemorySegment(BYTES, codes, from + 48, LE);
                ByteVector table = ByteVector.fromArray(BYTES, tables, at);
                sum0 = sum0.add(l0.and(FOUR).selectFrom(table));
                sum1 = sum1.add(l1.and(FOUR).selectFrom(table));
                table = ByteVector.fromArray(BYTES, tables, at + 16);
                sum0 = sum0.add(r0.and(FOUR).selectFrom(table));
                sum1 = sum1.add(r1.and(FOUR).selectFrom(table));
                l0 = l0.reinterpretAsShorts().lanewise(LSHR, 4).reinterpretAsBytes().and(FOUR);
                l1 = l1.reinterpretAsShorts().lanewise(LSHR, 4).reinterpretAsBytes().and(FOUR);
                table = ByteVector.fromArray(BYTES, tables, at + 32);
                sum0 = sum0.add(l0.selectFrom(table));
                sum1 = sum1.add(l1.selectFrom(table));
                r0 = r0.reinterpretAsShorts().lanewise(LSHR, 4).reinterpretAsBytes().and(FOUR);
                r1 = r1.reinterpretAsShorts().lanewise(LSHR, 4).reinterpretAsBytes().and(FOUR);
                table = ByteVector.fromArray(BYTES, tables, at + 48);
                sum0 = sum0.add(r0.selectFrom(table));
                sum1 = sum1.add(r1.selectFrom(table));
            }
            even0 = even0.add(sum0.reinterpretAsShorts().and(EIGHT));
            even1 = even1.add(sum1.reinterpretAsShorts().and(EIGHT));
            odd0 = odd0.add(sum0.reinterpretAsShorts().lanewise(LSHR, 8));
            odd1 = odd1.add(sum1.reinterpretAsShorts().lanewise(LSHR, 8));
        }
        even0.intoArray(sums, 0);
        even1.intoArray(sums, 8);
        odd0.intoArray(sums, 16);
        odd1.intoArray(sums, 24);
    }

    /** The scalar twin of {@link #sums}. */
    public static void scalarSums(MemorySegment codes, long offset, SignQuery query, short[] sums) {
        for (int neighbor = 0; neighbor < NEIGHBORS; neighbor++) {
            int lane = neighbor < 16 ? 2 * neighbor : 2 * (neighbor - 16) + 1;
            int sum = 0;
            for (int at = 0; at < query.tables.length; at += CHUNK_BYTES) {
                int left = codes.get(ValueLayout.JAVA_BYTE, offset + at + lane);
                int right = codes.get(ValueLayout.JAVA_BYTE, offset + at + lane + 32);
                sum += query.tables[at + (left & 15)];
                sum += query.tables[at + 16 + (right & 15)];
                sum += query.tables[at + 32 + ((left >> 4) & 15)];
                sum += query.tables[at + 48 + ((right >> 4) & 15)];
            }
            sums[neighbor] = (short) sum;
        }
    }
}
