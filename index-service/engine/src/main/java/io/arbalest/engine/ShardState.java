package io.arbalest.engine;

/** How far a shard is. */
public enum ShardState {
    /** Replaying its log; refuses calls with SHARD_NOT_READY. */
    RECOVERING,
    SERVING,
    /** Its log failed or its disk is full: reads are served, writes refused. */
    READ_ONLY,
    /** Could not be opened. */
    FAILED
}
