package io.arbalest.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;

import io.arbalest.client.Point;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads the JSON of one point: {@code {"id": "a", "vector": [0.1, ...], "fields": {"section":
 * "net"}, "version": 7}}. Instead of {@code vector} there may be {@code text}, which is embedded. A
 * field that is null is set to null; one that is left out takes its default. With {@code "op":
 * "patch"} there is no vector, and fields that are left out stay as they are. A json field takes
 * any JSON value. {@code version} is a number or an object of {@code generation}, {@code version},
 * {@code tiebreak}; without it the write wins over what the key has.
 *
 * <p>Immutable.
 */
final class PointJson {
    private final CollectionDefinition definition;
    private final Function<String, float[]> embedding;

    PointJson(CollectionDefinition definition, Function<String, float[]> embedding) {
        this.definition = definition;
        this.embedding = embedding;
    }

    /** The point of one line; refused with the code of what is wrong with it. */
    Point read(String line) {
        JsonNode tree = tree(line);
        if (!tree.isObject()) {
            throw new ArbalestException(
                    ErrorCode.RECORD_NOT_JSON,
                    "expected a JSON object, got " + kind(tree),
                    "write one object a line");
        }
        for (Iterator<String> names = tree.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!List.of("id", "op", "vector", "text", "fields", "version").contains(name)) {
                throw new ArbalestException(
                        ErrorCode.UNKNOWN_FIELD,
                        "unknown member '" + name + "'",
                        "use id, op, vector or text, fields, version; metadata goes into fields");
            }
        }
        PointKey key = key(definition.keyType(), tree.path("id"));
        if (patch(tree)) {
            return Point.patch(key, metadata(tree.path("fields")), version(tree.path("version")));
        }
        return Point.upsert(
                key, vector(tree), metadata(tree.path("fields")), version(tree.path("version")));
    }

    private static boolean patch(JsonNode tree) {
        JsonNode operation = tree.path("op");
        if (operation.isMissingNode() || operation.asText().equals("upsert")) {
            return false;
        }
        if (!operation.asText().equals("patch")) {
            throw fieldType("op", "\"upsert\" or \"patch\"", operation);
        }
        if (tree.has("vector") || tree.has("text")) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_OPERATION,
                    "a patch has a vector or a text, expected neither",
                    "leave it out, or leave op out to write the whole point");
        }
        return true;
    }

    /**
     * A value of a field that a user wrote as an argument: text and times as they are, else JSON.
     */
    static Object literal(Field field, String text) {
        return switch (field.type()) {
            case STRING, JSON -> text;
            case TIMESTAMP -> scalar(field, FieldType.TIMESTAMP, TextNode.valueOf(text));
            default -> value(field, literalTree(field, text));
        };
    }

    private static JsonNode literalTree(Field field, String text) {
        try {
            return tree(text);
        } catch (ArbalestException e) {
            throw valueType(field, TextNode.valueOf(text));
        }
    }

    /** The key that a user wrote as an argument. */
    static PointKey key(KeyType type, String text) {
        if (type == KeyType.STRING) {
            return PointKey.of(text);
        }
        try {
            return PointKey.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw keyType(type, "'" + text + "'", e);
        }
    }

    /** A vector written as a JSON array of numbers. */
    static float[] vector(String json, int dimension) {
        JsonNode array = tree(json);
        float[] vector = numbers(array);
        if (vector.length != dimension) {
            throw new ArbalestException(
                    ErrorCode.DIMENSION_MISMATCH,
                    "the collection has dimension "
                            + dimension
                            + ", the vector has "
                            + vector.length,
                    "use the model that the collection was built with");
        }
        return vector;
    }

    private float[] vector(JsonNode tree) {
        boolean hasText = tree.hasNonNull("text");
        if (tree.hasNonNull("vector") == hasText) {
            throw new ArbalestException(
                    ErrorCode.VECTOR_MISSING,
                    hasText ? "both vector and text are given" : "neither vector nor text is given",
                    "give one of them");
        }
        if (!hasText) {
            float[] vector = numbers(tree.path("vector"));
            if (vector.length != definition.dimension()) {
                throw new ArbalestException(
                        ErrorCode.DIMENSION_MISMATCH,
                        "collection '"
                                + definition.name()
                                + "' has dimension "
                                + definition.dimension()
                                + ", the vector has "
                                + vector.length,
                        "use the model that the collection was built with");
            }
            return vector;
        }
        if (!tree.path("text").isTextual()) {
            throw fieldType("text", "a string", tree.path("text"));
        }
        return embedding.apply(tree.path("text").asText());
    }

    private Map<String, Object> metadata(JsonNode fields) {
        if (fields.isMissingNode() || fields.isNull()) {
            return Map.of();
        }
        if (!fields.isObject()) {
            throw fieldType("fields", "an object", fields);
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        fields.properties()
                .forEach(entry -> {
                    Field field =
                            definition
                                    .field(entry.getKey())
                                    .orElseThrow(() ->
                                            new ArbalestException(
                                                    ErrorCode.UNKNOWN_FIELD,
                                                    "collection '"
                                                            + definition.name()
                                                            + "' has no field '"
                                                            + entry.getKey()
                                                            + "'",
                                                    "use one of "
                                                            + definition.fields().stream()
                                                                    .map(Field::name)
                                                                    .toList()));
                    metadata.put(
                            field.name(),
                            entry.getValue().isNull()
                                    ? ExplicitNull.NULL
                                    : value(field, entry.getValue()));
                });
        return metadata;
    }

    private static Object value(Field field, JsonNode node) {
        if (field.type() == FieldType.JSON) {
            return node.toString();
        }
        if (!field.type().isArray()) {
            return scalar(field, field.type(), node);
        }
        if (!node.isArray()) {
            throw valueType(field, node);
        }
        FieldType element = FieldType.valueOf(field.type().name().replace("_ARRAY", ""));
        List<Object> values = new ArrayList<>();
        node.forEach(entry -> values.add(scalar(field, element, entry)));
        return values;
    }

    private static Object scalar(Field field, FieldType type, JsonNode node) {
        if (type == FieldType.STRING && node.isTextual()) {
            return node.asText();
        }
        if (type == FieldType.LONG && node.isIntegralNumber() && node.canConvertToLong()) {
            return node.asLong();
        }
        if (type == FieldType.DOUBLE && node.isNumber()) {
            return node.asDouble();
        }
        if (type == FieldType.BOOLEAN && node.isBoolean()) {
            return node.asBoolean();
        }
        if (type == FieldType.TIMESTAMP && node.isTextual()) {
            try {
                return Instant.parse(node.asText());
            } catch (DateTimeException e) {
                throw valueType(field, node);
            }
        }
        throw valueType(field, node);
    }

    private static @Nullable Version version(JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        if (node.isIntegralNumber()) {
            return new Version(0, node.asLong(), 0);
        }
        if (!node.isObject() || !node.path("version").isIntegralNumber()) {
            throw fieldType(
                    "version", "an integer, or an object with generation, version, tiebreak", node);
        }
        return new Version(
                node.path("generation").asInt(0),
                node.path("version").asLong(),
                node.path("tiebreak").asLong(0));
    }

    private static PointKey key(KeyType type, JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            throw new ArbalestException(
                    ErrorCode.KEY_MISSING, "no member id", "give every point an id");
        }
        if (type == KeyType.STRING && node.isTextual()) {
            return PointKey.of(node.asText());
        }
        if (type == KeyType.INT64 && node.isIntegralNumber() && node.canConvertToLong()) {
            return PointKey.of(node.asLong());
        }
        throw keyType(type, kind(node), null);
    }

    private static float[] numbers(JsonNode array) {
        if (!array.isArray()) {
            throw fieldType("vector", "an array of numbers", array);
        }
        float[] vector = new float[array.size()];
        for (int component = 0; component < vector.length; component++) {
            JsonNode number = array.get(component);
            if (!number.isNumber()) {
                throw fieldType("vector[" + component + "]", "a number", number);
            }
            vector[component] = (float) number.asDouble();
        }
        return vector;
    }

    private static JsonNode tree(String json) {
        try {
            return Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new ArbalestException(
                    ErrorCode.RECORD_NOT_JSON,
                    "not JSON: " + e.getOriginalMessage(),
                    "check quotes and brackets",
                    e);
        }
    }

    private static ArbalestException keyType(KeyType type, String got, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.KEY_TYPE_MISMATCH,
                "the collection's keys are "
                        + (type == KeyType.STRING ? "strings" : "64-bit integers")
                        + ", got "
                        + got,
                "write the id as the collection declares it",
                cause);
    }

    private static ArbalestException valueType(Field field, JsonNode node) {
        return new ArbalestException(
                ErrorCode.VALUE_TYPE_MISMATCH,
                "field '"
                        + field.name()
                        + "' is "
                        + field.type().name().toLowerCase(java.util.Locale.ROOT)
                        + ", got "
                        + kind(node),
                "send a value of the declared type (timestamps as ISO text in UTC)");
    }

    private static ArbalestException fieldType(String name, String expected, JsonNode node) {
        return new ArbalestException(
                ErrorCode.RECORD_FIELD_TYPE,
                name + " must be " + expected + ", got " + kind(node),
                "correct the line");
    }

    private static String kind(JsonNode node) {
        String text = node.toString();
        String shown = text.length() > 40 ? text.substring(0, 40) + "..." : text;
        return switch (node.getNodeType()) {
            case MISSING -> "nothing";
            case NULL -> "null";
            case STRING -> "the string " + shown;
            case NUMBER -> "the number " + shown;
            case BOOLEAN -> "the boolean " + shown;
            case ARRAY -> "an array";
            default -> "an object";
        };
    }
}
