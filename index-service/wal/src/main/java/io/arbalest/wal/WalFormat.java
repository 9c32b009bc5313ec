package io.arbalest.wal;

import io.arbalest.common.Clock;
import io.arbalest.common.Crc32c;
import io.arbalest.io.BlockFile;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The format of the log on disk, version 1. All integers are little-endian; offsets and lengths are
 * in bytes; a block is 4096 bytes, a sector 512; bits marked 0 are written as zero and must be zero
 * when read.
 *
 * <p><b>Files.</b> A log is a directory with {@code CURRENT} and files {@code
 * wal-NNNNNNNNNNNNNNNN.log}, sixteen decimal digits, numbered without gaps; the lowest numbers go
 * when their rows are no longer needed. Names that end in {@code .tmp} are files being prepared, or
 * let go; their content means nothing after a restart. A file has its full size, all blocks
 * written, before it gets its name, and its header is durable before that too.
 *
 * <p><b>File header</b>, block 0 of a file:
 *
 * <pre>
 *        0               4               8       10      12              16
 *       +---------------+---------------+-------+-------+---------------+
 *   0   | magic "ARWL"  | CRC of 8-4095 |version|   0   | shard         |
 *       +---------------+---------------+-------+-------+---------------+
 *  16   | incarnation, high 64 bits     | incarnation, low 64 bits      |
 *       +-------------------------------+-------------------------------+
 *  32   | file number                   | generation                    |
 *       +-------------------------------+-------------------------------+
 *  48   | first sequence number         | term                          |
 *       +-------------------------------+-------------------------------+
 *  64   | chain                         | end of the previous file      |
 *       +-------------------------------+-------------------------------+
 *  80   | file size                     | created, wall milliseconds    |
 *       +-------------------------------+-------------------------------+
 *  96   | 0 ... to 4095
 * </pre>
 *
 * The first 12 bytes stay the same in every version. <i>generation</i> differs for every use of a
 * file, so that records of a recycled file's earlier life are never taken for present ones.
 * <i>first sequence number</i>, <i>term</i> and <i>chain</i> are the state of the log where this
 * file begins; <i>end of the previous file</i> is the offset at which the previous file's valid
 * records end (0 for the first file ever). A file is begun only when everything before it is
 * durable, so its header is also the durable statement of where the previous file ends, and of what
 * a recovery cut off there.
 *
 * <p><b>Records</b> follow from offset 4096. A header begins at a multiple of 64, its body 64 bytes
 * later, so the body too begins at a multiple of 64 and a header never crosses a sector; zeros fill
 * up to the next multiple of 64.
 *
 * <pre>
 *        0               4               8               12              16
 *       +---------------+---------------+---------------+---------------+
 *   0   | magic "ARWR"  | CRC of 8-63   | body length   | CRC of body   |
 *       +---------------+---------------+---------------+---------------+
 *  16   | first sequence number         | term                          |
 *       +-------------------------------+-------------------------------+
 *  32   | generation                    | chain                         |
 *       +---+---+-------+---------------+-------------------------------+
 *  48   |typ| 0 | batch | row count     | committed lower bound         |
 *       +---+---+-------+---------------+-------------------------------+
 *  64   | body ...
 * </pre>
 *
 * <ul>
 *   <li>CRC: CRC-32C ({@link Crc32c}). Magics are the four ASCII characters in this order.
 *   <li>A record holds <i>row count</i> rows with the sequence numbers from <i>first sequence
 *       number</i> on; the next record begins with the number after its last row. A record without
 *       rows carries the next number and does not use it up.
 *   <li><i>generation</i> is that of the file; <i>term</i> never falls.
 *   <li><i>chain</i> is the previous record's header CRC (low 32 bits) and body CRC (high 32 bits),
 *       across files; 0 for the first record ever. It exposes writes that were lost, repeated or
 *       put in a wrong place.
 *   <li><i>type</i> is a {@link RecordType}; <i>batch</i> (16 bits) is the block number at which
 *       the record's batch begins, which limits a file to 65,536 blocks.
 *   <li><i>committed lower bound</i>: when the batch was written, every sequence number up to this
 *       one was committed.
 *   <li>A PAD record fills the rest of its batch up to the next block. Its body is never read and
 *       its body CRC is 0.
 * </ul>
 *
 * <p><b>Batches.</b> One batch is written synchronously in whole blocks, in one piece or in several
 * at once, begins at a block boundary, and is never rewritten; the next batch is written only after
 * all of the previous one is on stable storage. All records of a batch are in one file.
 *
 * <p><b>What a torn tail looks like.</b> Power loss during a write leaves any subset of the batch's
 * sectors new and the rest as they were: zeros, or records of an older generation. So in the last
 * batch any record's header may be missing (its sector is old) or its body may be damaged, while
 * later records of the same batch are intact. What tearing cannot do: change an earlier batch,
 * leave a record of a later batch behind the damage, or give an intact header wrong neighbours.
 * Each of these is corruption ({@link WalRecovery}).
 *
 * <p><b>CURRENT</b> has two blocks, written in turn; the valid one with the higher counter counts.
 *
 * <pre>
 *        0               4               8       10      12              16
 *       +---------------+---------------+-------+-------+---------------+
 *   0   | magic "ARWC"  | CRC of 8-4095 |version|   0   | shard         |
 *       +---------------+---------------+-------+-------+---------------+
 *  16   | incarnation, high 64 bits     | incarnation, low 64 bits      |
 *       +-------------------------------+-------------------------------+
 *  32   | counter                       | file number                   |
 *       +-------------------------------+-------------------------------+
 *  48   | end offset                    | next sequence number          |
 *       +-------------------------------+-------------------------------+
 *  64   | term                          | chain                         |
 *       +-------------------------------+-------------------------------+
 *  80   | 0 ... to 4095
 * </pre>
 *
 * It states that everything in that file up to <i>end offset</i>, and in all files before it, has
 * been durable. It is written lazily and on close; what is damaged below it is corruption even in
 * the last batch. Counter 1 with file number 0 is the mark of a log without files.
 *
 * <p>Thread-safe.
 */
