package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.function.Predicate;

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
 * <p>Thread-safe for reading. {@link MetadataBatch} is confined to the applier thread, and one
 * batch is open at a time.
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

        /** Segment and ordinal as one number. */
        long place() {
            return ((long) segment << Integer.SIZE) | ordinal;
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

    private final KeyValueStore store;
    private volatile CollectionDefinition definition;
    private final StoredRows stored;
    private final FilterEvaluator filters;
    private PostingWriter postings; // the applier's, as are the columns
    private ColumnWriter columns;
    private final ChangedRows changed;

    /** Goes up before each write that changes rows in place, and after it: odd meanwhile. */
    private final AtomicLong updates = new AtomicLong();

    private final Map<Integer, Integer> rowsOfSegment = new ConcurrentHashMap<>();
    private volatile AppliedState state;
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
        this.stored = new StoredRows(store, definition);
        this.filters = new FilterEvaluator(store, definition, stored);
        this.postings = new PostingWriter(store, definition.fields());
        this.columns = new ColumnWriter(definition.fields());
        try {
            StoredSchema.open(store, definition);
            this.changed = stored.changed();
            this.state = AppliedState.read(store);
            rowsOfSegment.putAll(StoredRows.rowsBySegment(store));
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /** The collection with the fields that are known here. */
    public CollectionDefinition definition() {
        return definition;
    }

    /**
     * Adds fields at the end: every row that is here has their defaults from now on, in answers, in
     * filters and after a restart. One write of a few bytes a segment and field; no row is touched.
     * For the applier thread, between batches.
     *
     * @param grown the same collection with more fields
     * @throws ArbalestException SCHEMA_MISMATCH if fields would be changed or lost
     */
    public void addFields(CollectionDefinition grown) {
        StoredSchema.addFields(store, definition, grown);
        postings = new PostingWriter(store, grown.fields()); // the old ones know no such fields
        columns = new ColumnWriter(grown.fields());
        stored.fieldsAdded(grown);
        filters.fieldsAdded(grown);
        definition = grown;
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
    public MetadataBatch begin() {
        if (batchOpen) {
            postings.discard();
            columns.discard();
        }
        batchOpen = true;
        return new MetadataBatch(this, stored, postings, columns);
    }

    /**
     * A row, with its key, version and metadata, also if its point has been replaced or deleted
     * since.
     */
    public Row row(int segment, int ordinal) {
        return stored.rows(segment, new int[] {ordinal}, null).getFirst();
    }

    /** Rows of one segment, in the order of the ordinals. */
    public List<Row> rows(int segment, int[] ordinals) {
        return rows(segment, ordinals, null);
    }

    /**
     * As {@link #rows(int, int[])}, with some of the fields only.
     *
     * @param wanted positions of the fields; the others are null, whatever the row has; null: all
     */
    public List<Row> rows(int segment, int[] ordinals, @Nullable BitSet wanted) {
        return stored.rows(segment, ordinals, wanted);
    }

    /**
     * The rows at these places with one read of the store, in their order; null for null and for a
     * tombstone.
     *
     * @param wanted as for {@link #rows(int, int[], BitSet)}
     */
    public List<@Nullable Row> rowsAt(List<@Nullable Location> locations, @Nullable BitSet wanted) {
        return stored.rowsAt(locations, wanted);
    }

    /**
     * The rows of a segment that pass the filter: every row and every update committed before the
     * call is in it. Later batches do not change it. Replaced and deleted rows may be among them.
     *
     * @throws ArbalestException UNKNOWN_FIELD, FIELD_NOT_INDEXED, FILTER_TYPE_MISMATCH
     */
    public MatchingRows matching(Filter filter, int segment) {
        return matching(filter).apply(segment);
    }

    /**
     * {@link #matching(Filter, int)} of one filter, which is looked up once for all segments. Each
     * call of the function is an answer of its own, as new as the call.
     */
    public IntFunction<MatchingRows> matching(Filter filter) {
        FilterEvaluator.Asked asked = filters.asked(filter);
        return segment -> filters.matching(asked, segment, rowsOf(segment));
    }

    /**
     * A test of rows read whole, for one that was changed after the filter was answered; same
     * errors as {@link #matching}.
     */
    public Predicate<Row> test(Filter filter) {
        Condition condition = filters.compile(filter);
        return row -> condition.test(row.values());
    }

    /** What {@link #changedSince} compares: to be read before a filter is answered. */
    public long updates() {
        return updates.get();
    }

    /**
     * Whether rows were changed in place since the number was read, or just then: if not, rows read
     * are the rows that a filter was answered from.
     *
     * @param before what {@link #updates} was
     */
    public boolean changedSince(long before) {
        return (before & 1) != 0 || updates.get() != before;
    }

    /** The highest ordinal of a segment + 1, of what is committed; 0: none. */
    int rowsOf(int segment) {
        return rowsOfSegment.getOrDefault(segment, 0);
    }

    /** The sequence number up to which every row is in here; 0 if none is. */
    public long appliedSequenceNumber() {
        return state.sequenceNumber();
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
        stored.scanRows(segment, visitor);
    }

    /** Gives the key and the version of every row of a segment. */
    public void scanHeads(int segment, HeadVisitor visitor) {
        stored.scanHeads(segment, visitor);
    }

    /** Whether any row was changed in place before now. */
    public boolean changedInPlace() {
        return !changed.isEmpty();
    }

    /**
     * Whether a row was changed in place before now; else its key and version are those of every
     * earlier {@link #scanHeads}.
     */
    public boolean changedInPlace(int segment, int ordinal) {
        return changed.contains(segment, ordinal);
    }

    /** Gives every replaced or deleted row of a segment with the sequence number that ended it. */
    public void scanEnded(int segment, RowVisitor visitor) {
        stored.scanEnded(segment, visitor);
    }

    /**
     * Forgets rows that have ended and that no reader can meet any more; for the applier thread,
     * between batches. Their postings stay until their segment is forgotten.
     */
    public void forgetRows(int segment, int[] ordinals) {
        stored.forgetRows(segment, ordinals);
    }

    /**
     * Forgets all rows of a segment, as {@link #forgetRows}, with their postings. May be repeated
     * after a crash in the middle.
     */
    public void forgetSegment(int segment) {
        stored.forgetSegment(segment);
        filters.forget(segment);
        changed.forget(segment);
        rowsOfSegment.remove(segment);
        store.write(
                List.of(new Change(Family.STATE, MetadataFormat.segmentRowsKey(segment), null)));
    }

    /** A remembered delete. */
    public record Tombstone(long sequenceNumber, long wallMillis, PointKey key) {}

    /** The oldest deletes that are remembered, in the order of their sequence numbers. */
    public List<Tombstone> oldestTombstones(int limit) {
        return stored.oldestTombstones(limit);
    }

    /**
     * The highest version of a tombstone that is no longer remembered; null if all are. An upsert
     * of an unknown key at or below it may be older than a delete.
     */
    public @Nullable Version horizon() {
        return state.horizon();
    }

    /** Keys that have a row. */
    public long livePoints() {
        return state.livePoints();
    }

    /** Keys that are deleted and remembered. */
    public long tombstones() {
        return state.tombstones();
    }

    /** Makes everything committed so far durable. */
    public void flush() {
        store.flush();
    }

    @Override
    public void close() {
        store.close();
    }

    // ------------------------------------------------------------ for the open batch

    /** How far the store is. */
    AppliedState state() {
        return state;
    }

    /** Readers look closer at rows that are changed in place, from before the change on. */
    void announce(List<Location> updated, List<Change> changes) {
        for (Location row : updated) {
            mark(row.segment(), row.ordinal(), changes);
            filters.updates(row.segment()).register(row.ordinal());
        }
    }

    /**
     * Writes what a batch changed and shows it.
     *
     * @throws ArbalestException DISK_FULL: nothing was written; may be called again
     */
    void commit(
            List<Change> changes,
            AppliedState reached,
            Map<Integer, Integer> rows,
            List<Location> updated) {
        boolean inPlace = !updated.isEmpty();
        if (inPlace) {
            updates.incrementAndGet();
        }
        try {
            store.write(changes);
            stored.written(changes);
        } finally {
            if (inPlace) {
                updates.incrementAndGet();
            }
        }
        postings.committed();
        batchOpen = false;
        rowsOfSegment.putAll(rows);
        updated.stream()
                .map(Location::segment)
                .distinct()
                .forEach(segment -> filters.updates(segment).complete());
        state = reached;
    }

    private void mark(int segment, int ordinal, List<Change> changes) {
        if (!changed.contains(segment, ordinal)) {
            changed.add(segment, ordinal);
            byte[] row = MetadataFormat.rowKey(segment, ordinal);
            changes.add(new Change(Family.CHANGED, row, MetadataFormat.changed()));
        }
    }
}
