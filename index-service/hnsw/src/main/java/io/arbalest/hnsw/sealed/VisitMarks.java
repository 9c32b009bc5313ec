package io.arbalest.hnsw.sealed;

import java.util.Arrays;

/**
 * Which points a walk has met, as marks of its epoch: a new walk takes the next epoch and clears
 * nothing.
 *
 * <p>Confined to one thread.
 */
final class VisitMarks {
    private final short[] marks;
    private short epoch;

    VisitMarks(int points) {
        marks = new short[points];
    }

    /** Forgets all points. */
    void clear() {
        if (++epoch == 0) { // every epoch was used once: start over
            Arrays.fill(marks, (short) 0);
            epoch = 1;
        }
    }

    /** Marks the point; true if it was not marked yet. */
    boolean add(int ordinal) {
        if (marks[ordinal] == epoch) {
            return false;
        }
        marks[ordinal] = epoch;
        return true;
    }
}
