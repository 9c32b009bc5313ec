package io.arbalest.io;

import java.io.IOException;

/** A file has a format version that this release does not read. */
public final class UnsupportedFileFormatException extends IOException {
    private static final long serialVersionUID = 1;

    public UnsupportedFileFormatException(String message) {
        super(message);
    }
}
