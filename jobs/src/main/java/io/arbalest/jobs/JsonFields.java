package io.arbalest.jobs;

import com.fasterxml.jackson.databind.JsonNode;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.FieldType;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Values of a JSON object as the index's types. A value of another type is refused, never
 * converted: text is no number, 1.5 is no long. Timestamps are ISO-8601 texts with an offset or
 * milliseconds since 1970 UTC.
 *
 * <p>Thread-safe: no state.
 */
final class JsonFields {
    /** How much of a wrong value an error shows. */
    private static final int SHOWN = 40;

    private JsonFields() {}

    /** A text; refused with RECORD_FIELD_MISSING or RECORD_FIELD_TYPE. */
    static String requiredText(JsonNode record, String name) {
        return (String)
                Objects.requireNonNull(value(name, required(record, name), FieldType.STRING));
    }

    /** A field that must be there and not null; refused with RECORD_FIELD_MISSING. */
    static JsonNode required(JsonNode record, String name) {
        JsonNode node = record.path(name);
        if (node.isMissingNode() || node.isNull()) {
            throw new ArbalestException(
                    ErrorCode.RECORD_FIELD_MISSING,
                    "the record has no field '" + name + "'",
                    "add it at the producer, or name another in the job's file");
        }
        return node;
    }

    /** The value as this type; null if it is missing or null; refused with RECORD_FIELD_TYPE. */
    static @Nullable Object value(String name, JsonNode node, FieldType type) {
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        if (type == FieldType.JSON) {
            return node.toString();
        }
        if (!type.isArray()) {
            return element(name, node, type);
        }
        if (!node.isArray()) {
            throw mistyped(name, node, "an array");
        }
        List<Object> values = new ArrayList<>(node.size());
        for (JsonNode item : node) {
            values.add(element(name, item, type));
        }
        return List.copyOf(values);
    }

    private static Object element(String name, JsonNode node, FieldType type) {
        switch (type) {
            case STRING, STRING_ARRAY, JSON -> {
                if (node.isTextual()) {
                    return node.textValue();
                }
            }
            case LONG, LONG_ARRAY -> {
                if (node.isIntegralNumber() && node.canConvertToLong()) {
                    return node.longValue();
                }
            }
            case DOUBLE, DOUBLE_ARRAY -> {
                if (node.isNumber() && Double.isFinite(node.doubleValue())) {
                    return node.doubleValue();
                }
            }
            case BOOLEAN, BOOLEAN_ARRAY -> {
                if (node.isBoolean()) {
                    return node.booleanValue();
                }
            }
            case TIMESTAMP, TIMESTAMP_ARRAY -> {
                Instant instant = instant(node);
                if (instant != null) {
                    return instant;
                }
            }
        }
        throw mistyped(name, node, word(type));
    }

    private static @Nullable Instant instant(JsonNode node) {
        try {
            if (node.isIntegralNumber() && node.canConvertToLong()) {
                return Instant.ofEpochMilli(node.longValue());
            }
            return node.isTextual() ? OffsetDateTime.parse(node.textValue()).toInstant() : null;
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static String word(FieldType type) {
        Class<?> element = type.elementClass();
        if (element == Long.class) {
            return "a whole number of 64 bits";
        }
        if (element == Double.class) {
            return "a number";
        }
        if (element == Boolean.class) {
            return "true or false";
        }
        return element == Instant.class
                ? "a time like 2026-11-23T08:00:00Z, or milliseconds"
                : "a text";
    }

    /** An array of numbers as floats; refused with RECORD_FIELD_TYPE. */
    static float[] floats(String name, JsonNode node) {
        if (!node.isArray()) {
            throw mistyped(name, node, "an array of numbers");
        }
        float[] floats = new float[node.size()];
        for (int i = 0; i < floats.length; i++) {
            if (!node.get(i).isNumber()) {
                throw mistyped(name, node.get(i), "a number at position " + i);
            }
            floats[i] = node.get(i).floatValue();
        }
        return floats;
    }

    static ArbalestException mistyped(String name, JsonNode node, String expected) {
        String shown = node.toString();
        return new ArbalestException(
                ErrorCode.RECORD_FIELD_TYPE,
                "field '"
                        + name
                        + "': expected "
                        + expected
                        + ", got "
                        + (shown.length() <= SHOWN ? shown : shown.substring(0, SHOWN) + "..."),
                "send the type that the collection declares");
    }
}
