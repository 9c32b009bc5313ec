package io.arbalest.hnsw;

import java.util.Arrays;

/**
 * Which ordinals a walk has met, as marks of its epoch: a new walk takes the next epoch and clears
 * nothing.
 *
 * <p>Confined to one thread.
 */
final class VisitedSet {
    private final short[] marks;
    private short epoch;

    VisitedSet(int capacity) {
        marks = new short[capacity];
    }

    /** Forgets all ordinals. */
    void clear() {
        if (++epoch == 0) { // every mark was used once: start over
            Arrays.fill(marks, (short) 0);
            epoch = 1;
        }
    }

    /** Marks the ordinal; true if it was not marked yet. */
    boolean add(int ordinal) {
        if (marks[ordinal] == epoch) {
            return false;
        }
        marks[ordinal] = epoch;
        return true;
    }
}
