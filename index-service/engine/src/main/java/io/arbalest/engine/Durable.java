package io.arbalest.engine;

/** A record that is durable and waits to be applied. */
sealed interface Durable {
    /** Rows that somebody waits for. */
    record Rows(WriteQueue.Piece piece) implements Durable {}

    /**
     * Tombstones are to be forgotten.
     *
     * @param upTo sequence number of the newest delete that is
     * @param sequenceNumber of the record
     */
    record Horizon(long upTo, long sequenceNumber) implements Durable {}
}
