package io.arbalest.flight;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.FlightErrors;

import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.memory.OutOfMemoryException;

import java.lang.System.Logger.Level;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;

/**
 * What a failure inside this node is called outside.
 *
 * <p>Thread-safe: no state.
 */
final class Failures {
    private static final System.Logger LOG = System.getLogger(Failures.class.getName());

    private Failures() {}

    /**
     * The coded error behind a failure. What has no code is a defect: it is logged with its trace
     * and answered as INTERNAL.
     */
    static ArbalestException coded(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof ArbalestException coded) {
            return coded;
        }
        if (cause instanceof OutOfMemoryException || cause instanceof RejectedExecutionException) {
            return new ArbalestException(
                    ErrorCode.OVERLOADED,
                    "this node has no room for the request: " + cause.getMessage(),
                    "send less at once or retry later",
                    cause);
        }
        if (cause instanceof FlightRuntimeException flight
                && flight.status().code() == FlightStatusCode.CANCELLED) {
            LOG.log(Level.DEBUG, "the caller has left", cause);
            return new ArbalestException(
                    ErrorCode.UNREACHABLE, "the caller has ended the call", "", cause);
        }
        LOG.log(Level.ERROR, "unexpected failure of a call", cause);
        return FlightErrors.coded(cause);
    }

    /** Whether a failed write may have stored rows all the same. */
    static boolean outcomeUnknown(ErrorCode code) {
        return switch (code) {
            case LOG_FAILED,
                    DEADLINE_EXCEEDED,
                    SHUTTING_DOWN,
                    UNREACHABLE,
                    INTERNAL,
                    IO_FAILED,
                    STORE_FAILED ->
                    true;
            default -> false;
        };
    }
}
