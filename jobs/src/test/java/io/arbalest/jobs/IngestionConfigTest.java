package io.arbalest.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.jobs.IngestionConfig.StartingOffsets;
import io.arbalest.jobs.IngestionConfig.VersionFrom;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

class IngestionConfigTest {
    private static final String LEAST =
            """
            kafka: {bootstrap-servers: "a:1,b:2", topic: packages, group: g}
            index: {endpoints: "n0:7400", collection: packages}
            record: {vector: {embedding: {directory: model}}}
            """;

    @TempDir private Path directory = Path.of("");

    private IngestionConfig load(String text) {
        Path file = directory.resolve("ingestion.yaml");
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return IngestionConfig.load(file);
    }

    @Test
    void theLeastFileGetsDefaults() throws Exception {
        IngestionConfig config = load(LEAST);
        assertThat(config.kafka().bootstrapServers()).isEqualTo("a:1,b:2");
        assertThat(config.kafka().startingOffsets()).isEqualTo(StartingOffsets.COMMITTED);
        assertThat(config.kafka().deadLetterTopic()).isEqualTo("packages.dead-letter");
        assertThat(config.index().endpoints()).containsExactly("n0:7400");
        assertThat(config.index().batchDelay()).isEqualTo(Duration.ofMillis(5));
        assertThat(config.rows().keyField()).isNull();
        assertThat(config.rows().versionFrom()).isEqualTo(VersionFrom.TIMESTAMP);
        assertThat(config.rows().vectors().embeds()).isTrue();
        assertThat(config.rows().vectors().textFields()).isEmpty();
        assertThat(config.rows().vectors().embeddingDirectory())
                .isEqualTo(directory.resolve("model").toString());
        assertThat(config.execution().parallelism()).isEqualTo(1);
        assertThat(InstantiationUtil.clone(config)).isEqualTo(config);
    }

    @Test
    void everyKey() {
        IngestionConfig config =
                load(
                        """
                        kafka:
                          bootstrap-servers: [a:1, b:2]
                          topic: t
                          group: g
                          starting-offsets: latest
                          dead-letter-topic: bad
                          properties: {fetch.max.wait.ms: 10}
                        index:
                          endpoints: [n0:1, n1:2]
                          collection: c
                          batch-rows: 64
                          batch-delay: 10 ms
                          max-unacknowledged-bytes: 1000000
                          retry-timeout: 30 s
                        record:
                          key: field:id
                          version: field:rev
                          generation: 2
                          vector: {field: v}
                          fields: {size: size_kb}
                        flink:
                          parallelism: 4
                          checkpoint-interval: 2 s
                          checkpoint-directory: ckp
                          buffer-timeout: 1 ms
                        """);
        assertThat(config.kafka().properties()).isEqualTo(Map.of("fetch.max.wait.ms", "10"));
        assertThat(config.kafka().startingOffsets()).isEqualTo(StartingOffsets.LATEST);
        assertThat(config.index().endpoints()).containsExactly("n0:1", "n1:2");
        assertThat(config.index().retryTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.rows().keyField()).isEqualTo("id");
        assertThat(config.rows().versionField()).isEqualTo("rev");
        assertThat(config.rows().generation()).isEqualTo(2);
        assertThat(config.rows().vectors().field()).isEqualTo("v");
        assertThat(config.rows().fields()).isEqualTo(Map.of("size", "size_kb"));
        assertThat(config.execution().parallelism()).isEqualTo(4);
        assertThat(config.execution().checkpointDirectory())
                .isEqualTo(directory.resolve("ckp").toUri().toString());
    }

    @Test
    void mistakesAreNamedWithTheirRemedy() {
        assertRefused(
                LEAST.replace("topic:", "topics:"),
                "kafka.topics is no known key",
                "did you mean kafka.topic?");
        assertRefused(
                LEAST.replace("index:", "idx:"), "idx is no known key", "did you mean index?");
        assertRefused(
                LEAST.replace("endpoints:", "hosts:"),
                "index.hosts is no known key",
                "known here: endpoints");
        assertRefused(LEAST.replace("group: g", "group: "), "kafka.group is missing");
        assertRefused(
                LEAST.replace("packages, group", "packages, starting-offsets: newest, group"),
                "latest");
        assertRefused(LEAST + "flink: {parallelism: many}", "flink.parallelism", "1 to 1024");
        assertRefused(LEAST + "flink: {parallelism: 0}", "flink.parallelism");
        assertRefused(LEAST + "flink: {buffer-timeout: soon}", "flink.buffer-timeout", "5 ms");
        assertRefused(LEAST + "flink: 7", "flink is no section");
        assertRefused(LEAST.replace("vector:", "key: name, vector:"), "record.key", "field:NAME");
        assertRefused(
                LEAST.replace("vector:", "version: \"field:\", vector:"),
                "record.version names no field");
        assertRefused(
                LEAST.replace("embedding:", "field: v, embedding:"), "record.vector has both");
        assertRefused(
                LEAST.replace("{embedding: {directory: model}}", "{}"),
                "record.vector has neither");
        assertRefused(
                LEAST.replace("directory: model", "text: debian-package"),
                "embedding.directory is missing");
        assertRefused(
                LEAST.replace("directory: model", "directory: m, text: html"), "debian-package");
        assertRefused(
                LEAST.replace("topic: packages,", "topic: t, dead-letter-topic: t,"),
                "is the topic itself");
        assertRefused("kafka: [", "is no YAML");
        assertRefused("", "kafka.topic is missing");
        assertThatThrownBy(() -> IngestionConfig.load(directory.resolve("none.yaml")))
                .hasMessageStartingWith("ARB-4001")
                .hasMessageContaining("none.yaml");
    }

    private void assertRefused(String text, String... parts) {
        assertThatThrownBy(() -> load(text))
                .hasMessageContainingAll(parts)
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION));
    }

    @Test
    void nearestWords() {
        assertThat(ConfigSection.nearest("tpoic", List.of("group", "topic"))).contains("topic");
        assertThat(ConfigSection.nearest("zzzzzz", List.of("group", "topic"))).isEmpty();
    }
}
