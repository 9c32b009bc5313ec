package io.arbalest.engine;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.arbalest.metadata.MetadataBatch;
import io.arbalest.metadata.MetadataCodec;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Rows that change a point's metadata and keep its vector: a patch, an upsert without a vector, and
 * an upsert with the very vector that is stored. They change the row where it is; no vector is
 * stored and no graph is touched.
 *
 * <p>A patch sets the fields that it has a value for, or says are null, and leaves the others. An
 * upsert sets all.
 *
 * <p>Confined to the applier thread.
 */
final class RowUpdate {
    private static final ValueLayout.OfShort HALF =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Segments segments;
    private final ShardMetadata metadata;
    private final short[] stored;

    RowUpdate(Segments segments, ShardMetadata metadata) {
        this.segments = segments;
        this.metadata = metadata;
        this.stored = new short[metadata.definition().dimension()];
    }

    /** Whether a row brings no vector although it is no delete. */
    static boolean needsPoint(LoggedRows rows, int row) {
        return rows.operations()[row] != OperationKind.DELETE
                && rows.vectorOffsets()[row] == LoggedRows.NO_VECTOR;
    }

    /** Whether the row leaves the vector of the point as it is. */
    boolean keepsVector(Location before, LoggedRows rows, int row) {
        return needsPoint(rows, row)
                || (rows.operations()[row] == OperationKind.UPSERT && same(before, rows, row));
    }

    private boolean same(Location before, LoggedRows rows, int row) {
        try (Segments.Lease lease = segments.lease()) {
            if (!lease.holds(before.segment())) {
                return false; // started since the last publish
            }
            Segment holder = lease.holder(before.segment());
            int ordinal = holder.ordinal(RowName.of(before.segment(), before.ordinal()));
            if (ordinal < 0) {
                return false;
            }
            holder.read(ordinal, stored);
        }
        long offset = rows.vectorOffsets()[row];
        for (int i = 0; i < stored.length; i++) {
            if (rows.vectors().get(HALF, offset + (long) i * Short.BYTES) != stored[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Changes the row where it is.
     *
     * @param location where the key lives, with the version that it has now
     * @return false: the patched metadata would be too large; nothing is changed
     */
    boolean apply(MetadataBatch batch, PointKey key, Location location, LoggedRows rows, int row) {
        @Nullable Object @Nullable [] given = rows.values()[row];
        if (given == null) {
            throw new IllegalStateException("row " + row + " has no metadata");
        }
        if (rows.operations()[row] != OperationKind.PATCH) {
            batch.update(key, location, rows.metadata()[row], given);
            return true;
        }
        @Nullable Object[] merged = batch.row(location).values().clone();
        for (int i = 0; i < given.length; i++) {
            if (given[i] != null) {
                merged[i] = given[i] == ExplicitNull.NULL ? null : given[i];
            }
        }
        byte[] encoded = MetadataCodec.encode(metadata.definition().fields(), merged);
        if (encoded.length > RowCheck.MAX_ROW_METADATA_BYTES) {
            return false;
        }
        batch.update(key, location, encoded, merged);
        return true;
    }

    /** Why a row that {@link #needsPoint} was refused. */
    static ArbalestException refused(PointKey key) {
        return new ArbalestException(
                ErrorCode.VECTOR_MISSING,
                "key '"
                        + key
                        + "': a row without a vector changes a point that is there; there is none,"
                        + " or its metadata would have more than "
                        + RowCheck.MAX_ROW_METADATA_BYTES
                        + " bytes",
                "send the point with its vector, or less metadata");
    }
}
