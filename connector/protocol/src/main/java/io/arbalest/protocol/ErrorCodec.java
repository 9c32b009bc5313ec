package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

/**
 * Coded errors as protobuf: number, detail and fix travel apart, so that the other end restores the
 * same exception.
 *
 * <p>Thread-safe: no state.
 */
public final class ErrorCodec {
    private ErrorCodec() {}

    public static io.arbalest.protocol.wire.Error toWire(ArbalestException error) {
        return io.arbalest.protocol.wire.Error.newBuilder()
                .setCode(error.code().number())
                .setDetail(error.detail())
                .setFix(error.fix())
                .build();
    }

    /**
     * A number that this release does not know becomes {@link ErrorCode#INTERNAL} and is named in
     * the detail.
     */
    public static ArbalestException fromWire(io.arbalest.protocol.wire.Error error) {
        ErrorCode code = ErrorCode.ofNumber(error.getCode());
        String detail =
                code.number() == error.getCode()
                        ? error.getDetail()
                        : "ARB-" + error.getCode() + " of a newer release: " + error.getDetail();
        return new ArbalestException(code, detail, error.getFix());
    }
}
