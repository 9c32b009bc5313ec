package io.arbalest.wal;

/** The log cannot take this record: it is poisoned by an earlier failure, full, or closed. */
public final class LogFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    public LogFailedException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public LogFailedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** Why the record was not taken. */
    public enum Reason {
        /** A write or sync failed; the log takes nothing more in this process. */
        POISONED,
        /** No space for another file; the log recovers by itself when space returns. */
        DISK_FULL,
        /** More bytes are waiting than the queue's limit. */
        QUEUE_FULL,
        CLOSED
    }
}
