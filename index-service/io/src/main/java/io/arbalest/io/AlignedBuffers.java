package io.arbalest.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Native memory as block files want it: address and length are multiples of {@link
 * BlockFile#BLOCK_BYTES}, which satisfies O_DIRECT on every device whose logical block is at most
 * that long (open(2), section NOTES).
 *
 * <p>Thread-safe.
 */
public final class AlignedBuffers {
    private AlignedBuffers() {}

    /** Zeroed memory of at least {@code bytes}, rounded up to whole blocks, owned by the arena. */
    public static MemorySegment allocate(Arena arena, long bytes) {
        return arena.allocate(roundUp(bytes), BlockFile.BLOCK_BYTES);
    }

    /**
     * The same in huge pages where the kernel has any: a device is given long memory in few pieces
     * then, and its pages are found faster.
     */
    public static MemorySegment allocateLong(Arena arena, long bytes) {
        try {
            return NativeMemory.reserve(arena, roundUp(bytes), true);
        } catch (IOException e) {
            return allocate(arena, bytes);
        }
    }

    /** The smallest multiple of the block length that is not below {@code bytes}. */
    public static long roundUp(long bytes) {
        return Math.addExact(bytes, BlockFile.BLOCK_BYTES - 1) & -BlockFile.BLOCK_BYTES;
    }

    /**
     * Checks a transfer against the contract of {@link BlockFile}: native memory, aligned address,
     * offset and length, range inside the file.
     *
     * @throws IllegalArgumentException says which of them is wrong
     */
    public static void checkTransfer(long offset, MemorySegment memory, long fileBytes) {
        long length = memory.byteSize();
        if (!memory.isNative() || misaligned(memory.address())) {
            throw new IllegalArgumentException(
                    "memory must be native and aligned to "
                            + BlockFile.BLOCK_BYTES
                            + " bytes, got "
                            + memory);
        }
        if (offset < 0 || misaligned(offset) || length == 0 || misaligned(length)) {
            throw new IllegalArgumentException(
                    "offset and length must be multiples of "
                            + BlockFile.BLOCK_BYTES
                            + " and the length positive, got offset "
                            + offset
                            + ", length "
                            + length);
        }
        if (offset > fileBytes - length) {
            throw new IllegalArgumentException(
                    "range "
                            + offset
                            + "+"
                            + length
                            + " lies outside the file of "
                            + fileBytes
                            + " bytes");
        }
    }

    /** Checks the size of a file to be created. */
    public static void checkFileSize(long bytes) {
        if (bytes <= 0 || misaligned(bytes)) {
            throw new IllegalArgumentException(
                    "file size must be a positive multiple of "
                            + BlockFile.BLOCK_BYTES
                            + ", got "
                            + bytes);
        }
    }

    private static boolean misaligned(long value) {
        return (value & (BlockFile.BLOCK_BYTES - 1)) != 0;
    }
}
