package io.arbalest.wal;

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

    public LogCorruptException(Path file, long offset, String expected, String got) {
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
