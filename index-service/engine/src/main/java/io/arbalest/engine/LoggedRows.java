package io.arbalest.engine;

import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * The rows of one log record, on their way into the log or out of it. What is applied after a write
 * and what is applied after a restart is the same type, so both go through the same code.
 *
 * <p>All arrays have one entry a row.
 *
 * @param versions null where the writer gave none
 * @param vectors little-endian binary16 elements of all vectors
 * @param vectorOffsets where in {@code vectors} a row's vector starts, in bytes; {@link
 *     #NO_VECTOR}: it has none
 * @param metadata as {@link io.arbalest.metadata.MetadataCodec} encodes it; empty for deletes
 * @param values the same decoded: of an upsert, what is stored; of a patch, null where a field
 *     stays as it is and {@link io.arbalest.model.ExplicitNull#NULL} where it becomes null; there
 *     may be fewer than the collection has fields by now. Null for deletes
 */
record LoggedRows(
        Header header,
        OperationKind[] operations,
        PointKey[] keys,
        @Nullable Version[] versions,
        MemorySegment vectors,
        long[] vectorOffsets,
        byte[][] metadata,
        @Nullable Object[] @Nullable [] values) {
    static final long NO_VECTOR = -1;

    int rows() {
        return keys.length;
    }

    /**
     * What all rows of a record share.
     *
     * @param acceptOlder the writer may write versions below the tombstone horizon
     * @param wallMillis the primary's clock when it took the rows; tombstones are kept for a time
     *     from here on
     */
    record Header(RowBatch.Writer writer, boolean acceptOlder, long wallMillis) {}
}
