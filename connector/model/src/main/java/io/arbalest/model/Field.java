package io.arbalest.model;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A declared metadata field. Values may be null.
 *
 * @param name a letter, then letters, digits or {@code _}; at most 64 characters; none of the
 *     reserved names
 * @param indexed whether filters may name it; an unindexed field is stored and returned only
 * @param defaultValue what a point has that was written without a value for the field, also one
 *     that was written before the field was added; null: null. At most {@value #MAX_DEFAULT_BYTES}
 *     UTF-8 bytes of text, {@value #MAX_DEFAULT_ELEMENTS} elements of an array
 */
public record Field(String name, FieldType type, boolean indexed, @Nullable Object defaultValue) {
    /** Most UTF-8 bytes of a text in a default. */
    public static final int MAX_DEFAULT_BYTES = 4096;

    /** Most elements of an array that is a default. */
    public static final int MAX_DEFAULT_ELEMENTS = 64;

    /** An indexed field without a default. */
    public Field(String name, FieldType type) {
        this(name, type, true);
    }

    /** A field without a default. */
    public Field(String name, FieldType type, boolean indexed) {
        this(name, type, indexed, null);
    }

    /** Names of columns that the protocol itself uses; so are all that start with {@code _}. */
    public static final Set<String> RESERVED_NAMES = Set.of("id", "vector", "score", "distance");

    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,63}");

    public Field {
        if (!NAME.matcher(name).matches() || RESERVED_NAMES.contains(name)) {
            throw new ArbalestException(
                    ErrorCode.INVALID_DEFINITION,
                    "field name '" + name + "' is not allowed",
                    "start with a letter, use letters, digits and _, and avoid "
                            + String.join(", ", RESERVED_NAMES));
        }
        if (defaultValue instanceof List<?> elements) {
            defaultValue = List.copyOf(elements);
        }
        if (defaultValue != null) {
            checkDefault(name, type, defaultValue);
        }
    }

    /** As a person would declare it: {@code words:long, default 0}. */
    String describe() {
        return name
                + ":"
                + type.name().toLowerCase(Locale.ROOT)
                + (indexed ? "" : ":unindexed")
                + (defaultValue == null ? "" : ", default " + defaultValue);
    }

    private static void checkDefault(String name, FieldType type, Object value) {
        if (!type.accepts(value)) {
            throw invalidDefault(
                    name, "is " + value.getClass().getSimpleName() + " " + value, "a " + type);
        }
        List<?> scalars = value instanceof List<?> list ? list : List.of(value);
        if (scalars.size() > MAX_DEFAULT_ELEMENTS) {
            throw invalidDefault(
                    name, "has " + scalars.size() + " elements", "at most " + MAX_DEFAULT_ELEMENTS);
        }
        for (Object scalar : scalars) {
            if (scalar instanceof Double number && number.isNaN()) {
                throw invalidDefault(name, "is NaN", "a number");
            }
            int bytes =
                    scalar instanceof String text
                            ? text.getBytes(StandardCharsets.UTF_8).length
                            : 0;
            if (bytes > MAX_DEFAULT_BYTES) {
                throw invalidDefault(
                        name, "has " + bytes + " bytes", "at most " + MAX_DEFAULT_BYTES);
            }
        }
    }

    private static ArbalestException invalidDefault(String name, String got, String expected) {
        return new ArbalestException(
                ErrorCode.INVALID_DEFINITION,
                "the default of field '" + name + "' " + got + ", expected " + expected,
                "give a small default of the field's type, or none");
    }
}
