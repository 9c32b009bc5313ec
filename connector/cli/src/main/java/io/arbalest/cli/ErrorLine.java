package io.arbalest.cli;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Turns whatever went wrong into one line on standard error, {@code ARB-1201 what. Fix: how}, or
 * the same as JSON.
 *
 * <p>Thread-safe: no state.
 */
final class ErrorLine {
    private ErrorLine() {}

    /** The coded form of any failure: itself, or what it stands for. */
    static ArbalestException coded(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ArbalestException coded) {
                return coded;
            }
        }
        if (failure instanceof NoSuchFileException missing) {
            return new ArbalestException(
                    ErrorCode.IO_FAILED, "no file " + missing.getFile(), "check the path", failure);
        }
        if (failure instanceof IOException) {
            return new ArbalestException(ErrorCode.IO_FAILED, message(failure), "", failure);
        }
        return new ArbalestException(
                ErrorCode.INTERNAL,
                message(failure),
                "run it again with --debug and report the trace",
                failure);
    }

    /** Fields of the error in JSON output. */
    static Map<String, Object> fields(ArbalestException error) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("code", error.code().label());
        fields.put("detail", error.detail());
        fields.put("fix", error.fix());
        return fields;
    }

    /** The whole line, without a line feed. */
    static String render(ArbalestException error, boolean json) {
        return json
                ? Json.line(Map.of("error", fields(error)))
                : String.valueOf(error.getMessage());
    }

    private static String message(Throwable failure) {
        String message = failure.getMessage();
        String name = failure.getClass().getSimpleName();
        return message == null || message.isBlank() ? name : name + ": " + message;
    }
}
