package io.arbalest.engine;

import io.arbalest.common.Crc32c;
import io.arbalest.metadata.MetadataBatch;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
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
 * what was not published stays invisible. Only a commit, or a purge, that finds the disk full may
 * be tried again.
 *
 * <p>Confined to the applier thread, except the counts.
 */
final class RowApplier {
    private static final System.Logger LOG = System.getLogger(RowApplier.class.getName());

    /** Rows dropped one after the other before somebody is told; then ten times as many. */
    private static final long FIRST_STALE_WARNING = 1000;

    private final Segments segments;
    private final ShardMetadata metadata;
    private final ShardMetrics metrics;
    private final RowUpdate update;

    /** Change of live rows by segment number since the last commit. */
    private final Map<Integer, Integer> liveChanges = new HashMap<>();

    private @Nullable MetadataBatch batch;
    private long last;
    private long staleRun;
    private long nextWarning = FIRST_STALE_WARNING;
    private final Crc32c checksum = new Crc32c();
    private final AtomicLong staleRows = new AtomicLong();
    private final AtomicLong duplicateRows = new AtomicLong();

    /** Goes on behind what the metadata has applied. */
    RowApplier(Segments segments, ShardMetadata metadata, ShardMetrics metrics) {
        this.segments = segments;
        this.metadata = metadata;
        this.metrics = metrics;
        this.update = new RowUpdate(segments, metadata);
        this.last = metadata.appliedSequenceNumber();
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
        MetadataBatch open = batch == null ? metadata.begin() : batch;
        batch = open;
        RowStatus[] statuses = new RowStatus[rows.rows()];
        for (int i = 0; i < statuses.length; i++) {
            statuses[i] = apply(open, rows, i, firstSequenceNumber + i);
        }
        last = firstSequenceNumber + rows.rows() - 1;
        return statuses;
    }

    /**
     * Forgets the tombstones of deletes up to a sequence number. Commits what was applied before.
     *
     * @param sequenceNumber of the record that says so
     * @throws ArbalestException as {@link #commit}; nothing was forgotten
     */
    void purge(long upToSequenceNumber, long sequenceNumber) {
        commit(); // deletes of the same batch are not in the store yet
        MetadataBatch open = metadata.begin();
        batch = open;
        int purged = open.purge(upToSequenceNumber);
        metrics.purgedTombstones.add(purged);
        last = sequenceNumber;
    }

    private RowStatus apply(MetadataBatch open, LoggedRows rows, int row, long sequenceNumber) {
        PointKey key = rows.keys()[row];
        Location before = open.locate(key);
        boolean delete = rows.operations()[row] == OperationKind.DELETE;
        Version given = rows.versions()[row];
        VersionRule.Decision decision =
                delete
                        ? VersionRule.decide(before, given, sequenceNumber)
                        : VersionRule.decideUpsert(
                                before,
                                given,
                                sequenceNumber,
                                new VersionRule.Circumstances(
                                        rows.header().acceptOlder(), open.horizon()));
        switch (decision.outcome()) {
            case STALE -> {
                return stale();
            }
            case DUPLICATE -> {
                duplicateRows.incrementAndGet();
                metrics.duplicateRows.add(1);
                if (before != null && differs(before, rows, row)) {
                    metrics.conflictingRows.add(1);
                }
                return RowStatus.DUPLICATE;
            }
            case TOO_OLD -> {
                metrics.tooOldRows.add(1);
                return RowStatus.REJECTED;
            }
            case APPLY -> staleRun = 0;
        }
        return store(open, rows, row, sequenceNumber, decision.version());
    }

    /** Carries out what was decided for a row: a change in place, a delete, or a new row. */
    private RowStatus store(
            MetadataBatch open, LoggedRows rows, int row, long sequenceNumber, Version version) {
        PointKey key = rows.keys()[row];
        Location before = open.locate(key);
        if (RowUpdate.needsPoint(rows, row) && (before == null || before.tombstone())) {
            return RowStatus.REJECTED;
        }
        if (before != null && !before.tombstone() && update.keepsVector(before, rows, row)) {
            Location location =
                    Location.ofRow(
                            version,
                            sequenceNumber,
                            before.segment(),
                            before.ordinal(),
                            content(rows, row));
            if (!update.apply(open, key, location, rows, row)) {
                return RowStatus.REJECTED;
            }
            metrics.updatedRows.add(1);
        } else if (rows.operations()[row] == OperationKind.DELETE) {
            open.delete(
                    key, Location.ofTombstone(version, sequenceNumber), rows.header().wallMillis());
        } else {
            GrowingSegment segment = segments.growing();
            int ordinal = segment.append(rows.vectors(), rows.vectorOffsets()[row], sequenceNumber);
            @Nullable Object @Nullable [] values = rows.values()[row];
            open.upsert(
                    key,
                    Location.ofRow(
                            version, sequenceNumber, segment.id(), ordinal, content(rows, row)),
                    rows.metadata()[row],
                    values == null ? new @Nullable Object[0] : values);
            liveChanges.merge(segment.id(), 1, Integer::sum);
            metrics.vectorBytes.add(segments.vectorBytes());
        }
        if (before != null && !before.tombstone() && !open.livesAt(key, before)) {
            segments.stamps(before.segment()).end(before.ordinal(), sequenceNumber);
            liveChanges.merge(before.segment(), -1, Integer::sum);
        }
        metrics.rows.add(1);
        return RowStatus.APPLIED;
    }

    private RowStatus stale() {
        staleRows.incrementAndGet();
        metrics.staleRows.add(1);
        staleRun++;
        if (staleRun == nextWarning) {
            LOG.log(
                    Level.WARNING,
                    "collection {0}: {1} rows in a row had lower versions than their keys have and"
                            + " were dropped; if a topic was recreated or a model changed, raise"
                            + " the generation",
                    segments.definition().name(),
                    Long.toString(staleRun));
            nextWarning *= 10;
        }
        return RowStatus.STALE;
    }

    /** Whether a row of the same version as the key's is not what was written then. */
    private boolean differs(Location before, LoggedRows rows, int row) {
        boolean delete = rows.operations()[row] == OperationKind.DELETE;
        if (delete || before.tombstone()) {
            return delete != before.tombstone();
        }
        return before.content() != 0 && before.content() != content(rows, row);
    }

    /** Checksum of a row's metadata and vector, never 0. */
    private int content(LoggedRows rows, int row) {
        checksum.reset();
        MemorySegment metadataBytes = MemorySegment.ofArray(rows.metadata()[row]);
        checksum.update(metadataBytes, 0, metadataBytes.byteSize());
        if (rows.vectorOffsets()[row] != LoggedRows.NO_VECTOR) {
            checksum.update(rows.vectors(), rows.vectorOffsets()[row], segments.vectorBytes());
        }
        return checksum.value() == 0 ? 1 : checksum.value();
    }

    /**
     * Writes and publishes what was applied since the last time; then it is searchable.
     *
     * @throws ArbalestException DISK_FULL: nothing was written; may be called again, before
     *     anything else is applied
     */
    void commit() {
        MetadataBatch open = batch;
        if (open == null) {
            return;
        }
        open.commit(last);
        batch = null;
        segments.publish(last, liveChanges);
        liveChanges.clear();
    }

    /** Rows dropped for a lower version than their key had, since the shard was opened. */
    long staleRows() {
        return staleRows.get();
    }

    /** Rows that were there already, since the shard was opened. */
    long duplicateRows() {
        return duplicateRows.get();
    }
}
