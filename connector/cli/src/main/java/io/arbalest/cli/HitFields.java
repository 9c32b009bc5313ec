package io.arbalest.cli;

import com.fasterxml.jackson.databind.util.RawValue;

import io.arbalest.client.Hit;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.KeyType;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How the parts of a found point are shown, in tables and in JSON.
 *
 * <p>Thread-safe: no state.
 */
final class HitFields {
    private HitFields() {}

    /** Refuses a field that the collection does not have. */
    static void check(CollectionDefinition definition, @Nullable List<String> fields) {
        if (fields == null) {
            return;
        }
        for (String field : fields) {
            if (definition.field(field).isEmpty()) {
                throw new ArbalestException(
                        ErrorCode.UNKNOWN_FIELD,
                        "collection '" + definition.name() + "' has no field '" + field + "'",
                        "use one of " + definition.fields().stream().map(Field::name).toList());
            }
        }
    }

    /** The JSON of a point: id, version, fields and, if it came along, the vector. */
    static Map<String, Object> document(CollectionDefinition definition, Hit hit) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put(
                "id",
                hit.key().type() == KeyType.INT64
                        ? (Object) hit.key().asLong()
                        : hit.key().toString());
        document.put("version", Json.version(hit.version()));
        Map<String, Object> fields = new LinkedHashMap<>();
        hit.metadata()
                .forEach((name, value) ->
                        fields.put(
                                name,
                                definition
                                        .field(name)
                                        .map(field -> json(field, value))
                                        .orElse(value)));
        document.put("fields", fields);
        short[] vector = hit.vector();
        if (vector != null) {
            document.put("vector", vector(vector));
        }
        return document;
    }

    /** A value in JSON: the text of a json field is part of the document, as it was written. */
    static Object json(Field field, Object value) {
        return field.type() == FieldType.JSON ? new RawValue((String) value) : value;
    }

    /** The components as floats. */
    static List<Float> vector(short[] halves) {
        List<Float> components = new ArrayList<>(halves.length);
        for (short half : halves) {
            components.add(Binary16.toFloat(half));
        }
        return components;
    }

    /** A value in a table. */
    static String text(Object value) {
        return value instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(", "))
                : String.valueOf(value);
    }
}
