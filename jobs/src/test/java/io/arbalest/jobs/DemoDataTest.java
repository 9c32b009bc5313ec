package io.arbalest.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.embedding.WordVectorEmbedder;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** The demo's records, embedded as the job embeds them, answer the queries that the demo asks. */
class DemoDataTest {
    private static final Path DEMO = Path.of("src/main/demo-data/debian-packages");
    private static final int RECORDS = 63_436;

    private static final List<String> NAMES = new ArrayList<>();
    private static final List<float[]> VECTORS = new ArrayList<>();

    @BeforeAll
    static void embedAll() throws IOException {
        WordVectorEmbedder embedder = WordVectorEmbedder.shared(DEMO);
        ObjectMapper json = new ObjectMapper();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(
                                        Files.newInputStream(DEMO.resolve("packages.jsonl.gz"))),
                                StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode record = json.readTree(line);
                NAMES.add(record.get("name").asText());
                VECTORS.add(embedder.embed(PackageText.compose(record)));
            }
        }
    }

    @Test
    void everyRecordIsEmbeddableAndNamedOnce() {
        assertThat(VECTORS).hasSize(RECORDS);
        Set<String> distinct = new HashSet<>(NAMES);
        assertThat(distinct).hasSize(RECORDS);
    }

    @Test
    void queriesFindWhatTheyShould() {
        assertThat(nearest("monitor network traffic"))
                .startsWith("vnstat")
                .contains("wireshark", "iptotal");
        assertThat(nearest("backup my files to the cloud")).startsWith("rclone");
        assertThat(nearest("track satellites")).startsWith("gr-satellites").contains("previsat");
        assertThat(nearest("chess game")).startsWith("gnome-chess");
    }

    private static List<String> nearest(String query) {
        float[] vector = WordVectorEmbedder.shared(DEMO).embed(query);
        List<Scored> scored = new ArrayList<>();
        for (int i = 0; i < NAMES.size(); i++) {
            scored.add(new Scored(NAMES.get(i), product(vector, VECTORS.get(i))));
        }
        return scored.stream()
                .sorted(Comparator.comparingDouble(Scored::score).reversed())
                .limit(10)
                .map(Scored::name)
                .toList();
    }

    private record Scored(String name, double score) {}

    private static double product(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
