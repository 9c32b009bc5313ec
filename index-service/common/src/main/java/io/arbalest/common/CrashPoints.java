package io.arbalest.common;

/**
 * The seam for crashes at chosen moments: code that changes durable state in steps names the
 * moments between them, and a test ends the "process" there by throwing.
 *
 * <p>Thread-safe.
 */
@FunctionalInterface
public interface CrashPoints {
    /** In production: nothing happens. */
    CrashPoints NONE = _ -> {};

    /** The process is at this point; names are stable and listed where they are hit. */
    void hit(String name);
}
