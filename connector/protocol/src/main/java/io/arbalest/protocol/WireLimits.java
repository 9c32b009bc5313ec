package io.arbalest.protocol;

import io.arbalest.model.HnswParams;

/**
 * The largest things that either end sends or accepts. What is larger is refused with {@link
 * io.arbalest.model.ErrorCode#LIMIT_EXCEEDED}, so that no message can fill a peer's memory.
 *
 * <p>Immutable.
 */
public final class WireLimits {
    /** Bytes of one Flight message, Arrow body included. */
    public static final int MAX_MESSAGE_BYTES = 64 << 20;

    /** Bytes of a descriptor, ticket, action body or app_metadata. */
    public static final int MAX_COMMAND_BYTES = 16 << 20;

    /** Rows of one batch of writes. */
    public static final int MAX_BATCH_ROWS = 65_536;

    /** Queries of one search. */
    public static final int MAX_QUERIES = 4096;

    /** Keys of one get. */
    public static final int MAX_KEYS = 65_536;

    /** Neighbours asked for by one query. */
    public static final int MAX_K = HnswParams.MAX_EF;

    /** Characters of a filter text. */
    public static final int MAX_FILTER_CHARACTERS = 64 << 10;

    /** Parentheses and negations of a filter that are open at once. */
    public static final int MAX_FILTER_DEPTH = 64;

    /** Comparisons in one filter, each element of a list counted. */
    public static final int MAX_FILTER_TERMS = 4096;

    /** Elements of one list in a filter. */
    public static final int MAX_FILTER_LIST = 1024;

    /** UTF-8 bytes of one metadata string. */
    public static final int MAX_STRING_BYTES = 1 << 20;

    /** UTF-8 bytes of one JSON value: half of what a row's metadata may have. */
    public static final int MAX_JSON_BYTES = 32 << 10;

    /** Objects and arrays of a JSON value that are open at once. */
    public static final int MAX_JSON_DEPTH = 64;

    /** Elements of one metadata array. */
    public static final int MAX_ARRAY_ELEMENTS = 65_536;

    /** Shards in one token. */
    public static final int MAX_TOKEN_POSITIONS = 1024;

    /** Longest that a request may wait, in milliseconds. */
    public static final int MAX_TIMEOUT_MILLIS = 600_000;

    /** How long a request waits that does not say, in milliseconds. */
    public static final int DEFAULT_TIMEOUT_MILLIS = 10_000;

    private WireLimits() {}
}
