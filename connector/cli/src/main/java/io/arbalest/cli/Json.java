package io.arbalest.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;

import io.arbalest.model.Version;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The command line's JSON: maps and lists in the order in which they were filled, timestamps as ISO
 * text.
 *
 * <p>Thread-safe.
 */
final class Json {
    /** Reads and writes; shared because building one is the slow part. */
    static final ObjectMapper MAPPER = JsonMapper.builder().build();

    private static final ObjectWriter PRETTY = MAPPER.writerWithDefaultPrettyPrinter();

    private Json() {}

    /** Several indented lines. */
    static String pretty(Object value) {
        try {
            return PRETTY.writeValueAsString(plain(value));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One line. */
    static String line(Object value) {
        try {
            return MAPPER.writeValueAsString(plain(value));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static Map<String, Object> version(Version version) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("generation", version.generation());
        fields.put("version", version.version());
        fields.put("tiebreak", version.tiebreak());
        return fields;
    }

    private static Object plain(Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            map.forEach((name, element) -> copy.put(String.valueOf(name), plain(element)));
            return copy;
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Json::plain).toList();
        }
        return value instanceof Instant instant ? instant.toString() : value;
    }
}
