package io.arbalest.wal;

import io.arbalest.common.Crc32c;
import io.arbalest.io.BlockFile;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * Walks over the records of one file from its first and stops before the first one that is not
 * valid. A record is valid if its header and body match their checksums and every field of the
 * header is what it must be at this place.
 *
 * <p>Confined to one thread.
 */
final class RecordScanner {
    private static final int NO_BATCH = -1;

    private final MemorySegment bytes;
    private final FileHeader file;
    private final long limit;

    private long offset = WalFormat.HEADER_BLOCK_BYTES;
    private long nextSequenceNumber;
    private long term;
    private long chain;
    private int batchBlock = NO_BATCH;

    private @Nullable RecordHeader record;
    private MemorySegment body = MemorySegment.NULL;
    private @Nullable Invalid invalid;

    /**
     * @param bytes the whole file
     * @param limit where the valid records must end at the latest
     */
    RecordScanner(MemorySegment bytes, FileHeader file, long limit) {
        this.bytes = bytes;
        this.file = file;
        this.limit = limit;
        this.nextSequenceNumber = file.firstSequenceNumber();
        this.term = file.term();
        this.chain = file.chain();
    }

    /**
     * Why the record at the scanner's position is not valid.
     *
     * @param byTearing whether a torn write could have left it so; else it is damage
     */
    record Invalid(String expected, String got, boolean byTearing) {}

    /**
     * Steps over the next valid record, paddings included; false at the limit or before an invalid
     * record.
     */
    boolean advance() {
        record = null;
        if (offset >= limit) {
            return false;
        }
        RecordHeader header =
                offset + WalFormat.RECORD_HEADER_BYTES <= limit
                        ? RecordHeader.read(bytes, offset)
                        : null;
        invalid = header == null ? noHeader() : judge(header);
        if (header == null || invalid != null) {
            return false;
        }
        body = bytes.asSlice(offset + WalFormat.RECORD_HEADER_BYTES, header.bodyBytes());
        chain = WalFormat.chain(bytes.get(WalFormat.U32, offset + 4), header.bodyCrc());
        offset += WalFormat.framedBytes(header.bodyBytes());
        nextSequenceNumber += header.rowCount();
        term = header.term();
        batchBlock = header.isPad() ? NO_BATCH : header.batchBlock();
        record = header;
        return true;
    }

    /** The record that {@link #advance} has just stepped over. */
    RecordHeader record() {
        if (record == null) {
            throw new IllegalStateException("no record here");
        }
        return record;
    }

    /** Its body; valid as long as the file's bytes. */
    MemorySegment body() {
        return body;
    }

    /** Why the scan ended, or null if it reached the limit. */
    @Nullable Invalid invalid() {
        return invalid;
    }

    /** Where the scan stands: behind the last valid record. */
    LogPosition position() {
        return new LogPosition(file.number(), offset, nextSequenceNumber, term, chain);
    }

    /**
     * The offset of a record behind the scanner's position that proves the damage here to be later
     * than the write: one of this file's generation whose batch begins behind it. Such a batch was
     * begun only when everything here was durable. -1 if there is none.
     */
    long laterBatch() {
        for (long at = offset + WalFormat.RECORD_ALIGNMENT;
                at + WalFormat.RECORD_HEADER_BYTES <= bytes.byteSize();
                at += WalFormat.RECORD_ALIGNMENT) {
            RecordHeader header = ownHeader(at);
            if (header != null && header.batchOffset() > offset) {
                return at;
            }
        }
        return -1;
    }

    /** Whether anything of this file's generation stands at or behind the scanner's position. */
    boolean hasTraces() {
        for (long at = offset;
                at + WalFormat.RECORD_HEADER_BYTES <= bytes.byteSize();
                at += WalFormat.RECORD_ALIGNMENT) {
            if (ownHeader(at) != null) {
                return true;
            }
        }
        return false;
    }

    /** The header at this offset if it is intact and of this life of the file; else null. */
    @Nullable RecordHeader ownHeader(long at) {
        if (bytes.get(WalFormat.U32, at) != WalFormat.RECORD_MAGIC) {
            return null;
        }
        RecordHeader header = RecordHeader.read(bytes, at);
        return header != null
                        && header.generation() == file.generation()
                        && header.batchOffset() <= at
                ? header
                : null;
    }

    private Invalid noHeader() {
        return new Invalid(
                "a record header with magic ARWR and a right checksum", "other bytes", true);
    }

    private @Nullable Invalid judge(RecordHeader header) {
        if (header.generation() != file.generation()) {
            return new Invalid(
                    hex("generation ", file.generation()), hex("", header.generation()), true);
        }
        // From here on the header is of this life of the file, and a sector is written whole or not
        // at all: what it says
        // was written so, and only the body may be torn.
        if (header.chain() != chain) {
            return new Invalid(hex("chain ", chain), hex("", header.chain()), false);
        }
        if (header.firstSequenceNumber() != nextSequenceNumber) {
            return damaged("sequence number " + nextSequenceNumber, header.firstSequenceNumber());
        }
        if (header.term() < term) {
            return damaged("term " + term + " or higher", header.term());
        }
        if (header.rowCount() < 0 || header.committed() >= nextSequenceNumber) {
            return damaged("a row count and a committed bound below the record", header.rowCount());
        }
        boolean onBoundary = offset % BlockFile.BLOCK_BYTES == 0;
        boolean beginsBatch = onBoundary && header.batchOffset() == offset;
        if (!beginsBatch && header.batchBlock() != batchBlock) {
            return damaged("batch at block " + batchBlock, header.batchBlock());
        }
        long end = offset + WalFormat.RECORD_HEADER_BYTES + (long) header.bodyBytes();
        if (header.bodyBytes() < 0 || end > limit) {
            return damaged("a body that ends before " + limit, header.bodyBytes());
        }
        return header.isPad() ? judgePad(header, end) : judgeBody(header);
    }

    private @Nullable Invalid judgePad(RecordHeader header, long end) {
        boolean right =
                end % BlockFile.BLOCK_BYTES == 0
                        && header.bodyBytes() < BlockFile.BLOCK_BYTES
                        && header.rowCount() == 0;
        return right ? null : damaged("a padding up to the next block", header.bodyBytes());
    }

    private @Nullable Invalid judgeBody(RecordHeader header) {
        int crc = Crc32c.of(bytes, offset + WalFormat.RECORD_HEADER_BYTES, header.bodyBytes());
        return crc == header.bodyCrc()
                ? null
                : new Invalid(hex("body checksum ", header.bodyCrc()), hex("", crc), true);
    }

    private static Invalid damaged(String expected, long got) {
        return new Invalid(expected, Long.toString(got), false);
    }

    private static String hex(String what, long value) {
        return what + Long.toHexString(value);
    }

    private static String hex(String what, int value) {
        return what + Integer.toHexString(value);
    }
}
