package io.arbalest.metadata;

import io.arbalest.model.Field;

import org.jspecify.annotations.Nullable;

/**
 * A declared field and where its values stand in a row.
 *
 * <p>Immutable.
 */
record FieldPosition(int position, Field field) {
    /**
     * The row's value, or the default of a field that was added after the row was written; a NaN,
     * which no writer may send, counts as null.
     */
    @Nullable Object value(@Nullable Object[] values) {
        Object value = position < values.length ? values[position] : field.defaultValue();
        return value instanceof Double number && number.isNaN() ? null : value;
    }
}
