package io.arbalest.wal;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The log holds damage that may have destroyed acknowledged records. It is never cut silently: the
 * files are left as they are.
 */
public final class LogCorruptException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final long offset;
    private final String expected;
    private final String got;
    private final transient @Nullable LogLoss loss;

    public LogCorruptException(Path file, long offset, String expected, String got) {
        this(file, offset, expected, got, null);
    }

    private LogCorruptException(
            Path file, long offset, String expected, String got, @Nullable LogLoss loss) {
        super(
                "log is corrupt: "
                        + file
                        + " at offset "
                        + offset
                        + ": expected "
                        + expected
                        + ", got "
                        + got);
        this.file = file;
        this.offset = offset;
        this.expected = expected;
        this.got = got;
        this.loss = loss;
    }

    /** The same with what a cut before the damage would lose. */
    LogCorruptException with(@Nullable LogLoss lost) {
        LogCorruptException same = new LogCorruptException(file, offset, expected, got, lost);
        same.setStackTrace(getStackTrace());
        return same;
    }

    /** What is lost if the log ends before the damage; null if nothing before it is whole. */
    public @Nullable LogLoss loss() {
        return loss;
    }

    public Path file() {
        return file;
    }

    /** Byte offset in the file. */
    public long offset() {
        return offset;
    }

    public String expected() {
        return expected;
    }

    public String got() {
        return got;
    }
}
