package io.arbalest.benchmarks;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.nio.file.NoSuchFileException;

/**
 * The coded form of whatever goes wrong in a measurement.
 *
 * <p>Thread-safe: no state.
 */
public final class BenchErrors {
    private BenchErrors() {}

    /** The failure itself or the coded cause of it, else what stands for it. */
    public static ArbalestException coded(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ArbalestException coded) {
                return coded;
            }
        }
        if (failure instanceof NoSuchFileException missing) {
            return new ArbalestException(
                    ErrorCode.IO_FAILED, "no file " + missing.getFile(), "check the path", failure);
        }
        String message = failure.getMessage();
        String name = failure.getClass().getSimpleName();
        String detail = message == null || message.isBlank() ? name : name + ": " + message;
        return failure instanceof IOException
                ? new ArbalestException(ErrorCode.IO_FAILED, detail, "", failure)
                : new ArbalestException(
                        ErrorCode.INTERNAL,
                        detail,
                        "run it again with --debug and report the trace",
                        failure);
    }

    /** An option with a value that it cannot have. */
    public static ArbalestException badOption(String option, String got, String expected) {
        return new ArbalestException(
                ErrorCode.MALFORMED_REQUEST,
                option + " is " + got + ", expected " + expected,
                "see arbalest bench --help");
    }

    /**
     * Refuses an option's value that is out of bounds.
     *
     * @param command whose help says more, as it is typed
     */
    public static void requireWithin(String command, String option, int got, int least, int most) {
        if (got < least || got > most) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    option + " is " + got + ", expected " + least + " to " + most,
                    "see " + command + " --help");
        }
    }

    /** A file that does not hold what it should. */
    public static ArbalestException badFile(String where, String got, String expected) {
        return new ArbalestException(
                ErrorCode.MALFORMED_REQUEST,
                where + ": got " + got + ", expected " + expected,
                "check that the file is complete and of the form that the option asks for");
    }
}
