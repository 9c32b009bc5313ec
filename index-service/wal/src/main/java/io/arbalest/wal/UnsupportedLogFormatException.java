package io.arbalest.wal;

import java.io.IOException;
import java.nio.file.Path;

/** The log was written by a later version of the program; nothing in it was changed. */
public final class UnsupportedLogFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    public UnsupportedLogFormatException(Path file, String what, int supported, int got) {
        super(
                file
                        + " has "
                        + what
                        + " "
                        + got
                        + ", this program reads up to "
                        + supported
                        + "; start a version of the program that is at least as new as the one that"
                        + " wrote it");
    }
}
