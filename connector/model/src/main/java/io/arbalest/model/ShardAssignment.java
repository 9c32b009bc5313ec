package io.arbalest.model;

import java.util.List;

/**
 * Who serves a shard. Changed only by compare-and-set on (term, configurationNumber).
 *
 * @param term primary term; raised by every change of the primary
 * @param configurationNumber raised by every change of the sets
 * @param primary name of the node that acknowledges writes
 * @param inSync names of the nodes that must hold a write before it is acknowledged; contains the
 *     primary
 * @param learners names of the nodes that are catching up
 */
public record ShardAssignment(
        ShardId shard,
        HashRange range,
        long term,
        long configurationNumber,
        String primary,
        List<String> inSync,
        List<String> learners) {
    public ShardAssignment {
        inSync = List.copyOf(inSync);
        learners = List.copyOf(learners);
    }
}
