package io.arbalest.metadata;

import io.arbalest.common.OrdinalSet;
import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Everything a shard knows about its rows besides vectors: where each key lives, each row's key,
 * version and metadata, which rows have which value, and up to which sequence number all of that is
 * complete. {@link MetadataFormat} says how it is stored.
 *
 * <p>A row is named by (segment, ordinal), never reused. A batch gets into the store whole or not
 * at all, together with the sequence number that it reaches; after a crash the store stands at
 * {@link #durableSequenceNumber()} and the log replays what follows.
 *
 * <p>Errors are {@link ArbalestException}: STORE_FAILED, UNSUPPORTED_FORMAT_VERSION, and the filter
 * codes.
 *
 * <p>Thread-safe for reading. {@link Batch} is confined to the applier thread, and one batch is
 * open at a time.
 */
public final class ShardMetadata implements AutoCloseable {
    /**
     * Where the newest version of a key lives.
     *
     * @param tombstone the key is deleted; segment and ordinal are -1
     * @param content checksum of what was written, to tell a repeated write from another of the
     *     same version; 0: not known
     */
    public record Location(
            Version version,
            long sequenceNumber,
            boolean tombstone,
            int segment,
            int ordinal,
            int content) {
        /** The location of a row. */
        public static Location ofRow(
                Version version, long sequenceNumber, int segment, int ordinal, int content) {
            return new Location(version, sequenceNumber, false, segment, ordinal, content);
        }

        /** As {@link #ofRow(Version, long, int, int, int)}, of unknown content. */
        public static Location ofRow(
                Version version, long sequenceNumber, int segment, int ordinal) {
            return ofRow(version, sequenceNumber, segment, ordinal, 0);
        }

        /** The mark that a deleted key leaves. */
        public static Location ofTombstone(Version version, long sequenceNumber) {
            return new Location(version, sequenceNumber, true, -1, -1, 0);
        }
    }

    /**
     * A stored row.
     *
     * @param values one a field, in the order of the fields; null for null
     */
    public record Row(
            PointKey key, Version version, long sequenceNumber, @Nullable Object[] values) {}

    /** Entries removed in one batch. */
    private static final int MAX_REMOVALS = 4096;

    private final KeyValueStore store;
    private final CollectionDefinition definition;
    private final PostingReader reader;
    private final PostingWriter postings;
    private final Map<Integer, Integer> rowsOfSegment = new ConcurrentHashMap<>();
    private volatile long applied;
    private volatile long livePoints;
    private volatile long tombstones;
    private volatile @Nullable Version horizon;
    private boolean batchOpen;

    /**
     * Opens what the store holds, or starts it.
     *
     * @param store owned by this object from now on, also if this fails
     * @throws ArbalestException STALE_INCARNATION or SCHEMA_MISMATCH if the store was made for
     *     another collection
     */
    public ShardMetadata(KeyValueStore store, CollectionDefinition definition) {
        this.store = store;
        this.definition = definition;
        this.reader = new PostingReader(store, definition.fields());
        this.postings = new PostingWriter(store);
        try {
            openSchema();
            this.applied = MetadataFormat.applied(store.get(Family.STATE, MetadataFormat.APPLIED));
            byte[] horizonValue = store.get(Family.STATE, MetadataFormat.HORIZON);
            this.horizon = horizonValue == null ? null : MetadataFormat.horizon(horizonValue);
            byte[] counts = store.get(Family.STATE, MetadataFormat.COUNTS);
            if (counts != null) {
                this.livePoints = MetadataFormat.liveCount(counts);
                this.tombstones = MetadataFormat.tombstoneCount(counts);
            }
            store.scan(
                    Family.STATE,
                    MetadataFormat.ROWS_OF_SEGMENT,
                    (key, value) -> {
                        rowsOfSegment.put(
                                MetadataFormat.segmentOfRowsKey(key),
                                MetadataFormat.segmentRows(value));
                        return true;
                    });
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private void openSchema() {
        byte[] expected = MetadataFormat.schema(definition);
        byte[] found = store.get(Family.STATE, MetadataFormat.SCHEMA);
        if (found != null) {
            MetadataFormat.Schema schema = MetadataFormat.schema(found);
            if (!schema.incarnation().equals(definition.incarnation())) {
                throw new ArbalestException(
                        ErrorCode.STALE_INCARNATION,
                        "the store belongs to collection incarnation "
                                + schema.incarnation()
                                + ", expected "
                                + definition.incarnation(),
                        "each incarnation needs its own directory");
            }
            List<Field> fields = definition.fields();
            boolean grown =
                    schema.keyType() == definition.keyType()
                            && schema.fields().size() <= fields.size()
                            && schema.fields().equals(fields.subList(0, schema.fields().size()));
            if (!grown) {
                throw new ArbalestException(
                        ErrorCode.SCHEMA_MISMATCH,
                        "the store has key type "
                                + schema.keyType()
                                + " and fields "
                                + schema.fields()
                                + ", the collection "
                                + definition.keyType()
                                + " and "
                                + fields,
                        "fields may only be added at the end");
            }
        }
        store.write(List.of(new Change(Family.STATE, MetadataFormat.SCHEMA, expected)));
    }

    /** Where the key lives, or its tombstone; null if neither is known. */
    public @Nullable Location locate(PointKey key) {
        byte[] value = store.get(Family.KEYS, key.canonicalBytes());
        return value == null ? null : MetadataFormat.location(value);
    }

    /** As {@link #locate}, in the order of the keys. */
    public List<@Nullable Location> locateAll(List<PointKey> keys) {
        List<@Nullable Location> locations = new ArrayList<>(keys.size());
        for (byte[] value :
                store.multiGet(Family.KEYS, keys.stream().map(PointKey::canonicalBytes).toList())) {
            locations.add(value == null ? null : MetadataFormat.location(value));
        }
        return locations;
    }

    /** Opens a batch; one that was left without commit is forgotten. For the applier thread. */
    public Batch begin() {
        if (batchOpen) {
            postings.discard();
        }
        batchOpen = true;
        return new Batch();
    }

    /** Metadata of a row, in the order of the fields. */
    public @Nullable Object[] metadata(int segment, int ordinal) {
        return row(segment, ordinal).values();
    }

    /** The key of a row. */
    public PointKey key(int segment, int ordinal) {
        byte[] value = store.get(Family.ROWS, MetadataFormat.rowKey(segment, ordinal));
        return MetadataFormat.rowPointKey(
                definition.keyType(), requireRow(value, segment, ordinal));
    }

    /**
     * A row, with its key, version and metadata, also if its point has been replaced or deleted
     * since.
     */
    public Row row(int segment, int ordinal) {
        byte[] value = store.get(Family.ROWS, MetadataFormat.rowKey(segment, ordinal));
        return decode(requireRow(value, segment, ordinal));
    }

    /** Rows of one segment, in the order of the ordinals. */
    public List<Row> rows(int segment, int[] ordinals) {
        List<byte[]> keys = new ArrayList<>(ordinals.length);
        for (int ordinal : ordinals) {
            keys.add(MetadataFormat.rowKey(segment, ordinal));
        }
        List<byte @Nullable []> values = store.multiGet(Family.ROWS, keys);
        List<Row> rows = new ArrayList<>(ordinals.length);
        for (int i = 0; i < ordinals.length; i++) {
            rows.add(decode(requireRow(values.get(i), segment, ordinals[i])));
        }
        return rows;
    }

    private Row decode(byte[] value) {
        return MetadataFormat.row(definition.keyType(), definition.fields(), value);
    }

    private static byte[] requireRow(byte @Nullable [] value, int segment, int ordinal) {
        if (value == null) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "row " + ordinal + " of segment " + segment + " is not in the store",
                    "restart the node; if it stays, restore the shard from a replica or a"
                            + " snapshot");
        }
        return value;
    }

    /**
     * The rows of a segment that pass the filter, as of now: a snapshot that later batches do not
     * change. Replaced and deleted rows may be among them.
     *
     * @throws ArbalestException UNKNOWN_FIELD, FIELD_NOT_INDEXED, FILTER_TYPE_MISMATCH
     */
    public OrdinalSet matching(Filter filter, int segment) {
        return reader.matching(filter, segment, rowsOf(segment));
    }

    /**
     * How many rows of a segment pass the filter, counting replaced and deleted ones; same errors
     * as {@link #matching}.
     */
    public long cardinality(Filter filter, int segment) {
        return reader.cardinality(filter, segment, rowsOf(segment));
    }

    private int rowsOf(int segment) {
        return rowsOfSegment.getOrDefault(segment, 0);
    }

    /** The sequence number up to which every row is in here; 0 if none is. */
    public long appliedSequenceNumber() {
        return applied;
    }

    /**
     * The sequence number up to which every row would still be in here after a crash now; reads the
     * store.
     */
    public long durableSequenceNumber() {
        return MetadataFormat.applied(store.getDurable(Family.STATE, MetadataFormat.APPLIED));
    }

    /**
     * Segments to which rows were appended that are in here, with the highest ordinal of each + 1.
     */
    public Map<Integer, Integer> rowsBySegment() {
        return Map.copyOf(rowsOfSegment);
    }

    /** Receives what is known of the rows of a segment, in the order of the ordinals. */
    @FunctionalInterface
    public interface RowVisitor {
        void row(int ordinal, long sequenceNumber);
    }

    /** Gives every row of a segment with the sequence number at which it was appended. */
    public void scanRows(int segment, RowVisitor visitor) {
        store.scan(
                Family.ROWS,
                MetadataFormat.segmentPrefix(segment),
                (key, value) -> {
                    visitor.row(
                            MetadataFormat.ordinalOfRowKey(key),
                            MetadataFormat.rowSequenceNumber(value));
                    return true;
                });
    }

    /** Gives every replaced or deleted row of a segment with the sequence number that ended it. */
    public void scanEnded(int segment, RowVisitor visitor) {
        store.scan(
                Family.ENDED,
                MetadataFormat.segmentPrefix(segment),
                (key, value) -> {
                    visitor.row(MetadataFormat.ordinalOfRowKey(key), MetadataFormat.ended(value));
                    return true;
                });
    }

    /**
     * Forgets rows that have ended and that no reader can meet any more; for the applier thread,
     * between batches. Their postings stay until their segment is forgotten.
     */
    public void forgetRows(int segment, int[] ordinals) {
        List<Change> changes = new ArrayList<>();
        for (int ordinal : ordinals) {
            byte[] key = MetadataFormat.rowKey(segment, ordinal);
            changes.add(new Change(Family.ROWS, key, null));
            changes.add(new Change(Family.ENDED, key, null));
        }
        store.write(changes);
    }

    /**
     * Forgets all rows of a segment, as {@link #forgetRows}, with their postings. May be repeated
     * after a crash in the middle.
     */
    public void forgetSegment(int segment) {
        byte[] prefix = MetadataFormat.segmentPrefix(segment);
        removeAll(Family.ROWS, prefix);
        removeAll(Family.ENDED, prefix);
        for (int field = 0; field < definition.fields().size(); field++) {
            removeAll(Family.POSTINGS, MetadataFormat.postingPrefix(field, segment));
        }
        rowsOfSegment.remove(segment);
        store.write(
                List.of(new Change(Family.STATE, MetadataFormat.segmentRowsKey(segment), null)));
    }

    private void removeAll(Family family, byte[] prefix) {
        List<Change> removals = new ArrayList<>();
        do {
            removals.clear();
            store.scan(
                    family,
                    prefix,
                    (key, _) -> {
                        removals.add(new Change(family, key, null));
                        return removals.size() < MAX_REMOVALS;
                    });
            store.write(removals);
        } while (removals.size() == MAX_REMOVALS);
    }

    /** A remembered delete. */
    public record Tombstone(long sequenceNumber, long wallMillis, PointKey key) {}

    /** The oldest deletes that are remembered, in the order of their sequence numbers. */
    public List<Tombstone> oldestTombstones(int limit) {
        List<Tombstone> oldest = new ArrayList<>();
        store.scan(
                Family.TOMBSTONES,
                new byte[0],
                (key, value) -> {
                    oldest.add(
                            new Tombstone(
                                    MetadataFormat.tombstoneSequenceNumber(key),
                                    MetadataFormat.tombstoneWallMillis(value),
                                    MetadataFormat.tombstonePointKey(definition.keyType(), value)));
                    return oldest.size() < limit;
                });
        return oldest;
    }

    /**
     * The highest version of a tombstone that is no longer remembered; null if all are. An upsert
     * of an unknown key at or below it may be older than a delete.
     */
    public @Nullable Version horizon() {
        return horizon;
    }

    /** Keys that have a row. */
    public long livePoints() {
        return livePoints;
    }

    /** Keys that are deleted and remembered. */
    public long tombstones() {
        return tombstones;
    }

    /** Makes everything committed so far durable. */
    public void flush() {
        store.flush();
    }

    @Override
    public void close() {
        store.close();
    }

    /** Changes that get into the store together. Confined to the applier thread. */
    public final class Batch {
        private final List<Change> changes = new ArrayList<>();
        private final Map<PointKey, @Nullable Location> known = new HashMap<>();
        private final Map<Integer, Integer> rows = new HashMap<>();
        private long liveDelta;
        private long tombstoneDelta;
        private @Nullable Version newHorizon;

        private Batch() {}

        /** As {@link ShardMetadata#horizon}, with the changes of this batch. */
        public @Nullable Version horizon() {
            return newHorizon == null ? ShardMetadata.this.horizon : newHorizon;
        }

        /** As {@link ShardMetadata#locate}, with the changes of this batch. */
        public @Nullable Location locate(PointKey key) {
            Location found = known.get(key);
            if (found == null && !known.containsKey(key)) {
                found = ShardMetadata.this.locate(key);
                known.put(key, found);
            }
            return found;
        }

        /**
         * Adds a row and makes it the key's newest.
         *
         * @param encodedMetadata what {@link MetadataCodec#encode} made of the values
         * @param values for the postings
         */
        public void upsert(
                PointKey key,
                Location location,
                byte[] encodedMetadata,
                @Nullable Object[] values) {
            if (location.tombstone()) {
                throw new IllegalArgumentException("upsert of a tombstone: " + key);
            }
            int segment = location.segment();
            int ordinal = location.ordinal();
            replace(key, location);
            changes.add(
                    new Change(
                            Family.ROWS,
                            MetadataFormat.rowKey(segment, ordinal),
                            MetadataFormat.row(key, location, encodedMetadata)));
            int knownRows = rows.getOrDefault(segment, rowsOf(segment));
            postings.enterRow(segment, ordinal, knownRows);
            List<Field> fields = definition.fields();
            for (int i = 0; i < values.length; i++) {
                Object value = values[i];
                byte[] term =
                        value != null && Terms.posted(fields.get(i))
                                ? Terms.ofValue(fields.get(i), value)
                                : null;
                if (term != null) {
                    postings.add(i, segment, ordinal, term);
                }
            }
            rows.put(segment, Math.max(knownRows, ordinal + 1));
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
            List<PointKey> keys = new ArrayList<>();
            store.scan(
                    Family.TOMBSTONES,
                    new byte[0],
                    (key, value) -> {
                        if (MetadataFormat.tombstoneSequenceNumber(key) > upToSequenceNumber) {
                            return false;
                        }
                        keys.add(MetadataFormat.tombstonePointKey(definition.keyType(), value));
                        return true;
                    });
            int purged = 0;
            for (PointKey key : keys) {
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
            Version raised = newHorizon;
            if (raised != null) {
                state(MetadataFormat.HORIZON, MetadataFormat.horizon(raised));
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
                    new Change(
                            Family.KEYS, key.canonicalBytes(), MetadataFormat.location(location)));
        }

        /**
         * Writes the batch, whole or not at all.
         *
         * @param appliedSequenceNumber up to where the log is now applied; not below the last one
         */
        public void commit(long appliedSequenceNumber) {
            if (appliedSequenceNumber < applied) {
                throw new IllegalArgumentException(
                        "applied sequence number " + appliedSequenceNumber + " after " + applied);
            }
            postings.addTo(changes);
            long live = livePoints + liveDelta;
            long deleted = tombstones + tombstoneDelta;
            state(MetadataFormat.APPLIED, MetadataFormat.applied(appliedSequenceNumber));
            state(MetadataFormat.COUNTS, MetadataFormat.counts(live, deleted));
            rows.forEach((segment, count) ->
                    state(
                            MetadataFormat.segmentRowsKey(segment),
                            MetadataFormat.segmentRows(count)));
            store.write(changes);
            postings.committed();
            batchOpen = false;
            rowsOfSegment.putAll(rows);
            livePoints = live;
            tombstones = deleted;
            horizon = horizon();
            applied = appliedSequenceNumber;
        }

        private void state(byte[] key, byte[] value) {
            changes.add(new Change(Family.STATE, key, value));
        }
    }
}
