package io.arbalest.wal;

import static io.arbalest.wal.WalFormat.U16;
import static io.arbalest.wal.WalFormat.U32;
import static io.arbalest.wal.WalFormat.U64;

import io.arbalest.io.BlockFile;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.UUID;

/**
 * One block of {@code CURRENT}: how far the log has been durable; the fields are those of {@link
 * WalFormat}.
 *
 * <p>Immutable.
 *
 * @param counter grows by one with every mark
 */
record DurableMark(LogIdentity identity, long counter, LogPosition position) {
    /** Length of the file {@code CURRENT}. */
    static final int FILE_BYTES = 2 * BlockFile.BLOCK_BYTES;

    /** The content of {@code CURRENT} of a log without files. */
    static byte[] initialFile(LogIdentity identity) {
        return new DurableMark(identity, 1, LogPosition.ORIGIN).file();
    }

    /** The content of {@code CURRENT} with this mark in both blocks. */
    byte[] file() {
        byte[] content = new byte[FILE_BYTES];
        for (int block = 0; block < 2; block++) {
            write(
                    MemorySegment.ofArray(content)
                            .asSlice((long) block * BlockFile.BLOCK_BYTES, BlockFile.BLOCK_BYTES));
        }
        return content;
    }

    /** The offset in {@code CURRENT} at which this mark belongs. */
    long fileOffset() {
        return (counter & 1) * BlockFile.BLOCK_BYTES;
    }

    /** The mark after this one. */
    DurableMark next(LogPosition durable) {
        return new DurableMark(identity, counter + 1, durable);
    }

    /** Fills one block. */
    void write(MemorySegment block) {
        block.fill((byte) 0);
        block.set(U32, 0, WalFormat.CURRENT_MAGIC);
        block.set(U16, 8, (short) WalFormat.VERSION);
        block.set(U32, 12, identity.shard());
        block.set(U64, 16, identity.incarnation().getMostSignificantBits());
        block.set(U64, 24, identity.incarnation().getLeastSignificantBits());
        block.set(U64, 32, counter);
        block.set(U64, 40, position.fileNumber());
        block.set(U64, 48, position.offset());
        block.set(U64, 56, position.nextSequenceNumber());
        block.set(U64, 64, position.term());
        block.set(U64, 72, position.chain());
        WalFormat.seal(block, 0, BlockFile.BLOCK_BYTES);
    }

    /** The newer of the two valid blocks of the file's content; a torn block leaves the other. */
    static DurableMark newest(Path file, byte[] content, LogIdentity identity)
            throws LogCorruptException, UnsupportedLogFormatException {
        if (content.length != FILE_BYTES) {
            throw new LogCorruptException(
                    file, 0, FILE_BYTES + " bytes", content.length + " bytes");
        }
        DurableMark newest = null;
        for (int block = 0; block < 2; block++) {
            DurableMark mark =
                    read(
                            file,
                            MemorySegment.ofArray(content)
                                    .asSlice(
                                            (long) block * BlockFile.BLOCK_BYTES,
                                            BlockFile.BLOCK_BYTES));
            if (mark != null && (newest == null || mark.counter > newest.counter)) {
                newest = mark;
            }
        }
        if (newest == null) {
            throw new LogCorruptException(
                    file, 0, "a block with magic ARWC and a right checksum", "two damaged blocks");
        }
        if (!newest.identity.equals(identity)) {
            throw new LogCorruptException(
                    file, 0, "collection and shard " + identity, newest.identity.toString());
        }
        return newest;
    }

    private static @Nullable DurableMark read(Path file, MemorySegment block)
            throws UnsupportedLogFormatException {
        if (!WalFormat.isSealed(block, 0, BlockFile.BLOCK_BYTES, WalFormat.CURRENT_MAGIC)) {
            return null;
        }
        int version = Short.toUnsignedInt(block.get(U16, 8));
        if (version != WalFormat.VERSION) {
            throw new UnsupportedLogFormatException(
                    file, "log format version", WalFormat.VERSION, version);
        }
        return new DurableMark(
                new LogIdentity(
                        new UUID(block.get(U64, 16), block.get(U64, 24)), block.get(U32, 12)),
                block.get(U64, 32),
                new LogPosition(
                        block.get(U64, 40),
                        block.get(U64, 48),
                        block.get(U64, 56),
                        block.get(U64, 64),
                        block.get(U64, 72)));
    }
}
