package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Turns logged rows into state: decides versions, appends vectors, stamps rows, writes metadata,
 * publishes. Writes and replay both come through here, in sequence order, so a restart arrives at
 * the same state.
 *
 * <p>Several records may be applied before one {@link #commit}. Readers see nothing of them before;
 * then all of them at once. If an exception comes out of here the shard must apply nothing more:
 * what was not published stays invisible.
 *
 * <p>Confined to the applier thread, except the counts.
 */
final class RowApplier {
    private final Segments segments;
    private final ShardMetadata metadata;
    private final ShardMetrics metrics;

    /** Change of live rows by segment number since the last commit. */
    private final Map<Integer, Integer> liveChanges = new HashMap<>();

    private ShardMetadata.@Nullable Batch batch;
    private long last;
    private final AtomicLong staleRows = new AtomicLong();
    private final AtomicLong duplicateRows = new AtomicLong();

    RowApplier(Segments segments, ShardMetadata metadata, ShardMetrics metrics) {
        this.segments = segments;
        this.metadata = metadata;
        this.metrics = metrics;
    }

    /**
     * Applies the rows of one record.
     *
     * @return what became of each row
     */
    RowStatus[] apply(LoggedRows rows, long firstSequenceNumber) {
        if (firstSequenceNumber <= last) {
            throw new IllegalStateException(
                    "record of " + firstSequenceNumber + " after " + last + " was applied");
        }
        ShardMetadata.Batch open = batch == null ? metadata.begin() : batch;
        batch = open;
        RowStatus[] statuses = new RowStatus[rows.rows()];
        for (int i = 0; i < statuses.length; i++) {
            statuses[i] = apply(open, rows, i, firstSequenceNumber + i);
        }
        last = firstSequenceNumber + rows.rows() - 1;
        return statuses;
    }

    private RowStatus apply(
            ShardMetadata.Batch open, LoggedRows rows, int row, long sequenceNumber) {
        PointKey key = rows.keys()[row];
        Location before = open.locate(key);
        VersionRule.Decision decision =
                VersionRule.decide(before, rows.versions()[row], sequenceNumber);
        switch (decision.outcome()) {
            case STALE -> {
                staleRows.incrementAndGet();
                metrics.staleRows.add(1);
                return RowStatus.STALE;
            }
            case DUPLICATE -> {
                duplicateRows.incrementAndGet();
                metrics.duplicateRows.add(1);
                return RowStatus.DUPLICATE;
            }
            case APPLY -> {}
        }
        Version version = decision.version();
        if (rows.operations()[row] == OperationKind.DELETE) {
            open.delete(key, Location.ofTombstone(version, sequenceNumber));
        } else {
            GrowingSegment segment = segments.growing();
            int ordinal = segment.append(rows.vectors(), rows.vectorOffsets()[row], sequenceNumber);
            @Nullable Object @Nullable [] values = rows.values()[row];
            open.upsert(
                    key,
                    Location.ofRow(version, sequenceNumber, segment.id(), ordinal),
                    rows.metadata()[row],
                    values == null ? new @Nullable Object[0] : values);
            liveChanges.merge(segment.id(), 1, Integer::sum);
        }
        if (before != null && !before.tombstone()) {
            segments.stamps(before.segment()).end(before.ordinal(), sequenceNumber);
            liveChanges.merge(before.segment(), -1, Integer::sum);
        }
        metrics.rows.add(1);
        return RowStatus.APPLIED;
    }

    /** Writes and publishes what was applied since the last time; then it is searchable. */
    void commit() {
        ShardMetadata.Batch open = batch;
        if (open == null) {
            return;
        }
        open.commit(last);
        batch = null;
        segments.publish(last, liveChanges);
        liveChanges.clear();
    }

    /** Rows dropped for a lower version than their key had, since the first record of the log. */
    long staleRows() {
        return staleRows.get();
    }

    /** Rows that were there already, since the first record of the log. */
    long duplicateRows() {
        return duplicateRows.get();
    }
}
