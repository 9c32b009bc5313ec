package io.arbalest.memory;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A limit on bytes that several owners share. Bytes are reserved before they are allocated and
 * released after they are freed, so the sum never passes the limit, not even for a moment.
 *
 * <p>Thread-safe.
 */
public final class MemoryBudget {
    private final String name;
    private final long limitBytes;
    private final AtomicLong reserved = new AtomicLong();

    /**
     * @param name what the budget is for; part of the refusal's text
     * @param limitBytes the most bytes that may be reserved at any time
     */
    public MemoryBudget(String name, long limitBytes) {
        if (limitBytes < 0) {
            throw new IllegalArgumentException("limitBytes " + limitBytes + " is negative");
        }
        this.name = name;
        this.limitBytes = limitBytes;
    }

    /** A budget that refuses nothing but still counts. */
    public static MemoryBudget unlimited(String name) {
        return new MemoryBudget(name, Long.MAX_VALUE);
    }

    /** Takes the bytes if they fit; otherwise takes nothing and answers false. */
    public boolean tryReserve(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("cannot reserve " + bytes + " bytes");
        }
        while (true) {
            long current = reserved.get();
            if (bytes > limitBytes - current) {
                return false;
            }
            if (reserved.compareAndSet(current, current + bytes)) {
                return true;
            }
        }
    }

    /**
     * Takes the bytes.
     *
     * @throws ArbalestException {@link ErrorCode#OVERLOADED} if they do not fit; nothing is taken
     *     then
     */
    public void reserve(long bytes) {
        if (!tryReserve(bytes)) {
            throw new ArbalestException(
                    ErrorCode.OVERLOADED,
                    "memory budget '"
                            + name
                            + "' cannot give "
                            + bytes
                            + " bytes: "
                            + reserved.get()
                            + " of "
                            + limitBytes
                            + " bytes are taken",
                    "raise the budget, drop data, or spread it over more nodes");
        }
    }

    /** Gives back bytes that were reserved before. */
    public void release(long bytes) {
        long left = reserved.addAndGet(-bytes);
        if (bytes < 0 || left < 0) {
            reserved.addAndGet(bytes);
            throw new IllegalStateException(
                    "memory budget '" + name + "': released " + bytes + " bytes too many");
        }
    }

    /** Bytes taken now. */
    public long reservedBytes() {
        return reserved.get();
    }

    /** The most bytes that may be taken. */
    public long limitBytes() {
        return limitBytes;
    }
}
