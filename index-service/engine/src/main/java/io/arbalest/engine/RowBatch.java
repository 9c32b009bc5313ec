package io.arbalest.engine;

import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;

/**
 * Rows to write, by column. All lists have one entry a row.
 *
 * @param versions null where the writer gave none
 * @param vectors little-endian binary16, row-major {@code [rows][dimension]}, dense: a row without
 *     a vector has its space too. Rows of deletes are ignored. Read until the write's future
 *     completes
 * @param vectorPresent which rows have a vector; an upsert without one is refused with
 *     VECTOR_MISSING. Not changed until the write's future completes
 * @param metadata values in the order of the collection's fields; null, or missing at the end: none
 *     is given, so an upsert takes the default and a patch leaves the field as it is; {@link
 *     io.arbalest.model.ExplicitNull#NULL}: null. Ignored for deletes
 */
public record RowBatch(
        List<OperationKind> operations,
        List<PointKey> keys,
        List<@Nullable Version> versions,
        MemorySegment vectors,
        BitSet vectorPresent,
        List<@Nullable Object[]> metadata,
        Writer writer,
        boolean acceptOlder) {
    /** A batch in which every row has a vector. */
    public RowBatch(
            List<OperationKind> operations,
            List<PointKey> keys,
            List<@Nullable Version> versions,
            MemorySegment vectors,
            List<@Nullable Object[]> metadata,
            Writer writer,
            boolean acceptOlder) {
        this(operations, keys, versions, vectors, all(keys.size()), metadata, writer, acceptOlder);
    }

    private static BitSet all(int rows) {
        BitSet set = new BitSet(rows);
        set.set(0, rows);
        return set;
    }

    public int rows() {
        return keys.size();
    }

    /**
     * Who writes; in the log from the first day, so that deduplication and fencing survive
     * restarts.
     *
     * @param group the sink's transactional id prefix; empty: anonymous
     * @param checkpoint 0: visible at once; above: staged (reserved)
     */
    public record Writer(String group, int subtask, long epoch, long sequence, long checkpoint) {
        public static final Writer ANONYMOUS = new Writer("", 0, 0, 0, 0);
    }
}
