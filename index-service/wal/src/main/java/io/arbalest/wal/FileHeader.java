package io.arbalest.wal;

import static io.arbalest.wal.WalFormat.U16;
import static io.arbalest.wal.WalFormat.U32;
import static io.arbalest.wal.WalFormat.U64;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Block 0 of a log file; the fields are those of {@link WalFormat}.
 *
 * <p>Immutable.
 */
record FileHeader(
        LogIdentity identity,
        long number,
        long generation,
        long firstSequenceNumber,
        long term,
        long chain,
        long previousEnd,
        long fileBytes,
        long createdMillis) {

    /** Fills the first block of {@code block}. */
    void write(MemorySegment block) {
        MemorySegment header = block.asSlice(0, WalFormat.HEADER_BLOCK_BYTES).fill((byte) 0);
        header.set(U32, 0, WalFormat.FILE_MAGIC);
        header.set(U16, 8, (short) WalFormat.VERSION);
        header.set(U32, 12, identity.shard());
        header.set(U64, 16, identity.incarnation().getMostSignificantBits());
        header.set(U64, 24, identity.incarnation().getLeastSignificantBits());
        header.set(U64, 32, number);
        header.set(U64, 40, generation);
        header.set(U64, 48, firstSequenceNumber);
        header.set(U64, 56, term);
        header.set(U64, 64, chain);
        header.set(U64, 72, previousEnd);
        header.set(U64, 80, fileBytes);
        header.set(U64, 88, createdMillis);
        WalFormat.seal(header, 0, WalFormat.HEADER_BLOCK_BYTES);
    }

    /**
     * Reads the header of a file that must belong to this log and have this number and size.
     *
     * @throws LogCorruptException if the block is damaged or says something else
     * @throws UnsupportedLogFormatException if a later version of the program wrote it
     */
    static FileHeader read(
            Path file, MemorySegment block, LogIdentity identity, long number, long fileBytes)
            throws LogCorruptException, UnsupportedLogFormatException {
        if (!WalFormat.isSealed(block, 0, WalFormat.HEADER_BLOCK_BYTES, WalFormat.FILE_MAGIC)) {
            throw new LogCorruptException(
                    file, 0, "a file header with magic ARWL and a right checksum", "other bytes");
        }
        int version = Short.toUnsignedInt(block.get(U16, 8));
        if (version != WalFormat.VERSION) {
            throw new UnsupportedLogFormatException(
                    file, "log format version", WalFormat.VERSION, version);
        }
        FileHeader header =
                new FileHeader(
                        new LogIdentity(
                                new UUID(block.get(U64, 16), block.get(U64, 24)),
                                block.get(U32, 12)),
                        block.get(U64, 32),
                        block.get(U64, 40),
                        block.get(U64, 48),
                        block.get(U64, 56),
                        block.get(U64, 64),
                        block.get(U64, 72),
                        block.get(U64, 80),
                        block.get(U64, 88));
        require(file, "collection and shard", identity, header.identity);
        require(file, "file number", number, header.number);
        require(file, "file size", header.fileBytes, fileBytes);
        return header;
    }

    private static void require(Path file, String what, Object expected, Object got)
            throws LogCorruptException {
        if (!expected.equals(got)) {
            throw new LogCorruptException(file, 0, what + " " + expected, String.valueOf(got));
        }
    }
}
