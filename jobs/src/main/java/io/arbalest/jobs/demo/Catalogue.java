package io.arbalest.jobs.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;

/**
 * The package catalogue as JSON lines, shuffled with a fixed seed: in alphabetical order, the first
 * minute of the demo would know nothing past the letter f.
 *
 * <p>Immutable.
 */
final class Catalogue {
    static final ObjectMapper JSON = new ObjectMapper();

    private static final long SHUFFLE_SEED = 20_261_101L;

    private Catalogue() {}

    /** At most this many lines of the file. */
    static List<String> read(Path directory, int most) {
        Path file = directory.resolve("packages.jsonl.gz");
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(file)),
                                StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "the demo's data cannot be read: " + e,
                    "run from a complete check-out",
                    e);
        }
        Collections.shuffle(lines, new Random(SHUFFLE_SEED));
        return List.copyOf(lines.subList(0, Math.min(most, lines.size())));
    }

    /** A line as a tree. */
    static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The name, without parsing the rest: every line begins with it. */
    static String name(String line) {
        String before = "{\"name\":\"";
        int end = line.indexOf('"', before.length());
        if (!line.startsWith(before) || line.charAt(end - 1) == '\\') {
            return parse(line).path("name").asText();
        }
        return line.substring(before.length(), end);
    }

    /** The text that is embedded: name, summary twice, the last part of each tag, description. */
    static String text(JsonNode record) {
        StringBuilder text = new StringBuilder(record.path("name").asText().replace('-', ' '));
        text.append(' ').append(record.path("summary").asText());
        text.append(' ').append(record.path("summary").asText());
        for (JsonNode tag : record.path("tags")) {
            String name = tag.asText();
            int separator = name.lastIndexOf("::");
            text.append(' ').append(separator < 0 ? name : name.substring(separator + 2));
        }
        return text.append(' ').append(record.path("text").asText()).toString();
    }

    /** The metadata that the index must return for this record. */
    static Map<String, Object> metadata(JsonNode record) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (String name : List.of("version", "section", "priority", "maintainer", "summary")) {
            metadata.put(name, record.path(name).asText());
        }
        metadata.put("installed_kb", record.path("installed_kb").asLong());
        List<String> tags = new ArrayList<>();
        record.path("tags").forEach(tag -> tags.add(tag.asText()));
        metadata.put("tags", List.copyOf(tags));
        return metadata;
    }
}