public final class WalFormat {
    /** Version of this specification. */
    public static final int VERSION = 1;

    /** Length of a record header. */
    public static final int RECORD_HEADER_BYTES = 64;

    /** Alignment of record headers and bodies. */
    public static final int RECORD_ALIGNMENT = 64;

    /** Largest file: the batch field counts blocks in 16 bits. */
    public static final long MAX_FILE_BYTES = 65_536L * BlockFile.BLOCK_BYTES;

    /** Name of the file that holds the durable mark. */
    public static final String CURRENT_FILE = "CURRENT";

    static final String UNFINISHED_SUFFIX = ".tmp";
    static final int HEADER_BLOCK_BYTES = BlockFile.BLOCK_BYTES;
    static final int FILE_MAGIC = magic("ARWL");
    static final int RECORD_MAGIC = magic("ARWR");
    static final int CURRENT_MAGIC = magic("ARWC");
    static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfShort U16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt U32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong U64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final String PREFIX = "wal-";
    private static final String SUFFIX = ".log";
    private static final int NUMBER_DIGITS = 16;
    private static final int CHECKSUM_OFFSET = 4;
    private static final int CHECKED_FROM = 8;

    private WalFormat() {}

    /** The name of the file with this number. */
    public static String fileName(long number) {
        String digits = Long.toString(number);
        return PREFIX + "0".repeat(NUMBER_DIGITS - digits.length()) + digits + SUFFIX;
    }

    /** The number in a file's name, or -1 if it is no name of a log file. */
    public static long fileNumber(String name) {
        if (name.length() != PREFIX.length() + NUMBER_DIGITS + SUFFIX.length()
                || !name.startsWith(PREFIX)
                || !name.endsWith(SUFFIX)) {
            return -1;
        }
        long number = 0;
        for (int i = 0; i < NUMBER_DIGITS; i++) {
            int digit = name.charAt(PREFIX.length() + i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    /** The length of a record with this body, header and filling included. */
    static long framedBytes(long bodyBytes) {
        return RECORD_HEADER_BYTES + alignRecord(bodyBytes);
    }

    static long alignRecord(long bytes) {
        return (bytes + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT;
    }

    /** The chain value that the record after this one carries. */
    static long chain(int headerCrc, int bodyCrc) {
        return Integer.toUnsignedLong(headerCrc) | (long) bodyCrc << 32;
    }

    /** Writes the checksum of the block or header of this length, after all its other fields. */
    static int seal(MemorySegment bytes, long offset, int length) {
        int crc = Crc32c.of(bytes, offset + CHECKED_FROM, length - CHECKED_FROM);
        bytes.set(U32, offset + CHECKSUM_OFFSET, crc);
        return crc;
    }

    /** Whether the block or header has this magic and a right checksum. */
    static boolean isSealed(MemorySegment bytes, long offset, int length, int magic) {
        return bytes.get(U32, offset) == magic
                && bytes.get(U32, offset + CHECKSUM_OFFSET)
                        == Crc32c.of(bytes, offset + CHECKED_FROM, length - CHECKED_FROM);
    }

    /**
     * A generation that no other use of any file has: file numbers are unique in a log's life, and
     * a number that is used again after a crash before its name was durable differs in time and
     * salt. That file may be the very one that was begun before, with whole batches in it.
     *
     * @param salt drawn when the log was opened
     */
    static long generation(LogIdentity identity, long fileNumber, Clock clock, long salt) {
        long hash = mix(identity.incarnation().getMostSignificantBits());
        hash = mix(hash ^ identity.incarnation().getLeastSignificantBits());
        hash = mix(hash ^ identity.shard());
        hash = mix(hash ^ fileNumber);
        hash = mix(hash ^ clock.wallMillis());
        return mix(hash ^ clock.monotonicNanos() ^ salt);
    }

    /**
     * A bijection of 64 bits in which every input bit reaches every output bit (finalizer of
     * SplitMix64, Steele et al. 2014).
     */
    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private static int magic(String text) {
        return text.charAt(0) | text.charAt(1) << 8 | text.charAt(2) << 16 | text.charAt(3) << 24;
    }
}
