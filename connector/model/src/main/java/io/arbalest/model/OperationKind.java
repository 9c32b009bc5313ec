package io.arbalest.model;

/**
 * What a written row does; {@link #wireValue()} is the {@code _op} column and the log's operation
 * byte.
 */
public enum OperationKind {
    /**
     * Writes vector and metadata, replacing what the key had; without a vector, metadata only, of a
     * point that is there.
     */
    UPSERT(0),
    /** Removes the point; leaves a versioned tombstone. */
    DELETE(1),
    /**
     * Sets the fields that have a value and keeps the others and the vector, of a point that is
     * there.
     */
    PATCH(2);

    private final byte wireValue;

    OperationKind(int wireValue) {
        this.wireValue = (byte) wireValue;
    }

    public byte wireValue() {
        return wireValue;
    }

    /** The operation of this byte; refused with {@link ErrorCode#UNKNOWN_OPERATION}. */
    public static OperationKind ofWireValue(byte value) {
        for (OperationKind kind : values()) {
            if (kind.wireValue == value) {
                return kind;
            }
        }
        throw new ArbalestException(
                ErrorCode.UNKNOWN_OPERATION,
                "unknown operation " + value + " in column _op",
                "use 0 = upsert, 1 = delete or 2 = patch");
    }
}
