package io.arbalest.wal;

import static io.arbalest.wal.WalFormat.U16;
import static io.arbalest.wal.WalFormat.U32;
import static io.arbalest.wal.WalFormat.U64;
import static io.arbalest.wal.WalFormat.U8;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * The 64 bytes before a record's body; the fields are those of {@link WalFormat}.
 *
 * <p>Immutable.
 *
 * @param typeByte may be none that this version knows
 * @param batchBlock number of the block at which the batch begins
 */
record RecordHeader(
        int bodyBytes,
        int bodyCrc,
        long firstSequenceNumber,
        long term,
        long generation,
        long chain,
        byte typeByte,
        int batchBlock,
        int rowCount,
        long committed) {

    /** Writes the header at the offset and returns its checksum. */
    int write(MemorySegment bytes, long offset) {
        bytes.set(U32, offset, WalFormat.RECORD_MAGIC);
        bytes.set(U32, offset + 8, bodyBytes);
        bytes.set(U32, offset + 12, bodyCrc);
        bytes.set(U64, offset + 16, firstSequenceNumber);
        bytes.set(U64, offset + 24, term);
        bytes.set(U64, offset + 32, generation);
        bytes.set(U64, offset + 40, chain);
        bytes.set(U8, offset + 48, typeByte);
        bytes.set(U8, offset + 49, (byte) 0);
        bytes.set(U16, offset + 50, (short) batchBlock);
        bytes.set(U32, offset + 52, rowCount);
        bytes.set(U64, offset + 56, committed);
        return WalFormat.seal(bytes, offset, WalFormat.RECORD_HEADER_BYTES);
    }

    /**
     * The header at the offset if magic and checksum are right, whatever it says otherwise; else
     * null.
     */
    static @Nullable RecordHeader read(MemorySegment bytes, long offset) {
        if (!WalFormat.isSealed(
                bytes, offset, WalFormat.RECORD_HEADER_BYTES, WalFormat.RECORD_MAGIC)) {
            return null;
        }
        return new RecordHeader(
                bytes.get(U32, offset + 8),
                bytes.get(U32, offset + 12),
                bytes.get(U64, offset + 16),
                bytes.get(U64, offset + 24),
                bytes.get(U64, offset + 32),
                bytes.get(U64, offset + 40),
                bytes.get(U8, offset + 48),
                Short.toUnsignedInt(bytes.get(U16, offset + 50)),
                bytes.get(U32, offset + 52),
                bytes.get(U64, offset + 56));
    }

    /** The offset in the file at which the batch begins. */
    long batchOffset() {
        return (long) batchBlock * WalFormat.HEADER_BLOCK_BYTES;
    }

    boolean isPad() {
        return typeByte == RecordType.PAD.wireValue();
    }

    /** The type, or null if this version does not write it. */
    @Nullable RecordType type() {
        for (RecordType type : RecordType.values()) {
            if (type.wireValue() == typeByte) {
                return type;
            }
        }
        return null;
    }
}
