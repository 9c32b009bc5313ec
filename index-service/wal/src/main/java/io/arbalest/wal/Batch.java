package io.arbalest.wal;

import io.arbalest.common.Crc32c;
import io.arbalest.io.BlockFile;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One batch being laid out in aligned memory: here a body is copied for the only time.
 *
 * <p>Confined to the thread that writes it.
 */
final class Batch {
    private final MemorySegment bytes;
    private final FileHeader file;
    private final long begin;
    private final long term;
    private final long committed;
    private long used;
    private long nextSequenceNumber;
    private long chain;

    /**
     * @param bytes aligned memory, long enough for all records
     * @param at where the batch will be written; a block boundary
     */
    Batch(MemorySegment bytes, FileHeader file, LogPosition at, long term) {
        this.bytes = bytes;
        this.file = file;
        this.begin = at.offset();
        this.term = term;
        this.committed = at.nextSequenceNumber() - 1;
        this.nextSequenceNumber = at.nextSequenceNumber();
        this.chain = at.chain();
    }

    /** Appends a record. */
    void add(RecordType type, int rowCount, List<MemorySegment> body) {
        long start = used + WalFormat.RECORD_HEADER_BYTES;
        long at = start;
        for (MemorySegment part : body) {
            MemorySegment.copy(part, 0, bytes, at, part.byteSize());
            at += part.byteSize();
        }
        long end = start + WalFormat.alignRecord(at - start);
        bytes.asSlice(at, end - at).fill((byte) 0);
        int bodyBytes = Math.toIntExact(at - start);
        header(type, rowCount, bodyBytes, Crc32c.of(bytes, start, bodyBytes));
        nextSequenceNumber += rowCount;
    }

    /** Pads up to a block boundary and gives the bytes to be written. */
    MemorySegment finish() {
        int rest = (int) (-used & (BlockFile.BLOCK_BYTES - 1));
        if (rest > 0) {
            bytes.asSlice(used, rest).fill((byte) 0);
            header(RecordType.PAD, 0, rest - WalFormat.RECORD_HEADER_BYTES, 0);
        }
        return bytes.asSlice(0, used);
    }

    /** Where the log stands once the batch has been written. */
    LogPosition end() {
        return new LogPosition(file.number(), begin + used, nextSequenceNumber, term, chain);
    }

    private void header(RecordType type, int rowCount, int bodyBytes, int bodyCrc) {
        int headerCrc =
                new RecordHeader(
                                bodyBytes,
                                bodyCrc,
                                nextSequenceNumber,
                                term,
                                file.generation(),
                                chain,
                                type.wireValue(),
                                Math.toIntExact(begin / BlockFile.BLOCK_BYTES),
                                rowCount,
                                committed)
                        .write(bytes, used);
        chain = WalFormat.chain(headerCrc, bodyCrc);
        used += WalFormat.framedBytes(bodyBytes);
    }
}
