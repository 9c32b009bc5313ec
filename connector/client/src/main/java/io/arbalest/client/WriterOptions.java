package io.arbalest.client;

import java.time.Duration;

/**
 * How a {@link PointWriter} batches, bounds and retries.
 *
 * @param group identity for deduplication and fencing; empty: anonymous, versions decide
 * @param epoch raised by every new owner of (group, subtask)
 * @param batchRows most rows a batch
 * @param batchDelay longest that a row waits for its batch to fill
 * @param maxUnacknowledgedBytes bound on rows in flight, over all lanes
 * @param retryTimeout how long a lane is retried before the writer fails
 */
public record WriterOptions(
        String group,
        int subtask,
        long epoch,
        int batchRows,
        Duration batchDelay,
        long maxUnacknowledgedBytes,
        Duration retryTimeout,
        boolean acceptOlder) {
    public static final WriterOptions DEFAULT =
            new WriterOptions(
                    "", 0, 0, 512, Duration.ofMillis(5), 16L << 20, Duration.ofMinutes(2), false);
}
