package io.arbalest.client;

import io.arbalest.model.Binary16;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.Map;

/**
 * One row to write.
 *
 * @param vector binary16 {@code [dimension]}; null for a delete and a patch; empty: keep the vector
 *     that the point has; not copied, must not be changed until acknowledged
 * @param metadata by field name; a field that is missing has no value given: an upsert takes its
 *     default, or null, and a patch leaves it as it is; {@link ExplicitNull#NULL} sets it to null;
 *     empty for a delete
 * @param version null: an unversioned write, which wins over what the key has
 */
public record Point(
        PointKey key,
        OperationKind operation,
        short @Nullable [] vector,
        Map<String, Object> metadata,
        @Nullable Version version) {

    /** An upsert of a binary16 vector. */
    public static Point upsert(
            PointKey key, short[] vector, Map<String, Object> metadata, @Nullable Version version) {
        return new Point(key, OperationKind.UPSERT, vector, metadata, version);
    }

    /**
     * An upsert of a float vector, rounded to binary16; what does not fit is refused when it is
     * written.
     */
    public static Point upsert(
            PointKey key, float[] vector, Map<String, Object> metadata, @Nullable Version version) {
        short[] half = new short[vector.length];
        for (int component = 0; component < vector.length; component++) {
            half[component] = Binary16.fromFloat(vector[component]);
        }
        return upsert(key, half, metadata, version);
    }

    /**
     * New metadata, all of it, for a point that is there; its vector stays and its graph is not
     * touched. Refused with VECTOR_MISSING if there is no such point.
     */
    public static Point updateMetadata(
            PointKey key, Map<String, Object> metadata, @Nullable Version version) {
        return new Point(key, OperationKind.UPSERT, new short[0], metadata, version);
    }

    /**
     * As {@link #updateMetadata}, of the given fields only; the others stay as they are. A field
     * given as {@link ExplicitNull#NULL} becomes null.
     */
    public static Point patch(
            PointKey key, Map<String, Object> metadata, @Nullable Version version) {
        return new Point(key, OperationKind.PATCH, null, metadata, version);
    }

    public static Point delete(PointKey key, @Nullable Version version) {
        return new Point(key, OperationKind.DELETE, null, Map.of(), version);
    }
}
