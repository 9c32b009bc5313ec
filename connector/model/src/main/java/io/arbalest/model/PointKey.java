package io.arbalest.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The key of a point in its canonical bytes: the UTF-8 text itself, or the 8 big-endian bytes of an
 * int64. The canonical bytes are what is hashed to a shard, what breaks ties between equal scores
 * (unsigned byte order) and what is stored.
 *
 * <p>Immutable; the array handed in or out is not copied and must not be changed.
 */
public final class PointKey implements Comparable<PointKey> {
    /** Longest key in canonical bytes. */
    public static final int MAX_BYTES = 512;

    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final KeyType type;
    private final byte[] bytes;

    private PointKey(KeyType type, byte[] bytes) {
        this.type = type;
        this.bytes = bytes;
    }

    /** A text key; refused with {@link ErrorCode#KEY_MISSING} or {@link ErrorCode#KEY_TOO_LONG}. */
    public static PointKey of(String text) {
        return ofCanonicalBytes(KeyType.STRING, text.getBytes(StandardCharsets.UTF_8));
    }

    /** An integer key. */
    public static PointKey of(long value) {
        byte[] bytes = new byte[Long.BYTES];
        LONG.set(bytes, 0, value);
        return new PointKey(KeyType.INT64, bytes);
    }

    /**
     * A key from bytes that {@link #canonicalBytes()} gave out; text is taken to be valid UTF-8.
     */
    public static PointKey ofCanonicalBytes(KeyType type, byte[] bytes) {
        if (type == KeyType.INT64 && bytes.length != Long.BYTES) {
            throw new ArbalestException(
                    ErrorCode.KEY_TYPE_MISMATCH,
                    "an int64 key has 8 bytes, got " + bytes.length,
                    "send the id column as int64");
        }
        if (bytes.length == 0) {
            throw new ArbalestException(
                    ErrorCode.KEY_MISSING, "the key is empty", "give every point an id");
        }
        if (bytes.length > MAX_BYTES) {
            throw new ArbalestException(
                    ErrorCode.KEY_TOO_LONG,
                    "the key has " + bytes.length + " bytes, at most " + MAX_BYTES + " are allowed",
                    "use a shorter id, for example a hash of the long one");
        }
        return new PointKey(type, bytes);
    }

    public KeyType type() {
        return type;
    }

    /** The canonical bytes; not a copy. */
    public byte[] canonicalBytes() {
        return bytes;
    }

    /** The integer of an {@link KeyType#INT64} key. */
    public long asLong() {
        if (type != KeyType.INT64) {
            throw new IllegalStateException("not an int64 key: " + this);
        }
        return (long) LONG.get(bytes, 0);
    }

    /** The key as users write it. */
    @Override
    public String toString() {
        return type == KeyType.INT64
                ? Long.toString(asLong())
                : new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public int compareTo(PointKey other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PointKey key && key.type == type && Arrays.equals(key.bytes, bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }
}
