package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Rows written lately, as the store has them. While rows come in, every kept answer to a filter has
 * to look at the newest of them, and a read of the store takes microseconds a row.
 *
 * <p>A row has one place, by its ordinal: a segment's rows are appended one after the other, so the
 * last {@value #CAPACITY} are here. Those of more than {@value #MAX_ROW_BYTES} bytes are not: at
 * most 1 MiB a shard.
 *
 * <p>The applier {@linkplain #written tells} what it has written, after the store has it and before
 * the change counts as complete; so a reader finds what a moment ago was in the store. Thread-safe.
 */
final class RecentRows {
    /** A power of two. */
    static final int CAPACITY = 1024;

    static final int MAX_ROW_BYTES = 1024;

    private record Entry(int segment, int ordinal, byte[] value) {}

    private final KeyValueStore store;
    private final AtomicReferenceArray<@Nullable Entry> entries =
            new AtomicReferenceArray<>(CAPACITY);

    RecentRows(KeyValueStore store) {
        this.store = store;
    }

    /** Takes note of changes that are in the store now. */
    void written(List<Change> changes) {
        for (Change change : changes) {
            if (change.family() == Family.ROWS) {
                int segment = MetadataFormat.segmentOfRowKey(change.key());
                int ordinal = MetadataFormat.ordinalOfRowKey(change.key());
                byte[] value = change.value();
                entries.setRelease(
                        place(ordinal),
                        value == null || value.length > MAX_ROW_BYTES
                                ? null
                                : new Entry(segment, ordinal, value));
            }
        }
    }

    private static int place(int ordinal) {
        return ordinal & (CAPACITY - 1);
    }

    /** Rows by their {@link MetadataFormat#rowKey keys}, null where there is none. */
    List<byte @Nullable []> read(List<byte[]> keys) {
        List<byte @Nullable []> values = new ArrayList<>(keys.size());
        List<byte[]> others = new ArrayList<>();
        for (byte[] key : keys) {
            byte[] value = find(key);
            values.add(value);
            if (value == null) {
                others.add(key);
            }
        }
        if (!others.isEmpty()) {
            int next = 0;
            List<byte @Nullable []> stored = store.multiGet(Family.ROWS, others);
            for (int i = 0; i < values.size(); i++) {
                if (values.get(i) == null) {
                    values.set(i, stored.get(next++));
                }
            }
        }
        return values;
    }

    private byte @Nullable [] find(byte[] key) {
        int ordinal = MetadataFormat.ordinalOfRowKey(key);
        Entry entry = entries.getAcquire(place(ordinal));
        return entry != null
                        && entry.ordinal == ordinal
                        && entry.segment == MetadataFormat.segmentOfRowKey(key)
                ? entry.value
                : null;
    }
}
