package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Reads rows of a store, many at once and only the fields asked for; removes them by segment.
 *
 * <p>Thread-safe.
 */
final class StoredRows {
    /** Entries removed in one batch. */
    private static final int MAX_REMOVALS = 4096;

    private final KeyValueStore store;
    private final RecentRows recent;
    private volatile CollectionDefinition definition;

    StoredRows(KeyValueStore store, CollectionDefinition definition) {
        this.store = store;
        this.recent = new RecentRows(store);
        this.definition = definition;
    }

    /** Takes the collection's fields anew, after some were added. */
    void fieldsAdded(CollectionDefinition grown) {
        definition = grown;
    }

    /** Takes note of changes that are in the store now; applier only. */
    void written(List<Change> changes) {
        recent.written(changes);
    }

    /** Rows of one segment that are there, in the order of the ordinals. */
    List<ShardMetadata.Row> rows(int segment, int[] ordinals, @Nullable BitSet wanted) {
        List<byte[]> keys = new ArrayList<>(ordinals.length);
        for (int ordinal : ordinals) {
            keys.add(MetadataFormat.rowKey(segment, ordinal));
        }
        List<ShardMetadata.@Nullable Row> found = rows(keys, wanted);
        List<ShardMetadata.Row> rows = new ArrayList<>(ordinals.length);
        for (int i = 0; i < ordinals.length; i++) {
            rows.add(present(found.get(i), segment, ordinals[i]));
        }
        return rows;
    }

    /** The rows at these places, null for null and for a tombstone. */
    List<ShardMetadata.@Nullable Row> rowsAt(
            List<ShardMetadata.@Nullable Location> locations, @Nullable BitSet wanted) {
        List<byte[]> keys = new ArrayList<>(locations.size());
        for (ShardMetadata.Location location : locations) {
            if (location != null && !location.tombstone()) {
                keys.add(MetadataFormat.rowKey(location.segment(), location.ordinal()));
            }
        }
        Iterator<ShardMetadata.@Nullable Row> found = rows(keys, wanted).iterator();
        List<ShardMetadata.@Nullable Row> rows = new ArrayList<>(locations.size());
        for (ShardMetadata.Location location : locations) {
            rows.add(
                    location == null || location.tombstone()
                            ? null
                            : present(found.next(), location.segment(), location.ordinal()));
        }
        return rows;
    }

    private static ShardMetadata.Row present(
            ShardMetadata.@Nullable Row row, int segment, int ordinal) {
        if (row == null) {
            throw missing(segment, ordinal);
        }
        return row;
    }

    private static ArbalestException missing(int segment, int ordinal) {
        return new ArbalestException(
                ErrorCode.STORE_FAILED,
                "row " + ordinal + " of segment " + segment + " is not in the store",
                "restart the node; if it stays, drop the collection and fill it again");
    }

