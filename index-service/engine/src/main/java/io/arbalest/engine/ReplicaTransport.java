package io.arbalest.engine;

import io.arbalest.model.ShardId;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/**
 * The seam for replication: sends raw log bytes of a shard to a replica, which verifies and appends
 * them as they are. Implemented in flight, wired by server. With one replica a shard nothing is
 * ever sent.
 */
@FunctionalInterface
public interface ReplicaTransport {
    /**
     * Sends records to one replica.
     *
     * @param node name of the replica
     * @param records whole log records, unchanged until the future completes
     * @return the replica's durable sequence number
     */
    CompletableFuture<Long> replicate(String node, ShardId shard, long term, MemorySegment records);

    /** For collections with one replica: refuses every call. */
    ReplicaTransport NONE =
            (node, shard, term, records) ->
                    CompletableFuture.failedFuture(
                            new IllegalStateException(
                                    "no replica transport for " + shard + " to " + node));
}
