package io.arbalest.engine;

import io.arbalest.common.Crc32c;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardId;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * The bytes of a {@link CommitPoint}. Format version 1, little-endian:
 *
 * <pre>
 *   0  u8[4]  "ACMT"
 *   4  u8     format version, 1
 *   5  u8[3]  0
 *   8  u8[16] incarnation of the collection (big-endian, as printed)
 *  24  u32    number of the shard
 *  28  u32    s, sealed segments
 *  32  u64    generation, as in the file's name
 *  40  u64    applied sequence number
 *  48  u32    number of the first segment that is not sealed
 *  52  u32    next number of a file set
 *  56  s times:
 *        u32  number of the file set
 *        u32  points
 *        u64  last sequence number
 *        u32  o, origins
 *        {u32 segment, u32 rows appended}[o]
 *      u32    CRC32C of all bytes before
 * </pre>
 *
 * <p>The file {@code commit-GENERATION}, 16 decimal digits, is written under another name, synced
 * and renamed, so it is whole or not there. The highest generation counts.
 *
 * <p>Thread-safe: no state.
 */
final class CommitPointFormat {
    static final byte FORMAT_VERSION = 1;

    private static final byte[] MAGIC = {'A', 'C', 'M', 'T'};
    private static final int VERSION_AT = 4;
    private static final int HEADER_BYTES = 56;
    private static final int SEGMENT_BYTES = 20;
    private static final int ORIGIN_BYTES = 8;

    private CommitPointFormat() {}

    static byte[] encode(CommitPoint point, ShardId shard) {
        int bytes = HEADER_BYTES + Integer.BYTES;
        for (CommitPoint.SealedFiles segment : point.segments()) {
            bytes += SEGMENT_BYTES + ORIGIN_BYTES * segment.origins().size();
        }
        ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.BIG_ENDIAN);
        out.put(MAGIC).put(FORMAT_VERSION).position(8);
        out.putLong(shard.incarnation().getMostSignificantBits());
        out.putLong(shard.incarnation().getLeastSignificantBits());
        out.order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(shard.number()).putInt(point.segments().size());
        out.putLong(point.generation()).putLong(point.appliedSequenceNumber());
        out.putInt(point.firstUnsealed()).putInt(point.nextFileSet());
        for (CommitPoint.SealedFiles segment : point.segments()) {
            out.putInt(segment.fileSet()).putInt(segment.rows());
            out.putLong(segment.lastSequenceNumber()).putInt(segment.origins().size());
            for (CommitPoint.Origin origin : segment.origins()) {
                out.putInt(origin.segment()).putInt(origin.rows());
            }
        }
        byte[] encoded = out.array();
        out.putInt(Crc32c.of(Arrays.copyOf(encoded, out.position())));
        return encoded;
    }

    /**
     * Reads one back.
     *
     * @throws ArbalestException UNSUPPORTED_FORMAT_VERSION, STALE_INCARNATION, or STORE_FAILED for
     *     damaged bytes
     */
    static CommitPoint decode(byte[] encoded, ShardId shard) {
        if (encoded.length < HEADER_BYTES + Integer.BYTES
                || !Arrays.equals(encoded, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw damaged("it does not start as one");
        }
        if (encoded[VERSION_AT] != FORMAT_VERSION) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "the commit point has format version "
                            + encoded[VERSION_AT]
                            + ", this release reads "
                            + FORMAT_VERSION,
                    "run the release that wrote it, or a later one");
        }
        ByteBuffer in = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
        int end = encoded.length - Integer.BYTES;
        int expected = Crc32c.of(Arrays.copyOf(encoded, end));
        if (in.getInt(end) != expected) {
            throw damaged(
                    "checksum "
                            + Integer.toHexString(in.getInt(end))
                            + ", expected "
                            + Integer.toHexString(expected));
        }
        in.limit(end).position(8);
        requireShard(in, shard);
        int count = in.getInt();
        long generation = in.getLong();
        long applied = in.getLong();
        int firstUnsealed = in.getInt();
        int nextFileSet = in.getInt();
        List<CommitPoint.SealedFiles> segments = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            require(in, SEGMENT_BYTES);
            segments.add(segment(in));
        }
        if (in.hasRemaining()) {
            throw damaged(in.remaining() + " bytes too many");
        }
        return new CommitPoint(
                generation, applied, firstUnsealed, nextFileSet, List.copyOf(segments));
    }

    private static CommitPoint.SealedFiles segment(ByteBuffer in) {
        int fileSet = in.getInt();
        int rows = in.getInt();
        long lastSequenceNumber = in.getLong();
        int origins = in.getInt();
        require(in, (long) ORIGIN_BYTES * Integer.toUnsignedLong(origins));
        List<CommitPoint.Origin> from = new ArrayList<>(origins);
        for (int i = 0; i < origins; i++) {
            from.add(new CommitPoint.Origin(in.getInt(), in.getInt()));
        }
        return new CommitPoint.SealedFiles(fileSet, rows, lastSequenceNumber, List.copyOf(from));
    }

    private static void requireShard(ByteBuffer in, ShardId shard) {
        in.order(ByteOrder.BIG_ENDIAN);
        UUID incarnation = new UUID(in.getLong(), in.getLong());
        in.order(ByteOrder.LITTLE_ENDIAN);
        int number = in.getInt();
        if (!incarnation.equals(shard.incarnation()) || number != shard.number()) {
            throw new ArbalestException(
                    ErrorCode.STALE_INCARNATION,
                    "the commit point belongs to shard "
                            + incarnation
                            + "/"
                            + number
                            + ", expected "
                            + shard.incarnation()
                            + "/"
                            + shard.number(),
                    "each shard needs its own directory");
        }
    }

    private static void require(ByteBuffer in, long bytes) {
        if (in.remaining() < bytes) {
            throw damaged("it ends too early");
        }
    }

    private static ArbalestException damaged(String how) {
        return new ArbalestException(
                ErrorCode.STORE_FAILED,
                "the commit point is damaged: " + how,
                ArbalestException.REFILL);
    }
}
