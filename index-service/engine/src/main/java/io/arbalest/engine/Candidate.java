package io.arbalest.engine;

/**
 * A row that may be among the best of a query.
 *
 * @param score in the direct form, which results report
 */
record Candidate(Segment segment, int ordinal, double score) {
    /** Equal scores in the order in which they were found. */
    static int bestFirst(Candidate left, Candidate right) {
        return Double.compare(right.score, left.score);
    }

    long name() {
        return segment.name(ordinal);
    }
}
