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
        String error) {
    /** Of a shard that is not open. */
    static ShardStatistics closed(ShardState state, long term, String error) {
        return new ShardStatistics(state, term, 0, 0, 0, 0, 0, 0, 0, 0, 0, error);
    }
}
