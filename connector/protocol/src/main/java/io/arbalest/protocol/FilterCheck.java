package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Checks a filter against the fields of a collection and gives every literal the field's type: an
 * integer becomes a double for a double field, an ISO 8601 string an {@link Instant} for a
 * timestamp.
 *
 * <p>Thread-safe: no state.
 */
public final class FilterCheck {
    /** Of a timestamp: it is stored as microseconds in 64 bits. */
    private static final long MAX_SECONDS = Long.MAX_VALUE / 1_000_000 - 1;

    private FilterCheck() {}

    /** What a condition does with a literal. */
    enum Use {
        COMPARED,
        PREFIX,
        CONTAINED
    }

    /**
     * The filter with literals of the fields' types. Refused with {@link ErrorCode#UNKNOWN_FIELD}
     * (also for an unindexed field) or {@link ErrorCode#FILTER_TYPE_MISMATCH}. What came as text is
     * better read by {@link FilterText#parseFor}, which knows the place of an error.
     */
    public static Filter bind(Filter filter, CollectionDefinition definition) {
        if (filter instanceof Filter.And and) {
            return new Filter.And(bindAll(and.operands(), definition));
        }
        if (filter instanceof Filter.Or or) {
            return new Filter.Or(bindAll(or.operands(), definition));
        }
        if (filter instanceof Filter.Not not) {
            return new Filter.Not(bind(not.operand(), definition));
        }
        return bindLeaf(filter, definition);
    }

    private static List<Filter> bindAll(List<Filter> operands, CollectionDefinition definition) {
        return operands.stream().map(operand -> bind(operand, definition)).toList();
    }

    private static Filter bindLeaf(Filter leaf, CollectionDefinition definition) {
        if (leaf instanceof Filter.Equal equal) {
            Field field = requireIndexed(equal.field(), definition);
            return new Filter.Equal(field.name(), literal(field, Use.COMPARED, equal.value()));
        }
        if (leaf instanceof Filter.Compare compare) {
            Field field = requireIndexed(compare.field(), definition);
            Object value = literal(field, Use.COMPARED, compare.value());
            return new Filter.Compare(field.name(), compare.order(), value);
        }
        if (leaf instanceof Filter.Between between) {
            Field field = requireIndexed(between.field(), definition);
            Object low = literal(field, Use.COMPARED, between.low());
            return new Filter.Between(
                    field.name(), low, literal(field, Use.COMPARED, between.high()));
        }
        if (leaf instanceof Filter.In in) {
            Field field = requireIndexed(in.field(), definition);
            return new Filter.In(
                    field.name(),
                    in.values().stream()
                            .map(value -> literal(field, Use.COMPARED, value))
                            .toList());
        }
        if (leaf instanceof Filter.Contains contains) {
            Field field = requireIndexed(contains.field(), definition);
            Object element = literal(field, Use.CONTAINED, contains.element());
            return new Filter.Contains(field.name(), element);
        }
        if (leaf instanceof Filter.StartsWith prefix) {
            Field field = requireIndexed(prefix.field(), definition);
            literal(field, Use.PREFIX, prefix.prefix());
            return prefix;
        }
        requireIndexed(((Filter.IsNull) leaf).field(), definition);
        return leaf;
    }

    /** The literal in the type of the field or of its elements. */
    static Object literal(Field field, Use use, Object literal) {
        boolean array = use == Use.CONTAINED;
        if (field.type() == FieldType.JSON) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "field '"
                            + field.name()
                            + "' is JSON, which only is null and is not null can ask about",
                    "write "
                            + field.name()
                            + " is not null, or add a field for what you filter by");
        }
        if (field.type().isArray() != array) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "field '"
                            + field.name()
                            + "' is "
                            + field.type()
                            + (array
                                    ? ", expected an array for contains"
                                    : ", which only contains and is null can ask about"),
                    array
                            ? "write " + field.name() + " = " + example(field.type())
                            : "write " + field.name() + " contains " + example(field.type()));
        }
        if (use == Use.PREFIX && field.type() != FieldType.STRING) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "field '"
                            + field.name()
                            + "' is "
                            + field.type()
                            + ", expected STRING for like",
                    "write " + field.name() + " >= " + example(field.type()));
        }
        Object value = convert(field.type(), literal);
        if (value == null) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "field '"
                            + field.name()
                            + "' is "
                            + field.type()
                            + ", got the "
                            + kind(literal)
                            + " "
                            + FilterErrors.brief(literal.toString()),
                    "write "
                            + field.name()
                            + (array ? " contains " : " = ")
                            + example(field.type()));
        }
        return value;
    }

    static Field requireIndexed(String name, CollectionDefinition definition) {
        Field field =
                definition
                        .field(name)
                        .orElseThrow(() ->
                                new ArbalestException(
                                        ErrorCode.UNKNOWN_FIELD,
                                        "collection '"
                                                + definition.name()
                                                + "' has no field '"
                                                + FilterErrors.brief(name)
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

    private static @Nullable Object convert(FieldType type, Object value) {
        Class<?> wanted = type.elementClass();
        if (wanted == Double.class && value instanceof Long number) {
            return number.doubleValue();
        }
        if (wanted == Instant.class && value instanceof String text) {
            return instant(text);
        }
        if (value instanceof Instant instant && wanted == Instant.class) {
            return instant.truncatedTo(ChronoUnit.MICROS);
        }
        return wanted.isInstance(value) ? value : null;
    }

    private static @Nullable Instant instant(String text) {
        try {
            Instant instant = OffsetDateTime.parse(text).toInstant();
            boolean fits = Math.abs(instant.getEpochSecond()) <= MAX_SECONDS;
            return fits ? instant.truncatedTo(ChronoUnit.MICROS) : null;
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

    private static String example(FieldType type) {
        return switch (type) {
            case LONG, LONG_ARRAY -> "120";
            case DOUBLE, DOUBLE_ARRAY -> "1.5";
            case BOOLEAN, BOOLEAN_ARRAY -> "true";
            case TIMESTAMP, TIMESTAMP_ARRAY -> "'2026-01-31T12:00:00Z'";
            case STRING, STRING_ARRAY, JSON -> "'text'";
        };
    }
}
