package io.arbalest.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Between which commit stamps each row that was appended to one growing segment is visible. A row's
 * name, (segment, ordinal), is given here once and never changes: when the segment is sealed or
 * merged away, its rows' stamps stay this object, and only what is searched in their place is
 * another.
 *
 * <p>A row is visible at a snapshot if {@code visibleFrom <= snapshot < visibleUntil}. Stamps are
 * sequence numbers. Negative ones are reserved for staged rows: a negative {@code visibleFrom} is
 * not visible yet, a negative {@code visibleUntil} is still visible.
 *
 * <p>The applier sets stamps, then publishes counts; readers see every row below the count that
 * they read. Reading is thread-safe.
 */
final class RowStamps {
    /** The stamp of what has not happened. */
    static final long NEVER = Long.MAX_VALUE;

    private static final VarHandle STAMP = MethodHandles.arrayElementVarHandle(long[].class);

    private final int segment;
    private final long[] visibleFrom;
    private final long[] visibleUntil;
    private volatile int rows;
    private volatile int live;

    /**
     * @param segment number of the segment to which the rows are appended
     * @param capacity rows, at most
     */
    RowStamps(int segment, int capacity) {
        this.segment = segment;
        this.visibleFrom = new long[capacity];
        this.visibleUntil = new long[capacity];
        Arrays.fill(visibleFrom, NEVER);
        Arrays.fill(visibleUntil, NEVER);
    }

    /** Number of the segment to which the rows were appended. */
    int segment() {
        return segment;
    }

    int capacity() {
        return visibleFrom.length;
    }

    /** Lets a row be visible from a stamp on; applier only. */
    void begin(int ordinal, long stamp) {
        STAMP.setOpaque(visibleFrom, ordinal, stamp);
    }

    /** Lets a row be visible only below a stamp; applier only. */
    void end(int ordinal, long stamp) {
        STAMP.setOpaque(visibleUntil, ordinal, stamp);
    }

    /**
     * Makes what was stamped readable; applier only.
     *
     * @param newRows rows from now on, dead ones included
     * @param liveChange rows that became live minus rows that ended since the last time
     */
    void publish(int newRows, int liveChange) {
        int before = live;
        live = before + liveChange;
        rows = newRows;
    }

    /** Rows published, dead ones included. */
    int rows() {
        return rows;
    }

    /** Rows that are visible at the newest snapshot. */
    int live() {
        return live;
    }

    /** The stamp at which a row began. */
    long from(int ordinal) {
        return (long) STAMP.getOpaque(visibleFrom, ordinal);
    }

    /** The rows that a reader of this snapshot sees. */
    boolean visible(int ordinal, long snapshot) {
        long from = (long) STAMP.getOpaque(visibleFrom, ordinal);
        if (from < 0 || from > snapshot) {
            return false;
        }
        long until = (long) STAMP.getOpaque(visibleUntil, ordinal);
        return until < 0 || snapshot < until;
    }

    /** Whether no reader of this or a later snapshot sees the row any more. */
    boolean ended(int ordinal, long snapshot) {
        long until = (long) STAMP.getOpaque(visibleUntil, ordinal);
        return until >= 0 && until <= snapshot;
    }
}
