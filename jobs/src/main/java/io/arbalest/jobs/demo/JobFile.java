package io.arbalest.jobs.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;

import io.arbalest.jobs.local.NodeProcess;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The file of the demo's ingestion job; what each key means is in jobs/README.md.
 *
 * <p>Thread-safe: no state.
 */
final class JobFile {
    private static final int PARALLELISM = 2;

    private JobFile() {}

    static void write(
            Path file,
            Settings settings,
            String bootstrapServers,
            List<NodeProcess> nodes,
            Path embedding)
            throws IOException {
        ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
        ObjectNode root = yaml.createObjectNode();
        root.putObject("kafka")
                .put("bootstrap-servers", bootstrapServers)
                .put("topic", settings.collection())
                .put("group", "arbalest-demo")
                .put("starting-offsets", "earliest")
                .put("dead-letter-topic", settings.deadLetterTopic());
        ObjectNode index = root.putObject("index");
        nodes.forEach(node -> index.withArray("endpoints").add(node.endpoint()));
        index.put("collection", settings.collection());
        ObjectNode record =
                root.putObject("record").put("key", "record-key").put("version", "timestamp");
        record.putObject("vector")
                .putObject("embedding")
                .put("directory", embedding.toString())
                .put("text", "debian-package");
        root.putObject("flink").put("parallelism", PARALLELISM).put("checkpoint-interval", "1 s");
        yaml.writeValue(file.toFile(), root);
    }
}
