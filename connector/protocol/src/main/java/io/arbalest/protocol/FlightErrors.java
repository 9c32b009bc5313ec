package io.arbalest.protocol;

import com.google.protobuf.InvalidProtocolBufferException;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;

/**
 * Coded errors as Flight statuses. The description is the one line that any client can print; the
 * header {@value #HEADER} holds the protobuf {@code Error}, from which this class restores code,
 * detail and fix.
 *
 * <p>Thread-safe: no state.
 */
public final class FlightErrors {
    /** Trailing header with the serialized {@code Error}. */
    public static final String HEADER = "arbalest-error-bin";

    private FlightErrors() {}

    /**
     * What a server answers with. An error without a code becomes {@link ErrorCode#INTERNAL},
     * without its stack trace.
     */
    public static FlightRuntimeException toFlight(Throwable error) {
        if (error instanceof FlightRuntimeException flight) {
            return flight;
        }
        ArbalestException coded = coded(error);
        ErrorFlightMetadata metadata = new ErrorFlightMetadata();
        metadata.insert(HEADER, ErrorCodec.toWire(coded).toByteArray());
        return status(coded.code())
                .withDescription(String.valueOf(coded.getMessage()))
                .withMetadata(metadata)
                .toRuntimeException();
    }

    /**
     * This error if it has a code, else {@link ErrorCode#INTERNAL} that names its class and
     * message.
     */
    public static ArbalestException coded(Throwable error) {
        return error instanceof ArbalestException coded
                ? coded
                : new ArbalestException(
                        ErrorCode.INTERNAL,
                        "unexpected "
                                + error.getClass().getSimpleName()
                                + ": "
                                + error.getMessage(),
                        "see the node's log; report it if it stays",
                        error);
    }

    /**
     * What a client makes of a failed call.
     *
     * @param peer who was called, for the message
     */
    public static ArbalestException fromFlight(Throwable error, String peer) {
        if (error instanceof ArbalestException coded) {
            return coded;
        }
        if (!(error instanceof FlightRuntimeException flight)) {
            return coded(error);
        }
        CallStatus status = flight.status();
        ErrorFlightMetadata metadata = status.metadata();
        byte[] header =
                metadata == null || !metadata.containsKey(HEADER) ? null : metadata.getByte(HEADER);
        if (header != null) {
            try {
                return ErrorCodec.fromWire(io.arbalest.protocol.wire.Error.parseFrom(header));
            } catch (InvalidProtocolBufferException e) {
                return new ArbalestException(
                        ErrorCode.INTERNAL,
                        peer + " sent an unreadable error: " + status.description(),
                        "",
                        e);
            }
        }
        return uncoded(status, peer, flight);
    }

    /** A status that no Arbalest node wrote: the connection, a proxy, or gRPC itself. */
    private static ArbalestException uncoded(
            CallStatus status, String peer, FlightRuntimeException error) {
        String detail = peer + " answered " + status.code() + ": " + status.description();
        return switch (status.code()) {
            case INVALID_ARGUMENT ->
                    new ArbalestException(ErrorCode.MALFORMED_REQUEST, detail, "", error);
            case UNIMPLEMENTED ->
                    new ArbalestException(
                            ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                            detail,
                            "check that the port is an Arbalest node's",
                            error);
            case TIMED_OUT ->
                    new ArbalestException(
                            ErrorCode.DEADLINE_EXCEEDED,
                            detail,
                            "raise the timeout or lower the load",
                            error);
            case RESOURCE_EXHAUSTED ->
                    new ArbalestException(ErrorCode.OVERLOADED, detail, "send less at once", error);
            default ->
                    new ArbalestException(
                            ErrorCode.UNREACHABLE,
                            detail,
                            "check that the node runs and that its port is open",
                            error);
        };
    }

    private static CallStatus status(ErrorCode code) {
        return new CallStatus(
                switch (code) {
                    case UNKNOWN_COLLECTION -> FlightStatusCode.NOT_FOUND;
                    case COLLECTION_EXISTS -> FlightStatusCode.ALREADY_EXISTS;
                    case UNSUPPORTED_FORMAT_VERSION -> FlightStatusCode.UNIMPLEMENTED;
                    case OVERLOADED, DISK_FULL -> FlightStatusCode.RESOURCE_EXHAUSTED;
                    case DEADLINE_EXCEEDED, TOKEN_TIMEOUT -> FlightStatusCode.TIMED_OUT;
                    case STALE_INCARNATION,
                            NOT_OWNER,
                            WRONG_TERM,
                            SHARD_NOT_READY,
                            UNREACHABLE,
                            METADATA_UNAVAILABLE,
                            SHUTTING_DOWN,
                            CUT_EXPIRED ->
                            FlightStatusCode.UNAVAILABLE;
                    case LOG_FAILED,
                            LOG_CORRUPT,
                            IO_FAILED,
                            STORE_FAILED,
                            DIRECTORY_IN_USE,
                            SEGMENT_CORRUPT,
                            INTERNAL ->
                            FlightStatusCode.INTERNAL;
                    default -> FlightStatusCode.INVALID_ARGUMENT;
                });
    }
}
