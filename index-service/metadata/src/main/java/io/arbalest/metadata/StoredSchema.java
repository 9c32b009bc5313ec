package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;

import org.roaringbitmap.RoaringBitmap;

import java.util.ArrayList;
import java.util.List;

/**
 * For which collection, with which fields and with which postings a store was made.
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
            checkPostings(store);
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
        store.scan(
                Family.STATE,
                MetadataFormat.ROWS_OF_SEGMENT,
                (key, value) -> {
                    int segment = MetadataFormat.segmentOfRowsKey(key);
                    int rows = MetadataFormat.segmentRows(value);
                    for (int first = 0; first < rows; first += BLOCK_ROWS) {
                        RoaringBitmap block = new RoaringBitmap();
                        block.add(0L, Math.min(BLOCK_ROWS, rows - first));
                        byte[] posting = MetadataFormat.posting(block);
                        int number = first / BLOCK_ROWS;
                        for (int position = known; position < fields.size(); position++) {
                            Field field = fields.get(position);
                            Object ofRows = field.defaultValue();
                            for (byte[] posted :
                                    PostingWriter.keys(field, position, ofRows, segment, number)) {
                                changes.add(new Change(Family.POSTINGS, posted, posting));
                            }
                        }
                    }
                    return true;
                });
    }

    private static void checkPostings(KeyValueStore store) {
        byte[] posted = store.get(Family.STATE, MetadataFormat.POSTED);
        int layout = posted == null ? 1 : MetadataFormat.posted(posted);
        if (layout != MetadataFormat.POSTED_LAYOUT) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "the store has postings of layout "
                            + layout
                            + ", this release reads "
                            + MetadataFormat.POSTED_LAYOUT,
                    "delete the shard's metadata directory: it is derived and is written again from"
                            + " the log");
        }
    }
}
