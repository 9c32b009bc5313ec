package io.arbalest.wal;

/**
 * What a record is, as its header's type byte. Numbers are never reused; those not offered yet are
 * fixed and refused.
 */
public enum RecordType {
    /** Rows: upserts, deletes, patches. */
    ROWS(1),
    /** A primary's first record in its term; no rows. */
    TERM_START(2),
    /** Reserved: a checkpoint of a writer group became visible. */
    PUBLISH(3),
    /** Reserved: staged rows of a checkpoint were dropped. */
    ABORT(4),
    /** Reserved: the in-sync set changed. */
    CONFIGURATION(5),
    /** Reserved: the shard was split at a hash. */
    SPLIT(6),
    /** Tombstones of deletes up to a sequence number were forgotten; takes one sequence number. */
    HORIZON(7),
    /** Reserved: records after this sequence number are void. */
    TRUNCATE(8),
    /** Fills the rest of a batch up to a block boundary. */
    PAD(9);

    private final byte wireValue;

    RecordType(int wireValue) {
        this.wireValue = (byte) wireValue;
    }

    public byte wireValue() {
        return wireValue;
    }
}
