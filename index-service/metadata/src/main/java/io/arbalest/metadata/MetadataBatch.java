package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.metadata.ShardMetadata.Row;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Changes of a shard's metadata that get into the store together: whole, with the sequence number
 * that they reach, or not at all. Reads through it see them.
 *
 * <p>Errors are as those of {@link ShardMetadata}. Confined to the applier thread; {@link
 * ShardMetadata#begin} opens one at a time.
 */
public final class MetadataBatch {
    private final ShardMetadata metadata;
    private final StoredRows stored;
    private final PostingWriter postings;
    private final ColumnWriter columns;
    private final List<Change> changes = new ArrayList<>();
    private final Map<PointKey, @Nullable Location> known = new HashMap<>();
    private final Map<Integer, Integer> rows = new HashMap<>();

    /** Rows of this batch by {@link Location#place}. */
    private final Map<Long, Row> written = new HashMap<>();

    private final List<Location> updated = new ArrayList<>();
    private long liveDelta;
    private long tombstoneDelta;
    private @Nullable Version newHorizon;

    /** What this batch reaches, once all of it is among the changes. */
    private @Nullable AppliedState reached;

    MetadataBatch(
            ShardMetadata metadata,
            StoredRows stored,
            PostingWriter postings,
            ColumnWriter columns) {
        this.metadata = metadata;
        this.stored = stored;
        this.postings = postings;
        this.columns = columns;
    }

    /** As {@link ShardMetadata#horizon}, with the changes of this batch. */
    public @Nullable Version horizon() {
        return newHorizon == null ? metadata.horizon() : newHorizon;
    }

    /** As {@link ShardMetadata#locate}, with the changes of this batch. */
    public @Nullable Location locate(PointKey key) {
        Location found = known.get(key);
        if (found == null && !known.containsKey(key)) {
            found = metadata.locate(key);
            known.put(key, found);
        }
        return found;
    }

    /**
     * Adds a row and makes it the key's newest.
     *
     * @param encodedMetadata what {@link MetadataCodec#encode} made of the values
     * @param given the values; what is missing at the end are defaults
     */
    public void upsert(
            PointKey key, Location location, byte[] encodedMetadata, @Nullable Object[] given) {
        if (location.tombstone()) {
            throw new IllegalArgumentException("upsert of a tombstone: " + key);
        }
        @Nullable Object[] values =
                MetadataCodec.withDefaults(metadata.definition().fields(), given);
        int segment = location.segment();
        int ordinal = location.ordinal();
        replace(key, location);
        changes.add(
                new Change(
                        Family.ROWS,
                        MetadataFormat.rowKey(segment, ordinal),
                        MetadataFormat.row(key, location, encodedMetadata)));
        int knownRows = rows.getOrDefault(segment, metadata.rowsOf(segment));
        postings.enterRow(segment, ordinal, knownRows);
        postings.post(segment, ordinal, values);
        columns.append(segment, ordinal, values, changes);
        rows.put(segment, Math.max(knownRows, ordinal + 1));
        written.put(
                location.place(),
                new Row(key, location.version(), location.sequenceNumber(), values));
    }

    /**
     * Changes the metadata of the key's row where it is, under another version; the row keeps its
     * place and its vector.
     *
     * @param location the place that the key has now, with the new version
     * @param encodedMetadata what {@link MetadataCodec#encode} made of the values
     * @param given all of them, one a field; what is missing at the end are defaults
     */
    public void update(
            PointKey key, Location location, byte[] encodedMetadata, @Nullable Object[] given) {
        @Nullable Object[] values =
                MetadataCodec.withDefaults(metadata.definition().fields(), given);
        Location before = locate(key);
        if (before == null
                || before.tombstone()
                || before.segment() != location.segment()
                || before.ordinal() != location.ordinal()) {
            throw new IllegalArgumentException(
                    "update of " + key + " at " + location + ", which lives at " + before);
        }
        Row old = row(before);
        Location appended =
                Location.ofRow(
                        location.version(),
                        old.sequenceNumber(),
                        location.segment(),
                        location.ordinal());
        known.put(key, location);
        changes.add(
                new Change(Family.KEYS, key.canonicalBytes(), MetadataFormat.location(location)));
        changes.add(
                new Change(
                        Family.ROWS,
                        MetadataFormat.rowKey(location.segment(), location.ordinal()),
                        MetadataFormat.row(key, appended, encodedMetadata)));
        postings.repost(location.segment(), location.ordinal(), old.values(), values);
        columns.change(location.segment(), location.ordinal(), old.values(), values, changes);
        updated.add(location);
        written.put(
                location.place(), new Row(key, location.version(), old.sequenceNumber(), values));
    }

    /** Whether the key's row is still where it was. */
    public boolean livesAt(PointKey key, Location before) {
        Location now = locate(key);
        return now != null && !now.tombstone() && now.place() == before.place();
    }

    /** A live row, with the changes of this batch. */
    public Row row(Location location) {
        Row known = written.get(location.place());
        return known == null ? metadata.row(location.segment(), location.ordinal()) : known;
    }

    /**
     * Replaces what the key has by a tombstone.
     *
     * @param wallMillis when the delete was taken
     */
    public void delete(PointKey key, Location tombstone, long wallMillis) {
        if (!tombstone.tombstone()) {
            throw new IllegalArgumentException("not a tombstone: " + key);
        }
        replace(key, tombstone);
        changes.add(
                new Change(
                        Family.TOMBSTONES,
                        MetadataFormat.tombstoneKey(tombstone.sequenceNumber()),
                        MetadataFormat.tombstone(wallMillis, key)));
    }

    /**
     * Forgets the tombstones of deletes up to a sequence number and raises the horizon to the
     * highest version among them.
     *
     * @return how many were forgotten
     */
    public int purge(long upToSequenceNumber) {
        int purged = 0;
        for (PointKey key : stored.deletedUpTo(upToSequenceNumber)) {
            Location location = locate(key);
            if (location == null
                    || !location.tombstone()
                    || location.sequenceNumber() > upToSequenceNumber) {
                continue; // changed earlier in this batch
            }
            forgetTombstone(location);
            tombstoneDelta--;
            known.put(key, null);
            changes.add(new Change(Family.KEYS, key.canonicalBytes(), null));
            Version highest = horizon();
            if (highest == null || location.version().compareTo(highest) > 0) {
                newHorizon = location.version();
            }
            purged++;
        }
        return purged;
    }

    private void forgetTombstone(Location location) {
        changes.add(
                new Change(
                        Family.TOMBSTONES,
                        MetadataFormat.tombstoneKey(location.sequenceNumber()),
                        null));
    }

    private void replace(PointKey key, Location location) {
        Location before = locate(key);
        if (before != null) {
            liveDelta -= before.tombstone() ? 0 : 1;
            tombstoneDelta -= before.tombstone() ? 1 : 0;
            if (before.tombstone()) {
                forgetTombstone(before);
            } else {
                changes.add(
                        new Change(
                                Family.ENDED,
                                MetadataFormat.rowKey(before.segment(), before.ordinal()),
                                MetadataFormat.ended(location.sequenceNumber())));
            }
        }
        liveDelta += location.tombstone() ? 0 : 1;
        tombstoneDelta += location.tombstone() ? 1 : 0;
        known.put(key, location);
        changes.add(
                new Change(Family.KEYS, key.canonicalBytes(), MetadataFormat.location(location)));
    }

    /**
     * Writes the batch, whole or not at all. One that found the disk full may be committed again as
     * it is.
     *
     * @param appliedSequenceNumber up to where the log is now applied; not below the last one
     */
    public void commit(long appliedSequenceNumber) {
        AppliedState reaching = reached == null ? gather(appliedSequenceNumber) : reached;
        reached = reaching;
        if (reaching.sequenceNumber() != appliedSequenceNumber) {
            throw new IllegalArgumentException(
                    "committed up to "
                            + appliedSequenceNumber
                            + " after "
                            + reaching.sequenceNumber()
                            + " found no room");
        }
        metadata.commit(changes, reaching, rows, updated);
    }

    /** Adds what follows from the rows to the changes. */
    private AppliedState gather(long appliedSequenceNumber) {
        AppliedState before = metadata.state();
        if (appliedSequenceNumber < before.sequenceNumber()) {
            throw new IllegalArgumentException(
                    "applied sequence number "
                            + appliedSequenceNumber
                            + " after "
                            + before.sequenceNumber());
        }
        AppliedState reaching =
                new AppliedState(
                        appliedSequenceNumber,
                        before.livePoints() + liveDelta,
                        before.tombstones() + tombstoneDelta,
                        horizon());
        postings.addTo(changes);
        columns.addTo(changes);
        reaching.addTo(changes);
        rows.forEach((segment, count) ->
                changes.add(
                        new Change(
                                Family.STATE,
                                MetadataFormat.segmentRowsKey(segment),
                                MetadataFormat.segmentRows(count))));
        metadata.announce(updated, changes);
        return reaching;
    }
}
