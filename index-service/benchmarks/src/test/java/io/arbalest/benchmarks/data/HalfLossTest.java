package io.arbalest.benchmarks.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.common.OrdinalSet;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.hnsw.ExactScan;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/**
 * What it costs to store vectors of binary32 elements as binary16: recall@10 of an exact scan of
 * the stored rows, by the kernels, against the nearest rows of the binary32 vectors in double
 * precision. It must be less than .1 point, with two standard errors to spare; queries are
 * independent, so the error is that of the mean loss of a query.
 */
class HalfLossTest {
    private static final int K = 10;
    private static final double MOST = 0.001;
    private static final Path DEMO = Path.of("..", "..", "jobs/src/main/demo-data/debian-packages");

    @ParameterizedTest
    @CsvSource({"768, IP", "1536, COSINE", "3072, L2"})
    void generatedVectorsLoseLittle(int dimension, Metric metric) {
        ClusteredVectors vectors =
                new ClusteredVectors(
                        new ClusteredVectors.Shape(
                                dimension,
                                ClusteredVectors.Shape.latentOf(dimension),
                                20,
                                metric != Metric.L2,
                                43));
        float[][] base = new float[4000][dimension];
        for (int i = 0; i < base.length; i++) {
            vectors.row(i, base[i]);
        }
        float[][] queries = new float[1000][dimension];
        for (int i = 0; i < queries.length; i++) {
            vectors.row(-1 - i, queries[i]);
        }
        losesLittle(dimension + " " + metric, base, queries, metric);
    }

    /** All texts of the demo, embedded as it embeds them; every 20th summary is a query. */
    @Test
    void embeddingsOfTextsLoseLittle() throws IOException {
        WordVectorEmbedder embedder = WordVectorEmbedder.load(DEMO);
        List<float[]> base = new ArrayList<>();
        List<float[]> queries = new ArrayList<>();
        ObjectMapper json = new ObjectMapper();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(
                                        Files.newInputStream(DEMO.resolve("packages.jsonl.gz"))),
                                StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode record = json.readTree(line);
                String summary = record.path("summary").asText();
                try {
                    base.add(
                            embedder.embed(
                                    record.path("name").asText().replace('-', ' ')
                                            + " "
                                            + summary
                                            + " "
                                            + record.path("text").asText()));
                    if (base.size() % 20 == 0) {
                        queries.add(embedder.embed(summary));
                    }
                } catch (ArbalestException e) { // a text of unknown words only has no embedding
                    assertThat(e.code()).isEqualTo(ErrorCode.NO_KNOWN_WORD);
                }
            }
        }
        losesLittle(
                "texts", base.toArray(new float[0][]), queries.toArray(new float[0][]), Metric.IP);
    }

    private static void losesLittle(String set, float[][] base, float[][] queries, Metric metric) {
        int[][] nearest = ExactTruth.of(queries, new ArrayRows(base), metric, K, 2);
        double sum = 0;
        double squares = 0;
        try (VectorTable table = new VectorTable(base[0].length, metric, base.length)) {
            boolean exact = store(base, table);
            assertThat(exact).as("whether binary16 holds the vectors exactly").isFalse();
            NeighborQueue found = new NeighborQueue(K);
            for (int i = 0; i < queries.length; i++) {
                found.clear(K);
                ExactScan.scan(
                        table,
                        table.prepare(queries[i]),
                        0,
                        base.length,
                        OrdinalSet.ALL,
                        Float.NEGATIVE_INFINITY,
                        found);
                int[] truth = nearest[i];
                long right =
                        Arrays.stream(found.ordinalsBestFirst())
                                .filter(row -> contains(truth, row))
                                .count();
                double loss = 1 - right / (double) K;
                sum += loss;
                squares += loss * loss;
            }
        }
        int n = queries.length;
        double mean = sum / n;
        double error = Math.sqrt((squares / n - mean * mean) / (n - 1));
        String figures =
                String.format(
                        Locale.ROOT,
                        "%s, %d rows, %d queries: loss %.5f, standard error %.5f",
                        set,
                        base.length,
                        n,
                        mean,
                        error);
        System.out.println(figures);
        assertThat(mean + 2 * error).as(figures).isLessThan(MOST);
    }

    /** Whether all of it came through unchanged. */
    private static boolean store(float[][] base, VectorTable table) {
        boolean exact = true;
        for (int i = 0; i < base.length; i++) {
            short[] halves = new short[base[i].length];
            for (int j = 0; j < halves.length; j++) {
                halves[j] = Float.floatToFloat16(base[i][j]);
                exact &= Float.float16ToFloat(halves[j]) == base[i][j];
            }
            table.set(i, MemorySegment.ofArray(halves), 0);
        }
        return exact;
    }

    private static boolean contains(int[] rows, int row) {
        return Arrays.stream(rows).anyMatch(one -> one == row);
    }
}
