package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.simd.BitWords;

import org.roaringbitmap.RoaringBitmap;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * For which collection, with which fields, postings and columns a store was made.
 *
 * <p>Thread-safe: no state.
 */
final class StoredSchema {
    private static final int BLOCK_ROWS = 1 << MetadataFormat.BLOCK_BITS;

    private StoredSchema() {}

    /**
     * Checks the store against the collection, or starts it.
     *
     * @throws ArbalestException STALE_INCARNATION, SCHEMA_MISMATCH, UNSUPPORTED_FORMAT_VERSION
     */
    static void open(KeyValueStore store, CollectionDefinition definition) {
        byte[] expected = MetadataFormat.schema(definition);
        byte[] found = store.get(Family.STATE, MetadataFormat.SCHEMA);
        List<Change> changes = new ArrayList<>();
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
            addColumns(store, schema.fields());
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
            postDefaults(store, fields, schema.fields().size(), changes);
        }
        changes.add(new Change(Family.STATE, MetadataFormat.SCHEMA, expected));
        changes.add(new Change(Family.STATE, MetadataFormat.POSTED, MetadataFormat.posted()));
        store.write(changes);
    }

    /**
     * Adds fields to a store that is open, with the postings of the rows that are there, in one
     * batch.
     *
     * @throws ArbalestException SCHEMA_MISMATCH if fields would be changed or lost
     */
    static void addFields(
            KeyValueStore store, CollectionDefinition definition, CollectionDefinition grown) {
        if (!grown.extendsFieldsOf(definition)) {
            throw new ArbalestException(
                    ErrorCode.SCHEMA_MISMATCH,
                    "the store has fields "
                            + definition.fields()
                            + ", the collection "
                            + grown.fields(),
                    "fields may only be added at the end");
        }
        List<Change> changes = new ArrayList<>();
        postDefaults(store, grown.fields(), definition.fields().size(), changes);
        changes.add(new Change(Family.STATE, MetadataFormat.SCHEMA, MetadataFormat.schema(grown)));
        store.write(changes);
    }

    /**
     * Rows that were written before a field was added have its default, and are posted so: as one
     * run a block, whatever their number.
     *
     * @param known fields that the rows were posted with
     */
    private static void postDefaults(
            KeyValueStore store, List<Field> fields, int known, List<Change> changes) {
        StoredRows.rowsBySegment(store)
                .forEach((segment, rows) -> {
                    for (int first = 0; first < rows; first += BLOCK_ROWS) {
                        int count = Math.min(BLOCK_ROWS, rows - first);
                        for (int position = known; position < fields.size(); position++) {
                            Field field = fields.get(position);
                            postDefault(field, position, segment, first, count, changes);
                        }
                    }
                });
    }

    private static void postDefault(
            Field field, int position, int segment, int first, int rows, List<Change> changes) {
        Object value = field.defaultValue();
        RoaringBitmap block = new RoaringBitmap();
        block.add(0L, rows);
        int number = first / BLOCK_ROWS;
        for (byte[] key : PostingWriter.keys(field, position, value, segment, number)) {
            changes.add(new Change(Family.POSTINGS, key, MetadataFormat.posting(block)));
        }
        if (value != null && ColumnFormat.columnar(field)) {
            byte[] run = ColumnFormat.constant(Terms.sortable(field, value), rows);
            byte[] key = ColumnFormat.runKey(position, segment, first);
            changes.add(new Change(Family.COLUMNS, key, run));
        }
    }

    /**
     * Reads how the rows are posted, and makes columns of the numbers that an earlier release
     * posted; one that is stopped meanwhile is repeated.
     */
    private static void addColumns(KeyValueStore store, List<Field> fields) {
        byte[] posted = store.get(Family.STATE, MetadataFormat.POSTED);
        int layout = posted == null ? 1 : MetadataFormat.posted(posted);
        if (layout == MetadataFormat.POSTED_LAYOUT) {
            return;
        }
        if (layout != MetadataFormat.POSTED_WITH_NUMBERS) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "the store has postings of layout "
                            + layout
                            + ", this release reads "
                            + MetadataFormat.POSTED_LAYOUT
                            + " and "
                            + MetadataFormat.POSTED_WITH_NUMBERS,
                    "delete the shard's metadata directory: it is derived and is written again from"
                            + " the log");
        }
        Map<Integer, Integer> rows = StoredRows.rowsBySegment(store);
        for (int position = 0; position < fields.size(); position++) {
            if (ColumnFormat.columnar(fields.get(position))) {
                int column = position;
                rows.forEach((segment, count) -> addColumn(store, column, segment, count));
            }
        }
    }

    /** One column, in one batch with the removal of what was posted. */
    private static void addColumn(KeyValueStore store, int position, int segment, int rows) {
        long[] numbers = new long[rows];
        long[] nulls = new long[BitWords.wordsFor(rows)];
        BitWords.fill(nulls, rows);
        List<Change> changes = new ArrayList<>();
        store.scan(
                Family.POSTINGS,
                MetadataFormat.postingPrefix(position, segment),
                (key, posting) -> {
                    long number = Terms.sortable(MetadataFormat.termOf(key));
                    int first = MetadataFormat.blockOf(key) << MetadataFormat.BLOCK_BITS;
                    MetadataFormat.posting(posting)
                            .forEach((int low) -> {
                                int ordinal = first + low;
                                if (ordinal < rows) {
                                    numbers[ordinal] = number;
                                    nulls[ordinal >>> 6] &= ~(1L << (ordinal & 63));
                                }
                            });
                    changes.add(new Change(Family.POSTINGS, key, null));
                    return true;
                });
        if (!changes.isEmpty()) {
            ColumnWriter.addRuns(position, segment, numbers, nulls, rows, changes);
            store.write(changes);
        }
    }
}
