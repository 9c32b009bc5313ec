package io.arbalest.engine;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Filter;
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

    /** The collection, with the fields that this shard knows. */
    CollectionDefinition collection();

    /**
     * Completes when this shard knows so many fields of its collection; at once if it does. A field
     * that was added gets here a moment after the metadata group has decided it.
     */
    CompletableFuture<Void> fieldsKnown(int count);

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
     * Deletes the points that a filter accepts, on the calling thread, in steps of bounded size. It
     * goes once over the rows that are visible when it begins. A row is deleted under the version
     * that follows the one it was seen with: if its key was written again meanwhile, the later
     * version stays. What is acknowledged before the call and matches is deleted; readers may see
     * some of the rows gone before the others.
     *
     * @param filter checked against the collection; null: every point
     * @param dryRun only count
     * @param minSequenceNumber wait until this row is visible; 0: do not wait
     * @param deadlineNanos when to stop between two steps
     */
    DeleteResult deleteWhere(
            @Nullable Filter filter, boolean dryRun, long minSequenceNumber, long deadlineNanos);

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
