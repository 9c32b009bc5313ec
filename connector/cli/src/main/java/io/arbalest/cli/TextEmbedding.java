package io.arbalest.cli;

import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Turns texts into vectors with the model of {@code --embedding}, else of {@code cluster.json};
 * loaded when first used.
 */
final class TextEmbedding {
    @Option(
            names = "--embedding",
            paramLabel = "DIR",
            description = "directory of the word vectors for texts; default: the demo's")
    Optional<Path> directory = Optional.empty();

    private Optional<WordVectorEmbedder> embedder = Optional.empty();

    /** The unit vector of a text. */
    float[] embed(String text, ClusterFile clusterFile) {
        WordVectorEmbedder loaded =
                embedder.orElseGet(() ->
                        WordVectorEmbedder.load(
                                directory
                                        .or(clusterFile::embedding)
                                        .orElseThrow(TextEmbedding::noModel)));
        embedder = Optional.of(loaded);
        return loaded.embed(text);
    }

    private static ArbalestException noModel() {
        return new ArbalestException(
                ErrorCode.INVALID_CONFIGURATION,
                "a text needs an embedding model, and no running demo names one",
                "add --embedding DIR, or give a vector");
    }
}
