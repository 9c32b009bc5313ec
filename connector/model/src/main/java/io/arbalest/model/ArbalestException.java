package io.arbalest.model;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/**
 * An operating error with a code: what happened, where, what was expected, what came, and how to
 * fix it, on one line.
 *
 * <p>Immutable, apart from what {@link Throwable} itself allows.
 */
public final class ArbalestException extends RuntimeException {
    /** The fix where files of a shard are damaged, as long as there is one copy of each. */
    public static final String REFILL = "drop the collection and fill it again";

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String detail;
    private final String fix;

    /**
     * @param detail one line: what, where, expected, got; no trailing full stop
     * @param fix one line that a user can act on; may be empty
     */
    public ArbalestException(ErrorCode code, String detail, String fix) {
        this(code, detail, fix, null);
    }

    /** As {@link #ArbalestException(ErrorCode, String, String)}, with the error that caused it. */
    public ArbalestException(ErrorCode code, String detail, String fix, @Nullable Throwable cause) {
        super(line(code, detail, fix), cause);
        this.code = Objects.requireNonNull(code);
        this.detail = oneLine(detail);
        this.fix = oneLine(fix);
    }

    /** The same error with something said before its detail; this one is its cause. */
    public ArbalestException prefixed(String before) {
        return new ArbalestException(code, before + detail, fix, this);
    }

    public ErrorCode code() {
        return code;
    }

    /** What, where, expected, got; without code and fix. */
    public String detail() {
        return detail;
    }

    /** How to fix it; may be empty. */
    public String fix() {
        return fix;
    }

    private static String line(ErrorCode code, String detail, String fix) {
        String head = code.label() + " " + oneLine(detail);
        return fix.isEmpty() ? head : head + ". Fix: " + oneLine(fix);
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s*\\R\\s*", " ").strip();
    }
}
