package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.wire.Key;

/**
 * Keys of a GetRequest as protobuf.
 *
 * <p>Thread-safe: no state.
 */
public final class KeyCodec {
    private KeyCodec() {}

    public static Key toWire(PointKey key) {
        return key.type() == KeyType.INT64
                ? Key.newBuilder().setInt64(key.asLong()).build()
                : Key.newBuilder().setText(key.toString()).build();
    }

    /**
     * Refused with {@link ErrorCode#KEY_TYPE_MISMATCH} if it is not of the collection's key type.
     */
    public static PointKey fromWire(Key wire, KeyType expected) {
        return switch (wire.getKindCase()) {
            case TEXT -> {
                if (expected != KeyType.STRING) {
                    throw mismatch(expected, "a string");
                }
                yield PointKey.of(wire.getText());
            }
            case INT64 -> {
                if (expected != KeyType.INT64) {
                    throw mismatch(expected, "an int64");
                }
                yield PointKey.of(wire.getInt64());
            }
            default ->
                    throw new ArbalestException(
                            ErrorCode.KEY_MISSING,
                            "a key is empty",
                            "set text or int64 in every key");
        };
    }

    private static ArbalestException mismatch(KeyType expected, String got) {
        return new ArbalestException(
                ErrorCode.KEY_TYPE_MISMATCH,
                "the collection's keys are " + expected + ", got " + got,
                "send keys of the collection's type");
    }
}
