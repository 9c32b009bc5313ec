package io.arbalest.engine;

/**
 * A shard's counts at one moment. See the wire message of the same name for the meaning of each.
 */
public record ShardStatistics(
        ShardState state,
        long term,
        long durableSequenceNumber,
        long appliedSequenceNumber,
        long livePoints,
        long linkedPoints,
        long tailPoints,
        long tombstones,
        long staleRows,
        long duplicateRows,
        long walBytes,
        String error) {}
