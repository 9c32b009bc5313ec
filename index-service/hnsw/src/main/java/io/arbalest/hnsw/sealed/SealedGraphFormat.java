package io.arbalest.hnsw.sealed;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;
import io.arbalest.simd.SignCodes;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The packed graph of a sealed segment, format versions 1 to 3: codes 3 came with 2, codes 4 with
 * 3, and a graph of other codes is version 1 still. Little-endian throughout. A graph is a set of
 * sections ({@link SealedSection}), each a run of bytes of its own that starts on a multiple of 64
 * bytes; points are numbered from 0 without gaps, in an order that the packer chose.
 *
 * <pre>
 * HEAD       512 bytes
 *      0  u8 version: 1, with codes 3 2, with codes 4 3 | u8 metric: 0 l2, 1 ip, 2 cosine
 *         | u8 codes: 0 none, 1 bytes, 2 signs, 3 bytes with their terms inside, 4 nibbles | u8 0
 *      4  4 bytes "ARBG"
 *      8  i32 dimension, 1 to 65536           12  i32 points, at least 0
 *     16  i32 entry: a slot of the top level (an ordinal if the top level is 0), -1 if there are no points
 *     20  i32 top level, 0 to 32              24  i32 length of the longest list of any level
 *     28  i32 bytes of a row of CODES or BLOCKS
 *     32  i64 links on level 0                40  i64 seed of the rotation (codes 2)
 *     64  for sections 0 to 15: i64 bytes | u32 CRC-32C | u32 0      (16 bytes each; zero for HEAD and absent ones)
 *    508  u32 CRC-32C of bytes 0 to 507
 * VECTORS    points rows of 2 * dimension bytes rounded up to 64: binary16 times 2^exponent, zero-padded
 * TERMS      points x { f32 factor | f32 offset }: score = dot * factor * query factor + offset + query offset
 * EXPONENTS  points x u8
 * OFFSETS    (points + 1) x u32: the list of ordinal o is NEIGHBORS[OFFSETS[o] .. OFFSETS[o + 1])
 * NEIGHBORS  u32 ordinals; a list has no duplicate and not its own point
 * UPPER      for levels 1 to top: i64 byte offset of the level's part | i32 slots | i32 links   (16 bytes each)
 *            part of a level:  slots x { u32 ordinal | u32 slot on the level below; on level 1 the ordinal again }
 *                              (slots + 1) x u32: where the list of each slot starts
 *                              links x u32: slots of the same level
 * CODES      (codes 1, 3 and 4)  dimension x f32 mean of all vectors, zero-padded to 64 bytes
 *            (codes 1)  points x { f32 factor | f32 offset }, zero-padded to 64 bytes
 *            points rows of dimension bytes rounded up to 32: round(x_i / scale) + 64, x minus the mean (cosine: x
 *            of length 1), the scale such that the largest element takes 63 steps; 32 zero bytes at the end
 *            (codes 3)  at least 128 elements; top bit of code 2 i: bit i of the factor's binary32, of code 64 + 2 i:
 *            bit i of the offset's, i from 0 to 31; all other top bits are 0, and all of codes 1
 *            (codes 4)  points rows of { f32 factor | f32 offset | 32 bytes for each 64 elements }:
 *            round(x_i / scale) + 8, x as above, the scale such that the largest element takes 7 steps; byte j of 32
 *            has element j in its lower and element 32 + j in its upper four bits, 0 where there is none; 32 zero bytes
 *            at the end
 *            score = sum over i of (code_i - zero) * q_i * factor * (l2: 2) + offset + (l2: -|q|^2, else mean . q),
 *            with zero 64 (codes 4: 8),
 *            with q minus the mean and offset -|x|^2 for l2, else offset mean . (x - factor * (codes - zero));
 *            factor |x|^2 / (x . (codes - zero)), of a row of zeros 1. What was packed before these terms were
 *            fitted has factor scale and, but for l2, offset 0, and is read in the same way
 * BLOCKS     (codes 2, then without OFFSETS and NEIGHBORS)  points rows, each of one or more blocks of 32 neighbours:
 *            32 x u32 ordinal, 0xffffffff for an empty place | 32 x f32 addend | 32 x f32 factor
 *            | codes as in {@link io.arbalest.simd.SignCodes}
 *            estimated score of a neighbour = score of the point + addend + factor * S
 * </pre>
 *
 * <pre>
 *   HEAD ─ entry ─► UPPER level top ── slot below ──► ... ──► level 1 ── ordinal ──► OFFSETS[o]──► NEIGHBORS
 *                                                                                      o │
 *                                       VECTORS[o] TERMS[o] EXPONENTS[o] CODES[o] ◄──────┘
 * </pre>
 *
 * <p>A reader refuses an unknown version, a head whose checksum does not fit and sections of
 * another length than the head says; {@link SealedGraph#verify} checks the checksums of all
 * sections and that every link stays inside. There is no torn state: a set of sections is complete
 * or refused.
 *
 * <p>Thread-safe: no state.
 */
public final class SealedGraphFormat {
    /** The latest version; what older releases can read is written as they know it. */
    public static final byte VERSION = 3;

    /** The first version, which is still read. */
    public static final byte OLDEST_VERSION = 1;

    /** Bytes of {@link SealedSection#HEAD}. */
    public static final int HEAD_BYTES = 512;

    /** Every section starts on a multiple of this. */
    public static final int ALIGNMENT = 64;

    static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT =
            JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfByte BYTE = JAVA_BYTE;

    static final int MAGIC = 0x47425241; // "ARBG"
    static final int VERSION_AT = 0;
    static final int METRIC_AT = 1;
    static final int CODES_AT = 2;
    static final int MAGIC_AT = 4;
    static final int DIMENSION_AT = 8;
    static final int POINTS_AT = 12;
    static final int ENTRY_AT = 16;
    static final int TOP_LEVEL_AT = 20;
    static final int LONGEST_LIST_AT = 24;
    static final int ROW_BYTES_AT = 28;
    static final int LINKS_AT = 32;
    static final int SEED_AT = 40;
    static final int SECTIONS_AT = 64;
    static final int SECTION_BYTES = 16;
    static final int CHECKSUM_AT = 508;

    static final int TERM_BYTES = 8;
    static final int LEVEL_BYTES = 16;
    static final int SLOT_BYTES = 8;
    static final int MAX_DIMENSION = 65_536;
    static final int BLOCK_TERMS_AT = 128;
    static final int BLOCK_CODES_AT = 384;
    static final int EMPTY_PLACE = -1;
    static final int MAX_LEVEL = 32;

    private SealedGraphFormat() {}

    /** Bytes from one vector to the next. */
    static long vectorBytes(int dimension) {
        return aligned(2L * dimension);
    }

    /** Where what follows the mean starts in CODES: terms if they lie apart, else rows. */
    static long codeTermsAt(int dimension) {
        return aligned(4L * dimension);
    }

    /** The next multiple of {@link #ALIGNMENT}. */
    static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Bytes of a block of 32 neighbours. */
    static int blockBytes(int dimension) {
        return BLOCK_CODES_AT + SignCodes.blockBytes(dimension);
    }

    /** Bytes of a row of blocks that hold lists of up to so many neighbours. */
    static int blockRowBytes(int dimension, int longestList) {
        int blocks = Math.max(1, (longestList + SignCodes.NEIGHBORS - 1) / SignCodes.NEIGHBORS);
        return blocks * blockBytes(dimension);
    }

    static byte number(Metric metric) {
        return (byte)
                switch (metric) {
                    case L2 -> 0;
                    case IP -> 1;
                    case COSINE -> 2;
                };
    }

    static Metric metric(byte number) {
        return switch (number) {
            case 0 -> Metric.L2;
            case 1 -> Metric.IP;
            case 2 -> Metric.COSINE;
            default -> throw corrupt("metric " + number, "0 to 2");
        };
    }

    static ArbalestException corrupt(String got, String expected) {
        return new ArbalestException(
                ErrorCode.SEGMENT_CORRUPT,
                "sealed segment: got " + got + ", expected " + expected,
                ArbalestException.REFILL);
    }
}
