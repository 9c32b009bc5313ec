package io.arbalest.io;

import java.io.IOException;
import java.util.Locale;

/**
 * Tells apart what Java reports as plain {@link IOException}: the JDK gives the text of
 * strerror(3), not errno.
 *
 * <p>Thread-safe.
 */
public final class DiskErrors {
    private DiskErrors() {}

    /** Whether the text is that of ENOSPC or EDQUOT. */
    public static boolean saysDiskFull(IOException e) {
        if (e instanceof DiskFullException) {
            return true;
        }
        String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        return text.contains("no space left") || text.contains("quota exceeded");
    }

    /** The same failure, with what was attempted, as {@link DiskFullException} where it is one. */
    static IOException translated(String attempted, IOException e) {
        String message = "cannot " + attempted + ": " + e.getMessage();
        return saysDiskFull(e) ? new DiskFullException(message, e) : new IOException(message, e);
    }
}
