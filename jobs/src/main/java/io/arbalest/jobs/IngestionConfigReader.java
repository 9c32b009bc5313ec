package io.arbalest.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;

import io.arbalest.client.WriterOptions;
import io.arbalest.jobs.IngestionConfig.Execution;
import io.arbalest.jobs.IngestionConfig.Index;
import io.arbalest.jobs.IngestionConfig.Kafka;
import io.arbalest.jobs.IngestionConfig.Rows;
import io.arbalest.jobs.IngestionConfig.StartingOffsets;
import io.arbalest.jobs.IngestionConfig.Vectors;
import io.arbalest.jobs.IngestionConfig.VersionFrom;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Reads the job's YAML file. Unknown keys are refused, with the nearest known one.
 *
 * <p>Thread-safe: no state.
 */
final class IngestionConfigReader {
    private static final String FIELD_PREFIX = "field:";
    private static final String PACKAGE_TEXT = "debian-package";
    private static final int MAX_PARALLELISM = 1024;
    private static final int MAX_BATCH_ROWS = 65_536;

    private IngestionConfigReader() {}

    static IngestionConfig read(Path file) {
        JsonNode tree;
        try {
            tree = new ObjectMapper(new YAMLFactory()).readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            throw unreadable(file + " is no YAML: " + e.getOriginalMessage() + at(e), e);
        } catch (IOException e) {
            throw unreadable("cannot read " + file + ": " + e, e);
        }
        ConfigSection root = ConfigSection.root(tree, "kafka", "index", "record", "flink");
        Path base = file.toAbsolutePath().normalize().resolveSibling("");
        return new IngestionConfig(
                kafka(root), index(root), rows(root, base), execution(root, base));
    }

    private static String at(JsonProcessingException e) {
        return e.getLocation() == null ? "" : " in line " + e.getLocation().getLineNr();
    }

    private static Kafka kafka(ConfigSection root) {
        ConfigSection section =
                root.section(
                        "kafka",
                        "bootstrap-servers",
                        "topic",
                        "group",
                        "starting-offsets",
                        "dead-letter-topic",
                        "properties");
        String topic = section.text("topic");
        String deadLetters = section.text("dead-letter-topic", topic + ".dead-letter");
        if (deadLetters.equals(topic)) {
            throw section.invalid("kafka.dead-letter-topic", "is the topic itself", "name another");
        }
        return new Kafka(
                String.join(",", required(section, "kafka.", "bootstrap-servers")),
                topic,
                section.text("group"),
                section.choice(
                        "starting-offsets", StartingOffsets.COMMITTED, StartingOffsets.values()),
                deadLetters,
                section.map("properties"));
    }

    private static Index index(ConfigSection root) {
        ConfigSection section =
                root.section(
                        "index",
                        "endpoints",
                        "collection",
                        "batch-rows",
                        "batch-delay",
                        "max-unacknowledged-bytes",
                        "retry-timeout");
        WriterOptions defaults = WriterOptions.DEFAULT;
        return new Index(
                required(section, "index.", "endpoints"),
                section.text("collection"),
                (int) section.number("batch-rows", defaults.batchRows(), 1, MAX_BATCH_ROWS),
                section.duration("batch-delay", defaults.batchDelay()),
                section.number(
                        "max-unacknowledged-bytes",
                        defaults.maxUnacknowledgedBytes(),
                        1,
                        Long.MAX_VALUE),
                section.duration("retry-timeout", defaults.retryTimeout()));
    }

    private static List<String> required(ConfigSection section, String path, String key) {
        List<String> texts = section.texts(key);
        if (texts.isEmpty() || texts.contains("")) {
            throw section.invalid(
                    path + key,
                    texts.isEmpty() ? "is missing" : "holds an empty text",
                    "list host:port");
        }
        return texts;
    }

    private static Rows rows(ConfigSection root, Path base) {
        ConfigSection section =
                root.section("record", "key", "version", "generation", "vector", "fields");
        String key = section.text("key", "record-key");
        boolean recordKey = key.equals("record-key");
        if (!recordKey && !key.startsWith(FIELD_PREFIX)) {
            throw section.invalid("record.key", "is '" + key + "'", "use record-key or field:NAME");
        }
        String version = section.text("version", "timestamp");
        VersionFrom from =
                switch (version.toLowerCase(Locale.ROOT)) {
                    case "timestamp" -> VersionFrom.TIMESTAMP;
                    case "offset" -> VersionFrom.OFFSET;
                    default -> VersionFrom.FIELD;
                };
        if (from == VersionFrom.FIELD && !version.startsWith(FIELD_PREFIX)) {
            throw section.invalid(
                    "record.version",
                    "is '" + version + "'",
                    "use timestamp, offset or field:NAME");
        }
        return new Rows(
                recordKey ? null : fieldName(section, "record.key", key),
                from,
                from == VersionFrom.FIELD ? fieldName(section, "record.version", version) : "",
                (int) section.number("generation", 0, 0, Integer.MAX_VALUE),
                vectors(section, base),
                section.map("fields"));
    }

    private static String fieldName(ConfigSection section, String key, String value) {
        String name = value.substring(FIELD_PREFIX.length()).strip();
        if (name.isEmpty()) {
            throw section.invalid(key, "names no field", "write it like field:NAME");
        }
        return name;
    }

    private static Vectors vectors(ConfigSection record, Path base) {
        ConfigSection section = record.section("vector", "field", "embedding");
        if (section.has("field") == section.has("embedding")) {
            throw section.invalid(
                    "record.vector",
                    section.has("field")
                            ? "has both field and embedding"
                            : "has neither field nor embedding",
                    "give one: the field that holds the vector, or the embedding to make it");
        }
        if (section.has("field")) {
            return new Vectors(section.text("field"), "", List.of());
        }
        ConfigSection embedding = section.section("embedding", "directory", "text", "text-fields");
        List<String> textFields = embedding.texts("text-fields");
        String text = embedding.text("text", textFields.isEmpty() ? PACKAGE_TEXT : "");
        boolean both = !text.isEmpty() && !textFields.isEmpty();
        if (both || (textFields.isEmpty() && !text.equals(PACKAGE_TEXT))) {
            throw embedding.invalid(
                    "record.vector.embedding.text",
                    both ? "and text-fields are both given" : "is '" + text + "'",
                    "use text: " + PACKAGE_TEXT + " or text-fields: [names]");
        }
        return new Vectors(
                "", base.resolve(embedding.text("directory")).normalize().toString(), textFields);
    }

    private static Execution execution(ConfigSection root, Path base) {
        ConfigSection section =
                root.section(
                        "flink",
                        "parallelism",
                        "checkpoint-interval",
                        "checkpoint-directory",
                        "buffer-timeout");
        String directory = section.text("checkpoint-directory", "");
        boolean local = !directory.isEmpty() && !directory.contains("://");
        return new Execution(
                (int) section.number("parallelism", 1, 1, MAX_PARALLELISM),
                section.duration("checkpoint-interval", Duration.ofSeconds(1)),
                local ? base.resolve(directory).normalize().toUri().toString() : directory,
                section.duration("buffer-timeout", Duration.ofMillis(5)));
    }

    private static ArbalestException unreadable(String detail, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.INVALID_CONFIGURATION,
                detail,
                "give a file as described in jobs/README.md",
                cause);
    }
}
