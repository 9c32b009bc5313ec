package io.arbalest.benchmarks.ann;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.benchmarks.BenchCommand;
import io.arbalest.benchmarks.data.VectorFileWriter;
import io.arbalest.benchmarks.report.BenchConsole;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The whole of {@code bench ann} on a small set: real processes, the peer where it is installed.
 */
class AnnCommandTest {
    private static final long SEED = Long.getLong("seed", 20_261_127L);
    private static final int POINTS = 4000;
    private static final int DIMENSION = 24;
    private static final int QUERIES = 100;
    private static final String HEADER =
            "system,dataset,n,dim,params,threads,ef,build_s,recall10,qps,p50_us,p99_us,"
                    + "bytes_per_vector,qps_wall,build_wall_s,rss_mb,qps_mean";

    @TempDir static Path directory = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @BeforeAll
    static void writeData() throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        float[][] centres = new float[40][DIMENSION];
        for (float[] centre : centres) {
            for (int i = 0; i < DIMENSION; i++) {
                centre[i] = (float) random.nextGaussian();
            }
        }
        write(directory.resolve("base.fvecs.gz"), centres, random, POINTS);
        write(directory.resolve("query.fvecs"), centres, random, QUERIES);
    }

    private static void write(Path path, float[][] centres, SplittableRandom random, int rows)
            throws IOException {
        try (VectorFileWriter writer = new VectorFileWriter(path)) {
            for (int row = 0; row < rows; row++) {
                float[] point = centres[random.nextInt(centres.length)].clone();
                for (int i = 0; i < DIMENSION; i++) {
                    point[i] += (float) (0.6 * random.nextGaussian());
                }
                writer.write(point);
            }
        }
    }

    @Test
    void measuresArbalestBesideThePeersThatAreInstalled() {
        List<String> systems = new ArrayList<>(List.of("arbalest", "arbalest-growing"));
        List<String> arguments = new ArrayList<>(List.of("--ef", "10,80", "--rounds", "2"));
        if (NativeDriver.HNSWLIB.isInstalled()) {
            systems.add("hnswlib");
            arguments.addAll(List.of("--peers", "hnswlib"));
        }
        int exitCode = ann("l2", arguments);
        assertThat(exitCode).as("%s", progress).isZero();
        String[] lines = out.toString(StandardCharsets.UTF_8).split("\n", -1);
        assertThat(lines[0]).isEqualTo(HEADER);
        assertThat(lines).hasSize(1 + 2 * systems.size() + 1);
        for (int i = 0; i < 2 * systems.size(); i++) {
            String system = systems.get(i % systems.size());
            boolean wide = i >= systems.size();
            checkRow(lines[1 + i].split(",", -1), system, wide ? "80" : "10", wide ? 0.97 : 0.6);
        }
    }

    private static void checkRow(String[] row, String system, String ef, double leastRecall) {
        assertThat(row).as(Arrays.toString(row)).hasSize(17);
        assertThat(row[0]).isEqualTo(system);
        assertThat(row[1]).isEqualTo("small");
        assertThat(row[2]).isEqualTo("" + POINTS);
        assertThat(row[3]).isEqualTo("" + DIMENSION);
        assertThat(row[4]).isEqualTo("m=16 efc=100");
        assertThat(row[5]).isEqualTo("1");
        assertThat(row[6]).isEqualTo(ef);
        assertThat(Double.parseDouble(row[8]))
                .as("recall of %s at ef %s, seed %s", system, ef, SEED)
                .isBetween(leastRecall, 1.0);
        for (int column : new int[] {7, 9, 10, 11, 13, 14, 15, 16}) {
            assertThat(Double.parseDouble(row[column])).as("column %s", column).isPositive();
        }
        assertThat(Double.parseDouble(row[12])).isGreaterThan(2 * DIMENSION);
        assertThat(Double.parseDouble(row[11])).isGreaterThanOrEqualTo(Double.parseDouble(row[10]));
    }

    @Test
    void aPeerThatFailsIsLeftOutAndTheRunGoesOn() throws IOException {
        // Where the program of the peer should go is a file.
        Path cache = directory.resolve("broken");
        Files.createDirectories(cache.resolve("programs"));
        Files.writeString(cache.resolve("programs").resolve("hnswlib"), "not a directory");
        int exitCode =
                ann(
                        "ip",
                        List.of(
                                "--systems",
                                "arbalest",
                                "--peers",
                                "hnswlib",
                                "--ef",
                                "40",
                                "--rounds",
                                "1",
                                "--cache",
                                cache.toString()));
        assertThat(exitCode).as("%s", progress).isEqualTo(4);
        assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(2);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("left out: hnswlib");
    }

    @Test
    void refusesWhatItCannotMeasure() throws IOException {
        assertThat(ann("l2", List.of("--peers", "nmslib"))).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .startsWith(
                        "ARB-1001 --peers is nmslib, expected any of hnswlib,lucene,jvector,faiss");
        progress.reset();
        assertThat(ann("hamming", List.of())).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("ARB-1303");
        progress.reset();
        Path truth = directory.resolve("truth.ivecs");
        try (VectorFileWriter writer = new VectorFileWriter(truth)) {
            writer.write(new int[] {1, 2, 3});
        }
        assertThat(ann("l2", List.of("--truth", truth.toString()))).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("1 rows of 3, expected 100 rows of at least 10");
        assertThat(out.size()).isZero();
    }

    private int ann(String metric, List<String> more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "ann",
                                "--base",
                                directory.resolve("base.fvecs.gz").toString(),
                                "--query",
                                directory.resolve("query.fvecs").toString(),
                                "--metric",
                                metric,
                                "--dataset",
                                "small",
                                "--ef-construction",
                                "100"));
        if (!more.contains("--cache")) {
            arguments.addAll(List.of("--cache", directory.resolve("cache").toString()));
        }
        arguments.addAll(more);
        return BenchCommand.run(
                new BenchConsole(stream(out), stream(progress)), arguments.toArray(String[]::new));
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
