package io.arbalest.io;

import java.io.IOException;

/** A file's bytes do not match their checksums. The message names the file and the place. */
public final class FileDamagedException extends IOException {
    private static final long serialVersionUID = 1;

    public FileDamagedException(String message) {
        super(message);
    }
}
