package io.arbalest.engine;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One shard served by this node. Thread-safe. Errors are {@link
 * io.arbalest.model.ArbalestException}.
 */
public interface Shard {
    ShardId id();

    CollectionDefinition collection();

    ShardStatistics statistics();

    /**
     * Checks the rows, logs those that pass, and completes when they are durable and applied to the
     * exact tail. Rows that fail a check are REJECTED one by one; the others are not affected.
     * While more is waiting than the limits allow, the future is held back; if that lasts too long,
     * the whole batch is refused with OVERLOADED and none of it was stored. After LOG_FAILED the
     * outcome is unknown. Completes on a thread of the shard: what hangs on the future must be
     * short and must not block.
     *
     * @param term the term that the sender believes in; 0: any
     */
    CompletableFuture<WriteResult> write(long term, RowBatch rows);

    /**
     * Searches with every query, on the calling thread.
     *
     * @param queries float {@code [queries][dimension]}
     */
    ShardSearchResult search(List<float[]> queries, SearchSpec spec);

    /**
     * Rows by key, in the order of the keys, null where there is none; on the calling thread.
     *
     * @param minSequenceNumber wait until this row is visible; 0: do not wait
     */
    List<@Nullable FoundRow> get(
            List<PointKey> keys,
            List<String> fields,
            boolean includeVector,
            long minSequenceNumber,
            long deadlineNanos);
}
