package io.arbalest.model;

import java.time.Instant;
import java.util.List;

/**
 * The type of a metadata field and the Java type that carries its values: String, Long, Double,
 * Boolean, {@link Instant} (microseconds UTC), and a {@link List} of the element's type for arrays.
 * A JSON value is its text, kept and returned byte for byte; filters may only ask whether there is
 * one.
 */
public enum FieldType {
    STRING(String.class, false),
    LONG(Long.class, false),
    DOUBLE(Double.class, false),
    BOOLEAN(Boolean.class, false),
    TIMESTAMP(Instant.class, false),
    STRING_ARRAY(String.class, true),
    LONG_ARRAY(Long.class, true),
    DOUBLE_ARRAY(Double.class, true),
    BOOLEAN_ARRAY(Boolean.class, true),
    TIMESTAMP_ARRAY(Instant.class, true),
    JSON(String.class, false);

    private final Class<?> elementClass;
    private final boolean array;

    FieldType(Class<?> elementClass, boolean array) {
        this.elementClass = elementClass;
        this.array = array;
    }

    /** Java class of a value, or of an array's elements. */
    public Class<?> elementClass() {
        return elementClass;
    }

    public boolean isArray() {
        return array;
    }

    /** Whether this Java object is a value of this type; nulls inside arrays are not. */
    public boolean accepts(Object value) {
        if (!array) {
            return elementClass.isInstance(value);
        }
        return value instanceof List<?> list && list.stream().allMatch(elementClass::isInstance);
    }
}
