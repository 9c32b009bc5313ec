package io.arbalest.engine;

/**
 * The name of a row in a shard as one number: the segment to which it was appended in the high
 * half, its ordinal there in the low one. The metadata knows rows by it; it never changes.
 *
 * <p>Thread-safe: no state.
 */
final class RowName {
    private RowName() {}

    static long of(int segment, int ordinal) {
        return ((long) segment << Integer.SIZE) | ordinal;
    }

    static int segment(long name) {
        return (int) (name >>> Integer.SIZE);
    }

    static int ordinal(long name) {
        return (int) name;
    }
}
