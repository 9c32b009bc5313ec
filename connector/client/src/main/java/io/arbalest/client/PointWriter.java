package io.arbalest.client;

import io.arbalest.model.ArbalestException;

import java.util.concurrent.CompletableFuture;

/**
 * An ordered, asynchronous stream of writes to one collection: one lane a shard, batches by size
 * and time, bounded by unacknowledged bytes. Rows of one key are applied in the order in which they
 * were written. A lane whose node fails is re-opened and its unacknowledged rows are sent again
 * until the retry budget is spent.
 *
 * <p>{@link #write} and {@link #flush} are confined to one thread; callbacks come from the client's
 * threads.
 */
public interface PointWriter extends AutoCloseable {
    /**
     * Queues a point; blocks while the limit of unacknowledged bytes is reached. For a point with a
     * field that is not known the cluster is asked whether it was added meanwhile.
     *
     * @throws ArbalestException if the point cannot be written to this collection (checked before
     *     it is queued), or if the writer has failed
     */
    void write(Point point) throws InterruptedException;

    /**
     * Sends what is queued; completes when everything written before is acknowledged, with a token
     * that covers it, or fails with the writer's first error.
     */
    CompletableFuture<Token> flush();

    /** Points written and not yet acknowledged. */
    long unacknowledged();

    /** Counts since this writer was opened. Readable from any thread. */
    Statistics statistics();

    /** Flushes, waits at most the writer's timeout, and closes its streams. */
    @Override
    void close();

    /** Told of every row that a server refused; called before the batch counts as acknowledged. */
    @FunctionalInterface
    interface RejectionHandler {
        /** Throwing makes the writer fail. */
        void rejected(Point point, ArbalestException error);

        /** Fails the writer. */
        RejectionHandler FAIL =
                (point, error) -> {
                    throw error;
                };
    }

    /** What became of the rows so far. */
    record Statistics(
            long applied,
            long duplicates,
            long stale,
            long rejected,
            long batches,
            long bytes,
            long retries) {}
}
