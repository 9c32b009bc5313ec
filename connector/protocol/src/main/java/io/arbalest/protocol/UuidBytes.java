package io.arbalest.protocol;

import com.google.protobuf.ByteString;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * Incarnations on the wire: 16 bytes, most significant first.
 *
 * <p>Thread-safe: no state.
 */
public final class UuidBytes {
    /** The incarnation of something that has none yet. */
    public static final UUID NONE = new UUID(0, 0);

    private static final int BYTES = 16;

    private UuidBytes() {}

    public static ByteString toWire(UUID uuid) {
        ByteBuffer buffer = ByteBuffer.allocate(BYTES);
        buffer.putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .flip();
        return ByteString.copyFrom(buffer);
    }

    /**
     * Empty gives {@link #NONE}; any other length than 16 is refused with {@link
     * ErrorCode#MALFORMED_REQUEST}.
     */
    public static UUID fromWire(ByteString bytes) {
        if (bytes.isEmpty()) {
            return NONE;
        }
        if (bytes.size() != BYTES) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "an incarnation has 16 bytes, got " + bytes.size(),
                    "send the 16 big-endian bytes of the UUID");
        }
        ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
        return new UUID(buffer.getLong(), buffer.getLong());
    }
}
