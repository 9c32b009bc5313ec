package io.arbalest.model;

/** What became of one acknowledged row. The wire value is the ordinal and never changes. */
public enum RowStatus {
    /** Durable and searchable (or, for a delete, gone). */
    APPLIED,
    /** The key already had this very version: a replay, a no-op. */
    DUPLICATE,
    /** The key already had a higher version: counted and ignored. */
    STALE,
    /** Refused by a check; nothing of it was stored. An error comes with it. */
    REJECTED
}
