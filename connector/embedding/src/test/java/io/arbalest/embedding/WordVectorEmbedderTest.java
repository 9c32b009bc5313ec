package io.arbalest.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;

class WordVectorEmbedderTest {
    private static final Path DEMO = Path.of("../../jobs/src/main/demo-data/debian-packages");

    @Test
    void embedsAsTheReferenceDoes() throws IOException {
        WordVectorEmbedder embedder = WordVectorEmbedder.shared(DEMO);
        assertThat(embedder.dimension()).isEqualTo(192);
        assertThat(embedder.words()).isEqualTo(23_352);
        JsonNode golden;
        try (InputStream in = getClass().getResourceAsStream("/golden/embeddings-v1.json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
        assertThat(golden.size()).isGreaterThanOrEqualTo(8);
        for (JsonNode text : golden) {
            float[] vector = embedder.embed(text.get("text").asText());
            assertThat(vector).hasSize(192);
            assertThat(norm(vector)).as("norm of " + text.get("text")).isCloseTo(1, within(1e-6));
            for (int i = 0; i < text.get("head").size(); i++) {
                assertThat((double) vector[i])
                        .as("component " + i + " of " + text.get("text"))
                        .isCloseTo(text.get("head").get(i).asDouble(), within(1e-6));
            }
        }
    }

    @Test
    void countsWeighLogarithmicallyAndCaseAndOrderDoNotMatter() {
        WordVectorEmbedder embedder = WordVectorEmbedder.shared(DEMO);
        float[] once = embedder.embed("chess game");
        assertThat(embedder.embed("GAME, Chess!")).containsExactly(once, within(1e-6f));
        assertThat(cosine(embedder.embed("chess chess chess game"), once)).isBetween(0.8, 0.9999);
    }

    @Test
    void aTextWithoutAKnownWordIsRefused() {
        WordVectorEmbedder embedder = WordVectorEmbedder.shared(DEMO);
        for (String text : new String[] {"", "   ", "12345", "x", "zzzzqqqqq", "日本語"}) {
            assertThatThrownBy(() -> embedder.embed(text))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_KNOWN_WORD));
        }
    }

    @Test
    void oneModelIsLoadedOnce(@TempDir Path other) throws IOException {
        assertThat(WordVectorEmbedder.shared(DEMO))
                .isSameAs(WordVectorEmbedder.shared(DEMO.toAbsolutePath()));
        writeModel(other, 2);
        assertThat(WordVectorEmbedder.shared(other)).isNotSameAs(WordVectorEmbedder.shared(DEMO));
    }

    @Test
    void tinyModelByHand(@TempDir Path directory) throws IOException {
        writeModel(directory, 2);
        // "aa" is (1, 0), "bb" is (0, 1); mean (0, 0.5); the component (0, 1) is projected away
        float[] vector = WordVectorEmbedder.load(directory).embed("aa bb bb");
        assertThat(vector).containsExactly(1f, 0f);
    }

    @Test
    void aDamagedOrMissingModelIsNamed(@TempDir Path directory) throws IOException {
        assertRefused(directory, "model.json");
        writeModel(directory, 1);
        assertRefused(directory, "words.f16.gz");
        Files.writeString(directory.resolve("model.json"), "{\"dimension\": 2, \"mean\": [1]}");
        assertRefused(directory, "model.json");
    }

    private static void assertRefused(Path directory, String file) {
        assertThatThrownBy(() -> WordVectorEmbedder.load(directory))
                .hasMessageContaining(file)
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION));
    }

    private static void writeModel(Path directory, int vectors) throws IOException {
        Files.writeString(
                directory.resolve("model.json"),
                "{\"dimension\":2,\"token_pattern\":\"[a-z]+\",\"mean\":[0,0.5],\"components\":[[0,1]]}");
        gzip(directory.resolve("words.txt.gz"), "aa\nbb\n".getBytes(StandardCharsets.UTF_8));
        short one = 0x3c00;
        ByteBuffer halves = ByteBuffer.allocate(vectors * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (int word = 0; word < vectors; word++) {
            halves.putShort(word == 0 ? one : 0).putShort(word == 1 ? one : 0);
        }
        gzip(directory.resolve("words.f16.gz"), halves.array());
    }

    private static void gzip(Path file, byte[] bytes) throws IOException {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(bytes);
        }
    }

    private static double norm(float[] vector) {
        return Math.sqrt(cosine(vector, vector));
    }

    private static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
