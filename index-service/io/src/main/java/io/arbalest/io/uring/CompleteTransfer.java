package io.arbalest.io.uring;

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

    private static final long BUSY_PAUSE_NANOS = 20_000;

    private CompleteTransfer() {}

    /** Puts a write of all of {@code source} into the ring; {@link #finish} must follow. */
    static void prepare(Transfer ring, Target target, long offset, MemorySegment source) {
        ring.prepare(target.operation(), target.file(), target.registered(), offset, source);
    }

    /**
     * Waits for the write that was prepared with the same arguments, and sees to it that it is all.
     */
    static void finish(Transfer ring, Target target, long offset, MemorySegment source)
            throws IOException {
        long written = completed(ring, target, offset, source);
        if (written < source.byteSize() && written % BlockFile.BLOCK_BYTES == 0 && written > 0) {
            MemorySegment rest = source.asSlice(written);
            prepare(ring, target, offset + written, rest);
            written += completed(ring, target, offset + written, rest);
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

    /** The result of the request that was prepared, which is asked again if it was not taken. */
    private static int completed(Transfer ring, Target target, long offset, MemorySegment source)
            throws IOException {
        int result = ring.complete();
        for (int retry = 0; retry < RETRIES && isNotBegun(result); retry++) {
            LockSupport.parkNanos(BUSY_PAUSE_NANOS);
            prepare(ring, target, offset, source);
            result = ring.complete();
        }
        if (result >= 0) {
            return result;
        }
        throw failed(target, offset, source, result);
    }

    private static boolean isNotBegun(int result) {
        return Errno.EAGAIN.is(result) || Errno.EINTR.is(result);
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
