package io.arbalest.common;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/**
 * CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4) over memory segments, by the JDK's
 * intrinsic. The value is the usual one: initial all ones, reflected, inverted at the end.
 *
 * <p>An instance accumulates over several pieces; {@link #of} does one piece.
 *
 * <p>Confined to the thread that uses it; the static methods are thread-safe.
 */
public final class Crc32c {
    private static final long MAX_PIECE = 1L << 30;

    private final CRC32C crc = new CRC32C();

    /** The checksum of a whole segment. */
    public static int of(MemorySegment segment) {
        return of(segment, 0, segment.byteSize());
    }

    /** The checksum of {@code length} bytes from {@code offset}. */
    public static int of(MemorySegment segment, long offset, long length) {
        return new Crc32c().update(segment, offset, length).value();
    }

    /** The checksum of a byte array. */
    public static int of(byte[] bytes) {
        return of(MemorySegment.ofArray(bytes));
    }

    /** Adds {@code length} bytes from {@code offset}. */
    public Crc32c update(MemorySegment segment, long offset, long length) {
        long at = offset;
        long end = offset + length;
        while (at < end) {
            long piece = Math.min(MAX_PIECE, end - at);
            crc.update(segment.asSlice(at, piece).asByteBuffer());
            at += piece;
        }
        return this;
    }

    /** The checksum of everything added so far. */
    public int value() {
        return (int) crc.getValue();
    }

    /** Starts over. */
    public void reset() {
        crc.reset();
    }
}
