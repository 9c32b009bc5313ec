package io.arbalest.flight;

import io.arbalest.engine.WriteResult;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.RowStatus;
import io.arbalest.protocol.ReadPosition;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The fate of every row of a batch, gathered from the shards that it was split over.
 *
 * <p>Thread-safe.
 */
final class PutOutcome {
    private final RowStatus[] statuses;
    private final Map<Integer, ArbalestException> errors = new TreeMap<>();
    private final Map<Integer, Long> positions = new TreeMap<>();

    /** Every row APPLIED, but those that were refused before they reached a shard. */
    PutOutcome(int rows, Map<Integer, ArbalestException> rejected) {
        statuses = new RowStatus[rows];
        Arrays.fill(statuses, RowStatus.APPLIED);
        rejected.forEach(this::reject);
    }

    /**
     * Adds what a shard of this node says.
     *
     * @param rows the batch's rows that the shard got, in its order
     */
    synchronized PutOutcome add(int shard, int[] rows, WriteResult result) {
        for (int index = 0; index < rows.length; index++) {
            statuses[rows[index]] = result.statuses().get(index);
        }
        result.errors().forEach((index, error) -> reject(rows[index], error));
        reached(shard, result.sequenceNumber());
        return this;
    }

    synchronized void reject(int row, ArbalestException error) {
        statuses[row] = RowStatus.REJECTED;
        errors.put(row, error);
    }

    /** A search that waits for this sequence number sees the shard's rows. */
    synchronized void reached(int shard, long sequenceNumber) {
        if (sequenceNumber > 0) {
            positions.merge(shard, sequenceNumber, Math::max);
        }
    }

    synchronized RowStatus[] statuses() {
        return statuses.clone();
    }

    synchronized Map<Integer, ArbalestException> errors() {
        return new TreeMap<>(errors);
    }

    synchronized ReadPosition position(UUID incarnation) {
        return new ReadPosition(incarnation, positions);
    }
}
