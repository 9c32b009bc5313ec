package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Filter;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;

/**
 * Checks a filter against the fields of a collection and gives every literal the field's type: an
 * integer becomes a double for a double field, an ISO 8601 string an {@link Instant} for a
 * timestamp.
 *
 * <p>Thread-safe: no state.
 */
public final class FilterCheck {
    private FilterCheck() {}

    /**
     * The filter with literals of the fields' types. Refused with {@link ErrorCode#UNKNOWN_FIELD}
     * (also for an unindexed field) or {@link ErrorCode#FILTER_TYPE_MISMATCH}.
     */
    public static Filter bind(Filter filter, CollectionDefinition definition) {
        if (filter instanceof Filter.And and) {
            return new Filter.And(
                    and.operands().stream().map(operand -> bind(operand, definition)).toList());
        }
        Filter.Equal equal = (Filter.Equal) filter;
        Field field = requireIndexed(equal.field(), definition);
        if (field.type().isArray()) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "field '" + field.name() + "' is " + field.type() + ", which = cannot compare",
                    "compare a field that is not an array");
        }
        Object value = convert(field, equal.value());
        if (value == null) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "field '"
                            + field.name()
                            + "' is "
                            + field.type()
                            + ", got the "
                            + kind(equal.value())
                            + " "
                            + equal.value(),
                    "write " + field.name() + " = " + example(field));
        }
        return new Filter.Equal(field.name(), value);
    }

    private static Field requireIndexed(String name, CollectionDefinition definition) {
        Field field =
                definition
                        .field(name)
                        .orElseThrow(() ->
                                new ArbalestException(
                                        ErrorCode.UNKNOWN_FIELD,
                                        "collection '"
                                                + definition.name()
                                                + "' has no field '"
                                                + name
                                                + "'",
                                        "filter by one of " + indexed(definition)));
        if (!field.indexed()) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_FIELD,
                    "field '"
                            + name
                            + "' of collection '"
                            + definition.name()
                            + "' is stored but not indexed",
                    "filter by one of " + indexed(definition));
        }
        return field;
    }

    private static String indexed(CollectionDefinition definition) {
        return String.join(
                ", ",
                definition.fields().stream().filter(Field::indexed).map(Field::name).toList());
    }

    private static @Nullable Object convert(Field field, Object value) {
        return switch (field.type()) {
            case DOUBLE ->
                    value instanceof Long number
                            ? (Object) number.doubleValue()
                            : accepted(field, value);
            case TIMESTAMP -> value instanceof String text ? instant(text) : accepted(field, value);
            default -> accepted(field, value);
        };
    }

    private static @Nullable Object accepted(Field field, Object value) {
        return field.type().accepts(value) ? value : null;
    }

    private static @Nullable Instant instant(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant().truncatedTo(ChronoUnit.MICROS);
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static String kind(Object value) {
        if (value instanceof String) {
            return "string";
        }
        return value instanceof Long
                ? "integer"
                : value.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
    }

    private static String example(Field field) {
        return switch (field.type()) {
            case LONG -> "120";
            case DOUBLE -> "1.5";
            case BOOLEAN -> "true";
            case TIMESTAMP -> "'2026-01-31T12:00:00Z'";
            default -> "'text'";
        };
    }
}
