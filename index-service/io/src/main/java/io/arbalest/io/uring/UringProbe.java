package io.arbalest.io.uring;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.FileChannelDisk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Finds out whether io_uring works here, by using it: makes a ring, asks for the operations, writes
 * one block into a file of the data directory and reads it back through the ring.
 *
 * <p>Thread-safe: no state; one probe a directory at a time.
 */
final class UringProbe {
    /** The file that a probe writes and removes. */
    static final String FILE = "io_uring-probe.tmp";

    private UringProbe() {}

    /**
     * @param directory an existing directory on the disk that is meant
     * @throws UringRefusedException if io_uring cannot be used
     * @throws IOException if the directory itself cannot be written
     */
    static void probe(Path directory) throws IOException {
        if (!LinuxCalls.isSupported()) {
            throw Refusals.because(
                    "io_uring needs Linux on x86-64 or aarch64, this is "
                            + System.getProperty("os.name")
                            + " on "
                            + System.getProperty("os.arch"));
        }
        try (Ring ring = Ring.create()) {
            if (!ring.supports(
                    Ring.OP_READ, Ring.OP_WRITE, Ring.OP_READ_FIXED, Ring.OP_WRITE_FIXED)) {
                throw Refusals.because("this kernel's io_uring does not know WRITE_FIXED");
            }
            FileChannelDisk disk = new FileChannelDisk();
            Path path = directory.resolve(FILE);
            if (disk.exists(path)) {
                disk.delete(path);
            }
            try (BlockFile plain = disk.create(path, 2L * BlockFile.BLOCK_BYTES);
                    UringBlockFile file = UringBlockFile.open(path, plain)) {
                writeAndReadBack(ring, file);
            } finally {
                if (disk.exists(path)) {
                    disk.delete(path);
                }
            }
        }
    }

    private static void writeAndReadBack(Ring ring, UringBlockFile file) throws IOException {
        // The kernel may hold the memory after a failed wait, so it is not freed with the ring.
        Arena arena = Arena.ofAuto();
        MemorySegment written = AlignedBuffers.allocate(arena, BlockFile.BLOCK_BYTES);
        MemorySegment read = AlignedBuffers.allocate(arena, BlockFile.BLOCK_BYTES);
        for (long i = 0; i < written.byteSize(); i++) {
            written.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 37 + 11));
        }
        int descriptor = file.descriptor();
        long at = BlockFile.BLOCK_BYTES;
        int moved = ring.move(Ring.OP_WRITE, descriptor, false, at, written);
        if (moved != written.byteSize()) {
            throw moved < 0
                    ? Refusals.of("a write through the ring", moved)
                    : Refusals.because("a write through the ring moved " + moved + " bytes");
        }
        moved = ring.move(Ring.OP_READ, descriptor, false, at, read);
        if (moved != read.byteSize() || read.mismatch(written) != -1) {
            throw Refusals.because("a block read through the ring is not what was written");
        }
    }
}
