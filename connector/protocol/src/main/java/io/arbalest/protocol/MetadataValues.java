package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;

import java.util.List;

/**
 * What a metadata value must satisfy before it is sent or stored.
 *
 * <p>Thread-safe: no state.
 */
public final class MetadataValues {
    private MetadataValues() {}

    /**
     * Refused with VALUE_TYPE_MISMATCH (another class, or NaN), VALUE_NOT_JSON or LIMIT_EXCEEDED.
     */
    public static void check(Field field, Object value) {
        if (value == ExplicitNull.NULL) {
            return;
        }
        if (!field.type().accepts(value)) {
            throw new ArbalestException(
                    ErrorCode.VALUE_TYPE_MISMATCH,
                    "field '"
                            + field.name()
                            + "' is "
                            + field.type()
                            + ", got "
                            + value.getClass().getSimpleName(),
                    "convert the value to the declared type");
        }
        if (value instanceof List<?> list) {
            if (list.size() > WireLimits.MAX_ARRAY_ELEMENTS) {
                throw tooLarge(field, list.size() + " elements", WireLimits.MAX_ARRAY_ELEMENTS);
            }
            list.forEach(element -> checkScalar(field, element));
        } else if (field.type() == FieldType.JSON) {
            JsonText.check(field, (String) value);
        } else {
            checkScalar(field, value);
        }
    }

    private static void checkScalar(Field field, Object value) {
        if (value instanceof Double number && number.isNaN()) {
            throw new ArbalestException(
                    ErrorCode.VALUE_TYPE_MISMATCH,
                    "field '" + field.name() + "' is NaN, which has no place in an order",
                    "send null for an unknown number");
        }
        if (value instanceof String text && text.length() > WireLimits.MAX_STRING_BYTES / 3) {
            int bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
            if (bytes > WireLimits.MAX_STRING_BYTES) {
                throw tooLarge(field, bytes + " bytes", WireLimits.MAX_STRING_BYTES);
            }
        }
    }

    private static ArbalestException tooLarge(Field field, String got, int limit) {
        return new ArbalestException(
                ErrorCode.LIMIT_EXCEEDED,
                "field '" + field.name() + "' has " + got + ", at most " + limit + " are allowed",
                "store the large value elsewhere and its address here");
    }
}
