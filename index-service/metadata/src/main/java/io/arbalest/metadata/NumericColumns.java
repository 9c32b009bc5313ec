package io.arbalest.metadata;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The numeric columns in use, read when a number is first asked of a field and kept while there is
 * room: {@value #MAX_BYTES} bytes a shard, those used longest ago go first.
 *
 * <p>Thread-safe.
 */
final class NumericColumns {
    /** Eight million numbers: a field of 128 segments of 65,536 rows. */
    static final long MAX_BYTES = 64L << 20;

    /** Rows behind which a column is read anew rather than row by row. */
    private static final int MAX_CATCH_UP = 4_096;

    private record Id(int field, int segment) {}

    private final PostingReader postings;
    private final StoredRows stored;
    private final Map<Id, NumericColumn> columns = new LinkedHashMap<>(16, 0.75f, true);

    NumericColumns(PostingReader postings, StoredRows stored) {
        this.postings = postings;
        this.stored = stored;
    }

    /** The column with at least so many rows and every update that is complete. */
    NumericColumn column(FieldPosition field, int segment, int rows, UpdateLog updates) {
        Id id = new Id(field.position(), segment);
        NumericColumn column;
        synchronized (columns) {
            column = columns.get(id);
        }
        long completed = updates.completed();
        if (column != null && !catchUp(column, field, segment, rows, updates, completed)) {
            column = null;
        }
        if (column == null) {
            column = postings.readColumn(field, segment, rows, completed);
            synchronized (columns) {
                columns.put(id, column);
                evict();
            }
        }
        return column;
    }

    /** Drops the columns of a segment that is gone. */
    void forget(int segment) {
        synchronized (columns) {
            columns.keySet().removeIf(id -> id.segment() == segment);
        }
    }

    private void evict() {
        long bytes = 0;
        for (NumericColumn column : columns.values()) {
            bytes += column.bytes();
        }
        Iterator<NumericColumn> eldest = columns.values().iterator();
        while (bytes > MAX_BYTES && columns.size() > 1) {
            bytes -= eldest.next().bytes();
            eldest.remove();
        }
    }

    /** Whether the column could be brought up to date by reading single rows. */
    private boolean catchUp(
            NumericColumn column,
            FieldPosition field,
            int segment,
            int rows,
            UpdateLog updates,
            long completed) {
        int known = column.rows();
        int[] changed = updates.since(column.seenUpdates());
        if (changed == null || rows - known + changed.length > MAX_CATCH_UP) {
            return false;
        }
        if (rows <= known && changed.length == 0) {
            return true;
        }
        int[] behind = behind(known, rows, changed);
        List<byte[]> keys = new ArrayList<>(behind.length);
        for (int ordinal : behind) {
            keys.add(MetadataFormat.rowKey(segment, ordinal));
        }
        BitSet wanted = new BitSet();
        wanted.set(field.position());
        @Nullable Object[] read = new @Nullable Object[behind.length];
        List<ShardMetadata.@Nullable Row> found = stored.rows(keys, wanted);
        for (int i = 0; i < behind.length; i++) {
            ShardMetadata.Row row = found.get(i);
            read[i] = row == null ? null : field.value(row.values());
        }
        column.put(field, behind, read, rows, completed);
        return true;
    }

    /** Rows that came since, and rows that changed. */
    static int[] behind(int known, int rows, int[] changed) {
        int more = Math.max(0, rows - known);
        int[] behind = new int[more + changed.length];
        for (int i = 0; i < more; i++) {
            behind[i] = known + i;
        }
        int count = more;
        for (int ordinal : changed) {
            if (ordinal < known) {
                behind[count++] = ordinal;
            }
        }
        return count == behind.length ? behind : java.util.Arrays.copyOf(behind, count);
    }
}
