package io.arbalest.wal;

/**
 * A place between two records and what the next record must carry there.
 *
 * <p>Immutable.
 *
 * @param fileNumber 0 before the first file
 * @param offset in that file
 */
record LogPosition(long fileNumber, long offset, long nextSequenceNumber, long term, long chain) {
    /** Where a log begins. */
    static final LogPosition ORIGIN = new LogPosition(0, 0, 1, 0, 0);
}
