package io.arbalest.model;

/** What identifies a point in a collection; fixed when the collection is created. */
public enum KeyType {
    /** UTF-8 text of 1 to {@link PointKey#MAX_BYTES} bytes. */
    STRING,
    /** A signed 64-bit integer. */
    INT64
}
