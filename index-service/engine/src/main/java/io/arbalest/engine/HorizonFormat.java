package io.arbalest.engine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The body of a log record of type HORIZON: tombstones of deletes up to a sequence number are
 * forgotten. The record takes one sequence number. Format version 1, little-endian:
 *
 * <pre>
 *  0  u8    format version, 1
 *  1  u8[7] 0
 *  8  u64   sequence number of the newest delete that is forgotten
 * </pre>
 *
 * <p>Thread-safe: no state.
 */
final class HorizonFormat {
    static final byte FORMAT_VERSION = 1;

    private static final int BYTES = 16;
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private HorizonFormat() {}

    static List<MemorySegment> encode(long upToSequenceNumber) {
        MemorySegment body = MemorySegment.ofArray(new byte[BYTES]);
        body.set(JAVA_BYTE, 0, FORMAT_VERSION);
        body.set(LONG, 8, upToSequenceNumber);
        return List.of(body);
    }

    static long decode(MemorySegment body) {
        if (body.byteSize() < 1 || body.get(JAVA_BYTE, 0) != FORMAT_VERSION) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "the log has a horizon of another format version than " + FORMAT_VERSION,
                    "run the release that wrote it, or a later one");
        }
        if (body.byteSize() != BYTES) {
            throw new ArbalestException(
                    ErrorCode.LOG_CORRUPT,
                    "a horizon has " + body.byteSize() + " bytes, expected " + BYTES,
                    ArbalestException.REFILL);
        }
        return body.get(LONG, 8);
    }
}
