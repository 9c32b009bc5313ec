package io.arbalest.hnsw;

import java.util.Arrays;

/**
 * Which ordinals a walk has met, as marks of its epoch: a new walk takes the next epoch and clears
 * nothing.
 *
 * <p>Confined to one thread.
 */
public final class VisitedSet {
    private final short[] marks;
    private short epoch;

    /** An empty set of ordinals below the capacity. */
    public VisitedSet(int capacity) {
        marks = new short[capacity];
    }

    /** Forgets all ordinals. */
    public void clear() {
        if (++epoch == 0) { // every mark was used once: start over
            Arrays.fill(marks, (short) 0);
            epoch = 1;
        }
    }

    /**
     * Marks the first {@code count} ordinals and keeps, in place and order, those that were not
     * marked yet.
     *
     * @return how many were kept
     */
    public int addAll(int[] ordinals, int count) {
        short now = epoch;
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int ordinal = ordinals[i];
            int change = marks[ordinal] ^ now;
            marks[ordinal] = now;
            ordinals[kept] = ordinal;
            kept += (change | -change) >>> 31; // 1 unless there is none; a branch would be a toss
        }
        return kept;
    }

    /** Marks the ordinal; true if it was not marked yet. */
    public boolean add(int ordinal) {
        if (marks[ordinal] == epoch) {
            return false;
        }
        marks[ordinal] = epoch;
        return true;
    }
}
