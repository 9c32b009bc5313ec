package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.RowStatus;

/**
 * The status of an acknowledged row as one byte of {@code PutAcknowledgement.statuses}: 0 applied,
 * 1 duplicate, 2 stale, 3 rejected.
 *
 * <p>Thread-safe: no state.
 */
public final class RowStatusCodec {
    private RowStatusCodec() {}

    public static byte toWire(RowStatus status) {
        return switch (status) {
            case APPLIED -> 0;
            case DUPLICATE -> 1;
            case STALE -> 2;
            case REJECTED -> 3;
        };
    }

    /** Refused with {@link ErrorCode#MALFORMED_REQUEST}. */
    public static RowStatus fromWire(byte value) {
        return switch (value) {
            case 0 -> RowStatus.APPLIED;
            case 1 -> RowStatus.DUPLICATE;
            case 2 -> RowStatus.STALE;
            case 3 -> RowStatus.REJECTED;
            default ->
                    throw new ArbalestException(
                            ErrorCode.MALFORMED_REQUEST,
                            "unknown row status " + value + " in an acknowledgement",
                            "use client and server of matching releases");
        };
    }
}
