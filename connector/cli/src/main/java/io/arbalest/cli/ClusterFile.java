package io.arbalest.cli;

import com.fasterxml.jackson.databind.JsonNode;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code cluster.json}: what a running demo leaves behind so that commands need no options. Format
 * 1; unknown fields are ignored.
 *
 * @param endpoints {@code host:port} of the nodes
 * @param collection the collection that commands use if they name none
 * @param embedding directory of the word vectors
 *     <p>Immutable.
 */
record ClusterFile(List<String> endpoints, Optional<String> collection, Optional<Path> embedding) {
    static final String NAME = "cluster.json";

    private static final int FORMAT = 1;
    private static final ClusterFile NONE =
            new ClusterFile(List.of(), Optional.empty(), Optional.empty());

    /** The file of this directory; empty lists if there is none. */
    static ClusterFile read(Path home) {
        Path file = home.resolve(NAME);
        if (!Files.isRegularFile(file)) {
            return NONE;
        }
        try {
            JsonNode tree = Json.MAPPER.readTree(Files.readAllBytes(file));
            if (tree.path("format").asInt() != FORMAT) {
                throw new ArbalestException(
                        ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                        file + " has format " + tree.path("format") + ", expected " + FORMAT,
                        "remove the file, or name the nodes with --endpoint");
            }
            List<String> endpoints = new ArrayList<>();
            tree.path("endpoints").forEach(endpoint -> endpoints.add(endpoint.asText()));
            return new ClusterFile(
                    List.copyOf(endpoints),
                    text(tree, "collection"),
                    text(tree, "embedding").map(Path::of));
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    file + " cannot be read: " + e.getMessage(),
                    "remove the file, or name the nodes with --endpoint",
                    e);
        }
    }

    private static Optional<String> text(JsonNode tree, String name) {
        JsonNode node = tree.path(name);
        return node.isTextual() && !node.asText().isEmpty()
                ? Optional.of(node.asText())
                : Optional.empty();
    }
}
