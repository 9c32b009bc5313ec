package io.arbalest.engine;

import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows to write, by column. All lists have one entry a row.
 *
 * @param versions null where the writer gave none
 * @param vectors little-endian binary16, row-major {@code [rows][dimension]}; rows of deletes are ignored. Read until the write's
 *     future completes
 * @param metadata values in the order of the collection's fields, null for null; ignored for deletes
 */
public record RowBatch(
        List<OperationKind> operations,
        List<PointKey> keys,
        List<@Nullable Version> versions,
        MemorySegment vectors,
        List<@Nullable Object[]> metadata,
        Writer writer,
        boolean acceptOlder) {
    public int rows() {
        return keys.size();
    }

    /**
     * Who writes; in the log from the first day, so that deduplication and fencing survive restarts.
     *
     * @param group the sink's transactional id prefix; empty: anonymous
     * @param checkpoint 0: visible at once; above: staged (reserved)
     */
    public record Writer(String group, int subtask, long epoch, long sequence, long checkpoint) {
        public static final Writer ANONYMOUS = new Writer("", 0, 0, 0, 0);
    }
}
