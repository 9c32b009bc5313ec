package io.arbalest.simd;

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
    private static final int BITS = Math.min(512, ByteVector.SPECIES_PREFERRED.vectorBitSize());
    private static final VectorSpecies<Byte> BYTES =
            BITS == 512
                    ? ByteVector.SPECIES_512
                    : BITS == 256 ? ByteVector.SPECIES_256 : ByteVector.SPECIES_128;
    private static final VectorSpecies<Short> SHORTS = BYTES.withLanes(short.class);
    private static final VectorSpecies<Float> FLOATS = BYTES.withLanes(float.class);
    private static final VectorSpecies<Short> HALF_SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final ByteVector LOW_TABLE = half(0, 16);
    private static final ByteVector HIGH_TABLE = half(32, 48);
    private static final ByteVector SECOND_TABLE = ByteVector.broadcast(BYTES, 16);

    private static final VectorShuffle<Short> SWAP =
            VectorShuffle.fromOp(SHORTS, lane -> lane ^ (SHORTS.length() / 2));
    private static final VectorMask<Short> UPPER =
            VectorMask.fromLong(SHORTS, -1L << (SHORTS.length() / 2));

    private SignCodes() {}

    private static ByteVector half(int first, int second) {
        byte[] lanes = new byte[BYTES.length()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = (byte) (i < 32 ? first : second);
        }
        return ByteVector.fromArray(BYTES, lanes, 0);
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
        switch (BITS) {
            case 512 -> sums512(codes, offset, query.tables, sums);
            case 256 -> sums256(codes, offset, query.tables, sums);
            default -> sums128(codes, offset, query.tables, sums);
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

    private static void sums512(MemorySegment codes, long offset, byte[] tables, short[] sums) {
        ShortVector even = ShortVector.zero(SHORTS);
        ShortVector odd = ShortVector.zero(SHORTS);
        int end = tables.length;
        for (int at = 0; at < end; ) {
            int stop = Math.min(end, at + 4 * CHUNK_BYTES);
            ByteVector sum = ByteVector.zero(BYTES);
            for (; at < stop; at += CHUNK_BYTES) {
                ByteVector code = ByteVector.fromMemorySegment(BYTES, codes, offset + at, LE);
                ByteVector table = ByteVector.fromArray(BYTES, tables, at);
                sum = sum.add(low(code).or(LOW_TABLE).selectFrom(table));
                sum = sum.add(high(code).or(HIGH_TABLE).selectFrom(table));
            }
            ShortVector pairs = sum.reinterpretAsShorts();
            even = even.add(pairs.and((short) 0xff));
            odd = odd.add(pairs.lanewise(VectorOperators.LSHR, 8));
        }
        fold(even, odd, sums);
    }

    /** Lanes 0 to 15 and 16 to 31 are two parts of the same neighbours' sums. */
    private static void fold(ShortVector even, ShortVector odd, short[] sums) {
        ShortVector lower = even.add(even.rearrange(SWAP));
        ShortVector upper = odd.add(odd.rearrange(SWAP));
        lower.blend(upper, UPPER).intoArray(sums, 0);
    }

    private static void sums256(MemorySegment codes, long offset, byte[] tables, short[] sums) {
        ShortVector even = ShortVector.zero(SHORTS);
        ShortVector odd = ShortVector.zero(SHORTS);
        int end = tables.length;
        for (int at = 0; at < end; ) {
            int stop = Math.min(end, at + 2 * CHUNK_BYTES);
            ByteVector sum = ByteVector.zero(BYTES);
            for (; at < stop; at += CHUNK_BYTES) {
                ByteVector left = ByteVector.fromMemorySegment(BYTES, codes, offset + at, LE);
                ByteVector right = ByteVector.fromMemorySegment(BYTES, codes, offset + at + 32, LE);
                ByteVector first = ByteVector.fromArray(BYTES, tables, at);
                ByteVector second = ByteVector.fromArray(BYTES, tables, at + 32);
                sum = sum.add(low(left).selectFrom(first));
                sum = sum.add(high(left).selectFrom(second));
                sum = sum.add(low(right).or(SECOND_TABLE).selectFrom(first));
                sum = sum.add(high(right).or(SECOND_TABLE).selectFrom(second));
            }
            ShortVector pairs = sum.reinterpretAsShorts();
            even = even.add(pairs.and((short) 0xff));
            odd = odd.add(pairs.lanewise(VectorOperators.LSHR, 8));
        }
        even.intoArray(sums, 0);
        odd.intoArray(sums, 16);
    }

    private static void sums128(MemorySegment codes, long offset, byte[] tables, short[] sums) {
        for (int half = 0; half < 32; half += 16) {
            ShortVector even = ShortVector.zero(SHORTS);
            ShortVector odd = ShortVector.zero(SHORTS);
            int end = tables.length;
            for (int at = 0; at < end; ) {
                int stop = Math.min(end, at + 2 * CHUNK_BYTES);
                ByteVector sum = ByteVector.zero(BYTES);
                for (; at < stop; at += CHUNK_BYTES) {
                    long from = offset + at + half;
                    ByteVector left = ByteVector.fromMemorySegment(BYTES, codes, from, LE);
                    ByteVector right = ByteVector.fromMemorySegment(BYTES, codes, from + 32, LE);
                    sum = sum.add(low(left).selectFrom(ByteVector.fromArray(BYTES, tables, at)));
                    sum =
                            sum.add(
                                    low(right)
                                            .selectFrom(
                                                    ByteVector.fromArray(BYTES, tables, at + 16)));
                    sum =
                            sum.add(
                                    high(left)
                                            .selectFrom(
                                                    ByteVector.fromArray(BYTES, tables, at + 32)));
                    sum =
                            sum.add(
                                    high(right)
                                            .selectFrom(
                                                    ByteVector.fromArray(BYTES, tables, at + 48)));
                }
                ShortVector pairs = sum.reinterpretAsShorts();
                even = even.add(pairs.and((short) 0xff));
                odd = odd.add(pairs.lanewise(VectorOperators.LSHR, 8));
            }
            even.intoArray(sums, half / 2);
            odd.intoArray(sums, 16 + half / 2);
        }
    }

    private static ByteVector low(ByteVector code) {
        return code.and((byte) 15);
    }

    private static ByteVector high(ByteVector code) {
        return code.reinterpretAsShorts()
                .lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsBytes()
                .and((byte) 15);
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
