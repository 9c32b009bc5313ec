package io.arbalest.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;

import io.arbalest.client.Point;
import io.arbalest.client.PointCheck;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.jobs.IngestionConfig.Rows;
import io.arbalest.jobs.IngestionConfig.VersionFrom;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * Makes a point of a record: key, version, vector (embedded or read) and metadata; a null value
 * deletes the key. Every record that the collection would refuse is refused here with a code, one
 * by one.
 *
 * <p>Immutable.
 */
final class RecordDecoder {
    private static final ObjectReader JSON =
            new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final Rows rows;
    private final CollectionDefinition definition;
    private final PointCheck check;
    private final @Nullable WordVectorEmbedder embedder;

    /**
     * For a job and its collection.
     *
     * @throws ArbalestException INVALID_CONFIGURATION if the two do not fit: unknown fields,
     *     another dimension
     */
    RecordDecoder(Rows rows, CollectionDefinition definition) {
        this.rows = rows;
        this.definition = definition;
        this.check = new PointCheck(definition);
        this.embedder =
                rows.vectors().embeds()
                        ? WordVectorEmbedder.shared(Path.of(rows.vectors().embeddingDirectory()))
                        : null;
        checkConfiguration();
    }

    private void checkConfiguration() {
        List<String> known = definition.fields().stream().map(Field::name).toList();
        for (String name : rows.fields().keySet()) {
            if (!known.contains(name)) {
                String fix =
                        ConfigSection.nearest(name, known)
                                .map(near -> "did you mean " + near + "?")
                                .orElse("its fields: " + String.join(", ", known));
                throw new ArbalestException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "record.fields." + name + " is no field of collection " + definition.name(),
                        fix);
            }
        }
        if (embedder != null && embedder.dimension() != definition.dimension()) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "the embedding has dimension "
                            + embedder.dimension()
                            + ", collection "
                            + definition.name()
                            + " has "
                            + definition.dimension(),
                    "use the embedding that the collection was created for");
        }
    }

    /**
     * The point to write.
     *
     * @throws ArbalestException RECORD_*, NO_KNOWN_WORD, KEY_*, VECTOR_* or DIMENSION_MISMATCH
     */
    Point decode(KafkaRecord record) {
        Point point;
        byte[] value = record.value();
        if (value == null) {
            point = Point.delete(recordKey(record), version(record, null));
        } else {
            JsonNode json = parse(value);
            String keyField = rows.keyField();
            PointKey key = keyField == null ? recordKey(record) : fieldKey(keyField, json);
            point = Point.upsert(key, vector(json), metadata(json), version(record, json));
        }
        check.check(point);
        return point;
    }

    private static JsonNode parse(byte[] value) {
        JsonNode json;
        try {
            json = JSON.readTree(value);
        } catch (JsonProcessingException e) {
            throw notJson(e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw notJson(String.valueOf(e.getMessage()), e);
        }
        if (!json.isObject()) {
            throw notJson("it is " + json.getNodeType(), null);
        }
        return json;
    }

    private static ArbalestException notJson(String detail, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.RECORD_NOT_JSON,
                "the value is no JSON object: " + detail,
                "produce one JSON object a record, in UTF-8",
                cause);
    }

    private PointKey recordKey(KafkaRecord record) {
        byte[] key = record.key();
        if (key == null) {
            throw new ArbalestException(
                    ErrorCode.KEY_MISSING,
                    "the record has no key",
                    "produce with a key, or set record.key: field:NAME");
        }
        try {
            return key(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key)).toString());
        } catch (CharacterCodingException e) {
            throw new ArbalestException(
                    ErrorCode.KEY_TYPE_MISMATCH,
                    "the record's key is no UTF-8",
                    "produce keys as text",
                    e);
        }
    }

    private PointKey fieldKey(String name, JsonNode json) {
        JsonNode node = JsonFields.required(json, name);
        if (!node.isTextual() && !node.isIntegralNumber()) {
            throw JsonFields.mistyped(name, node, "a text or a whole number as key");
        }
        return key(node.asText());
    }

    private PointKey key(String text) {
        if (definition.keyType() == KeyType.STRING) {
            return PointKey.of(text);
        }
        try {
            return PointKey.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw new ArbalestException(
                    ErrorCode.KEY_TYPE_MISMATCH,
                    "key '"
                            + text
                            + "' is no int64, collection "
                            + definition.name()
                            + " has int64 keys",
                    "produce whole numbers as decimal text",
                    e);
        }
    }

    private Version version(KafkaRecord record, @Nullable JsonNode json) {
        long version =
                switch (rows.versionFrom()) {
                    case TIMESTAMP -> record.timestamp();
                    case OFFSET -> record.offset();
                    case FIELD -> fieldVersion(json);
                };
        return new Version(rows.generation(), version, record.offset());
    }

    private long fieldVersion(@Nullable JsonNode json) {
        if (json == null) {
            throw new ArbalestException(
                    ErrorCode.RECORD_FIELD_MISSING,
                    "a delete (null value) has no field '"
                            + rows.versionField()
                            + "' to take its version from",
                    "set record.version to " + VersionFrom.TIMESTAMP + " or " + VersionFrom.OFFSET);
        }
        JsonNode node = JsonFields.required(json, rows.versionField());
        return (Long)
                Objects.requireNonNull(JsonFields.value(rows.versionField(), node, FieldType.LONG));
    }

    private float[] vector(JsonNode json) {
        WordVectorEmbedder model = embedder;
        if (model == null) {
            String field = rows.vectors().field();
            return JsonFields.floats(field, JsonFields.required(json, field));
        }
        if (rows.vectors().textFields().isEmpty()) {
            return model.embed(PackageText.compose(json));
        }
        StringJoiner text = new StringJoiner(" ");
        for (String field : rows.vectors().textFields()) {
            Object value = JsonFields.value(field, json.path(field), FieldType.STRING);
            text.add(value == null ? "" : (String) value);
        }
        return model.embed(text.toString());
    }

    private Map<String, Object> metadata(JsonNode json) {
        Map<String, Object> metadata = new HashMap<>();
        for (Field field : definition.fields()) {
            String source = rows.fields().getOrDefault(field.name(), field.name());
            Object value = JsonFields.value(source, json.path(source), field.type());
            if (value != null) {
                metadata.put(field.name(), value);
            }
        }
        return metadata;
    }
}
