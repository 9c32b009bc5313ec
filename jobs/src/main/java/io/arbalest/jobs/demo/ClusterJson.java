package io.arbalest.jobs.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.arbalest.jobs.local.NodeProcess;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Writes {@code cluster.json}, format 1, from which the command line learns of the demo.
 *
 * <p>Thread-safe: no state.
 */
final class ClusterJson {
    private static final int FORMAT = 1;

    private ClusterJson() {}

    /** Writes the file; a reader sees all of it or nothing. */
    static void write(
            Path file,
            Settings settings,
            List<NodeProcess> nodes,
            String bootstrapServers,
            Path embedding,
            Path dataDirectory)
            throws IOException {
        ObjectNode document = Catalogue.JSON.createObjectNode();
        document.put("format", FORMAT);
        ArrayNode endpoints = document.putArray("endpoints");
        nodes.forEach(node -> endpoints.add(node.endpoint()));
        document.put("collection", settings.collection());
        ArrayNode entries = document.putArray("nodes");
        for (NodeProcess node : nodes) {
            entries.addObject()
                    .put("name", node.name())
                    .put("pid", node.pid())
                    .put("flight", node.spec().flightPort())
                    .put("http", node.spec().httpPort());
        }
        document.put("kafka", bootstrapServers);
        document.put("topic", settings.collection());
        document.put("deadLetterTopic", settings.deadLetterTopic());
        document.put("embedding", embedding.toString());
        document.put("dataDir", dataDirectory.toString());
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(temporary, document.toPrettyString() + System.lineSeparator());
        Files.move(
                temporary,
                file,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
