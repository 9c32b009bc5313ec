package io.arbalest.io;

import java.io.IOException;

/** The lock of a directory is held by a process that is alive, perhaps this one. */
public final class DirectoryInUseException extends IOException {
    private static final long serialVersionUID = 1L;

    public DirectoryInUseException(String message) {
        super(message);
    }
}
