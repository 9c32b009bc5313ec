package io.arbalest.io.uring;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.DiskFullException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * All of a write, or an exception: the rules for what a completion may say.
 *
 * <table>
 * <caption>results of a write</caption>
 * <tr><th>result</th><th>what is done</th></tr>
 * <tr><td>the whole length</td><td>done</td></tr>
 * <tr><td>-EAGAIN, -EINTR</td><td>nothing was written; asked again, at most {@value #RETRIES} times</td></tr>
 * <tr><td>some whole blocks</td><td>the rest is written once from the unchanged memory; a second
 *     short write is a device in trouble</td></tr>
 * <tr><td>any other error, part of a block</td><td>failed; never asked again</td></tr>
 * </table>
 *
 * <p>Thread-safe: no state.
 */
final class CompleteTransfer {
    static final int RETRIES = 100;

    /** Longest request of a long write. */
    static final long PART_BYTES = 512 << 10;

    private static final long BUSY_PAUSE_NANOS = 20_000;

    private CompleteTransfer() {}

    /**
     * Writes all of {@code source}; what {@code registered} means see {@link Transfer}. A long one
     * goes in parts that are under way together, as a device likes it.
     */
    static void write(Transfer ring, Target target, long offset, MemorySegment source)
            throws IOException {
        if (source.byteSize() <= PART_BYTES) {
            writePart(ring, target, offset, source);
            return;
        }
        long partBytes =
                Math.max(
                        PART_BYTES,
                        AlignedBuffers.roundUp(
                                (source.byteSize() + Ring.ENTRIES - 1) / Ring.ENTRIES));
        int[] results =
                ring.moveParts(
                        target.operation(),
                        target.file(),
                        target.registered(),
                        offset,
                        source,
                        partBytes);
        // A failed part must not be hidden behind one that may be continued.
        for (int i = 0; i < results.length; i++) {
            if (results[i] < 0 && !isNotBegun(results[i])) {
                throw failed(
                        target,
                        offset + i * partBytes,
                        Transfer.part(source, i, partBytes),
                        results[i]);
            }
        }
        for (int i = 0; i < results.length; i++) {
            MemorySegment part = Transfer.part(source, i, partBytes);
            long at = offset + i * partBytes;
            if (isNotBegun(results[i])) {
                writePart(ring, target, at, part);
            } else {
                writeRest(ring, target, at, part, results[i]);
            }
        }
    }

    private static void writePart(Transfer ring, Target target, long offset, MemorySegment source)
            throws IOException {
        writeRest(ring, target, offset, source, once(ring, target, offset, source));
    }

    private static void writeRest(
            Transfer ring, Target target, long offset, MemorySegment source, long first)
            throws IOException {
        long written = first;
        if (written < source.byteSize() && written % BlockFile.BLOCK_BYTES == 0 && written > 0) {
            written += once(ring, target, offset + written, source.asSlice(written));
        }
        if (written != source.byteSize()) {
            throw new IOException(
                    "short write to "
                            + target.path()
                            + " at "
                            + offset
                            + ": expected "
                            + source.byteSize()
                            + " bytes, got "
                            + written);
        }
    }

    private static boolean isNotBegun(int result) {
        return Errno.EAGAIN.is(result) || Errno.EINTR.is(result);
    }

    private static int once(Transfer ring, Target target, long offset, MemorySegment source)
            throws IOException {
        int result = 0;
        for (int attempt = 0; attempt <= RETRIES; attempt++) {
            result =
                    ring.move(
                            target.operation(), target.file(), target.registered(), offset, source);
            if (!isNotBegun(result)) {
                break;
            }
            LockSupport.parkNanos(BUSY_PAUSE_NANOS);
        }
        if (result >= 0) {
            return result;
        }
        throw failed(target, offset, source, result);
    }

    private static IOException failed(
            Target target, long offset, MemorySegment source, int result) {
        String message =
                "cannot write "
                        + source.byteSize()
                        + " bytes to "
                        + target.path()
                        + " at "
                        + offset
                        + ": "
                        + Errno.describe(result);
        return Errno.saysDiskFull(result)
                ? new DiskFullException(message)
                : new IOException(message);
    }

    /**
     * Where a write goes.
     *
     * @param file a descriptor, or a slot if {@code registered}
     */
    record Target(Path path, byte operation, int file, boolean registered) {}
}