    /** Gives every row of a segment with the sequence number at which it was appended. */
    void scanRows(int segment, ShardMetadata.RowVisitor visitor) {
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
    void scanEnded(int segment, ShardMetadata.RowVisitor visitor) {
        store.scan(
                Family.ENDED,
                MetadataFormat.segmentPrefix(segment),
                (key, value) -> {
                    visitor.row(MetadataFormat.ordinalOfRowKey(key), MetadataFormat.ended(value));
                    return true;
                });
    }

    /** The highest ordinal of each segment + 1. */
    static Map<Integer, Integer> rowsBySegment(KeyValueStore store) {
        Map<Integer, Integer> rows = new HashMap<>();
        store.scan(
                Family.STATE,
                MetadataFormat.ROWS_OF_SEGMENT,
                (key, value) -> {
                    rows.put(
                            MetadataFormat.segmentOfRowsKey(key),
                            MetadataFormat.segmentRows(value));
                    return true;
                });
        return rows;
    }

    /** Gives the key and the version of every row of a segment, in the order of the ordinals. */
    void scanHeads(int segment, HeadVisitor visitor) {
        store.scan(
                Family.ROWS,
                MetadataFormat.segmentPrefix(segment),
                (key, value) -> {
                    visitor.row(
                            MetadataFormat.ordinalOfRowKey(key),
                            MetadataFormat.rowPointKey(definition.keyType(), value),
                            MetadataFormat.rowVersion(value));
                    return true;
                });
    }

    /** The rows that were changed in place, of all segments. */
    ChangedRows changed() {
        ChangedRows changed = new ChangedRows();
        store.scan(
                Family.CHANGED,
                new byte[0],
                (key, _) -> {
                    changed.add(
                            MetadataFormat.segmentOfRowKey(key),
                            MetadataFormat.ordinalOfRowKey(key));
                    return true;
                });
        return changed;
    }

    /** Keys that were deleted up to a sequence number, and whose tombstones are remembered. */
    List<PointKey> deletedUpTo(long sequenceNumber) {
        List<PointKey> keys = new ArrayList<>();
        store.scan(
                Family.TOMBSTONES,
                new byte[0],
                (key, value) -> {
                    if (MetadataFormat.tombstoneSequenceNumber(key) > sequenceNumber) {
                        return false;
                    }
                    keys.add(MetadataFormat.tombstonePointKey(definition.keyType(), value));
                    return true;
                });
        return keys;
    }

    /** Removes rows of a segment, and their ends. */
    void forgetRows(int segment, int[] ordinals) {
        List<Change> changes = new ArrayList<>();
        for (int ordinal : ordinals) {
            byte[] key = MetadataFormat.rowKey(segment, ordinal);
            changes.add(new Change(Family.ROWS, key, null));
            changes.add(new Change(Family.ENDED, key, null));
            changes.add(new Change(Family.CHANGED, key, null));
        }
        store.write(changes);
        recent.written(changes);
    }

    /** Removes all rows of a segment, their ends and their postings. */
    void forgetSegment(int segment) {
        byte[] prefix = MetadataFormat.segmentPrefix(segment);
        removeAll(Family.ROWS, prefix);
        removeAll(Family.ENDED, prefix);
        removeAll(Family.CHANGED, prefix);
        for (int field = 0; field < definition.fields().size(); field++) {
            removeAll(Family.POSTINGS, MetadataFormat.postingPrefix(field, segment));
            removeAll(Family.POSTINGS, MetadataFormat.nullPrefix(field, segment));
            removeAll(Family.COLUMNS, ColumnFormat.prefix(field, segment));
        }
    }

    /** The oldest deletes that are remembered. */
    List<ShardMetadata.Tombstone> oldestTombstones(int limit) {
        List<ShardMetadata.Tombstone> oldest = new ArrayList<>();
        store.scan(
                Family.TOMBSTONES,
                new byte[0],
                (key, value) -> {
                    oldest.add(
                            new ShardMetadata.Tombstone(
                                    MetadataFormat.tombstoneSequenceNumber(key),
                                    MetadataFormat.tombstoneWallMillis(value),
                                    MetadataFormat.tombstonePointKey(definition.keyType(), value)));
                    return oldest.size() < limit;
                });
        return oldest;
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

    /**
     * Rows by their {@link MetadataFormat#rowKey keys}, null where there is none.
     *
     * @param wanted positions of the fields to decode; null: all. The others are null
     */
    List<ShardMetadata.@Nullable Row> rows(List<byte[]> keys, @Nullable BitSet wanted) {
        List<ShardMetadata.@Nullable Row> rows = new ArrayList<>(keys.size());
        for (byte[] value : recent.read(keys)) {
            rows.add(
                    value == null
                            ? null
                            : MetadataFormat.row(
                                    definition.keyType(), definition.fields(), value, wanted));
        }
        return rows;
    }

    /**
     * Sets the bit of each of these rows for which the condition is true, and clears the others.
     */
    void test(Condition condition, int segment, int[] ordinals, long[] words) {
        if (ordinals.length == 0) {
            return;
        }
        BitSet wanted = new BitSet();
        addFields(condition, wanted);
        List<byte[]> keys = new ArrayList<>(ordinals.length);
        for (int ordinal : ordinals) {
            keys.add(MetadataFormat.rowKey(segment, ordinal));
        }
        List<byte @Nullable []> values = recent.read(keys);
        for (int i = 0; i < ordinals.length; i++) {
            byte[] value = values.get(i);
            long bit = 1L << (ordinals[i] & 63);
            boolean passes =
                    value != null
                            && condition.test(
                                    MetadataFormat.rowValues(definition.fields(), value, wanted));
            if (passes) {
                words[ordinals[i] >>> 6] |= bit;
            } else {
                words[ordinals[i] >>> 6] &= ~bit;
            }
        }
    }

    private static void addFields(Condition condition, BitSet fields) {
        switch (condition) {
            case Condition.All(List<Condition> operands) ->
                    operands.forEach(operand -> addFields(operand, fields));
            case Condition.Any(List<Condition> operands) ->
                    operands.forEach(operand -> addFields(operand, fields));
            case Condition.Null isNull -> fields.set(isNull.field().position());
            case Condition.OnValue onValue -> fields.set(onValue.field().position());
        }
    }
}
