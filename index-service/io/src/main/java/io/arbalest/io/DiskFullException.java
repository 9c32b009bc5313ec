package io.arbalest.io;

import java.io.IOException;

/**
 * There is no space, or no quota, for the bytes that were to be written. From {@link Disk#create}
 * and {@link Disk#publish} it means that nothing was left behind and the call may be repeated when
 * space has returned; from {@link BlockFile#write} it is a failed write like any other.
 */
public final class DiskFullException extends IOException {
    private static final long serialVersionUID = 1L;

    public DiskFullException(String message, Throwable cause) {
        super(message, cause);
    }

    public DiskFullException(String message) {
        super(message);
    }
}
