package io.arbalest.benchmarks.wal;

/**
 * One thing to measure.
 *
 * <p>Immutable.
 *
 * @param blockBytes of one record in the file, its header included, so that a batch of one record
 *     is one block of this length
 * @param threads appenders, each of which appends its next record when the one before is durable
 * @param driver what an appender is
 */
record WalCase(int blockBytes, int threads, double seconds, long fileBytes, Driver driver) {
    /** Who appends. */
    enum Driver {
        /** The callback of the record before, on the log's thread: no thread sleeps or wakes. */
        CALLBACK,
        /** A thread for each appender, which sleeps until its record is durable. */
        THREAD
    }
}
