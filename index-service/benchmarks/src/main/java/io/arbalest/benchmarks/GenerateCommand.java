package io.arbalest.benchmarks;

import io.arbalest.benchmarks.data.ClusteredVectors;
import io.arbalest.benchmarks.data.ExactTruth;
import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.data.VectorFileWriter;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code bench generate}: a data set of any size for the other benchmarks. */
@Command(
        name = "generate",
        description = {
            "Writes base.fvecs, query.fvecs, truth.ivecs and metric: clustered vectors of low"
                    + " intrinsic dimension.",
            "The same options give the same bytes on every machine."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench generate --n 1000000 --dim 128 --seed 42 --out sets/syn1m",
            "  arbalest bench generate --n 300000 --dim 768 --metric ip --seed 43 --out"
                    + " sets/syn300k768"
        })
final class GenerateCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 100_000_000;
    private static final int MOST_QUERIES = 1_000_000;
    private static final int POINTS_PER_CLUSTER = 500;
    private static final int LEAST_CLUSTERS = 16;
    private static final int MOST_CLUSTERS = 100_000;
    private static final int REPORT_EVERY = 250_000;

    private final BenchConsole console;

    @Option(names = "--n", required = true, paramLabel = "ROWS", description = "points")
    int rows;

    @Option(names = "--dim", required = true, paramLabel = "N", description = "elements of a point")
    int dimension;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "is made if it is missing; files of these names in it are replaced")
    Path out = Path.of("");

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "another number, another set; default: ${DEFAULT-VALUE}")
    long seed = 42;

    @Option(
            names = "--metric",
            paramLabel = "METRIC",
            description =
                    "l2, ip or cosine; points for ip and cosine have length 1; default:"
                            + " ${DEFAULT-VALUE}")
    String metric = "l2";

    @Option(
            names = "--queries",
            paramLabel = "N",
            description = "of the same distribution, not in the base; default: ${DEFAULT-VALUE}")
    int queries = 1000;

    @Option(
            names = "--truth",
            paramLabel = "K",
            description = "exact nearest rows of each query; 0: none; default: ${DEFAULT-VALUE}")
    int truth = 100;

    @Option(
            names = "--latent",
            paramLabel = "N",
            description =
                    "dimensions of the space that the points come from; default: 5/8 of --dim up to"
                            + " 128, then growing slowly (80 of 128, 128 of 768)")
    int latent;

    @Option(
            names = "--clusters",
            paramLabel = "N",
            description =
                    "default: one for 500 points. With the same number a longer set begins"
                            + " with the shorter one")
    int clusters;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    boolean help;

    GenerateCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        check("--n", rows, 1, MOST_ROWS);
        check("--dim", dimension, 1, VectorFile.MOST_DIMENSIONS);
        check("--queries", queries, 1, MOST_QUERIES);
        check("--truth", truth, 0, Math.min(rows, 1000));
        int inner = latent == 0 ? ClusteredVectors.Shape.latentOf(dimension) : latent;
        check("--latent", inner, 1, dimension);
        int centres =
                clusters == 0
                        ? Math.clamp(rows / POINTS_PER_CLUSTER, LEAST_CLUSTERS, MOST_CLUSTERS)
                        : clusters;
        check("--clusters", centres, 1, MOST_CLUSTERS);
        Metric how = metric();
        ClusteredVectors vectors =
                new ClusteredVectors(
                        new ClusteredVectors.Shape(
                                dimension, inner, centres, how != Metric.L2, seed));
        Files.createDirectories(out);
        write(vectors, out.resolve("base.fvecs"), rows, 0, 1);
        write(vectors, out.resolve("query.fvecs"), queries, -1, -1);
        Files.writeString(out.resolve("metric"), how.label() + "\n", StandardCharsets.US_ASCII);
        if (truth > 0) {
            writeTruth(how);
        }
        console.say(
                "%d x %d and %d queries in %s: %d clusters, %d inner dimensions, seed %d",
                rows, dimension, queries, out, centres, inner, seed);
        return 0;
    }

    private Metric metric() {
        for (Metric known : Metric.values()) {
            if (known.label().equals(metric)) {
                return known;
            }
        }
        throw refused("--metric", metric, "l2, ip or cosine");
    }

    private void write(ClusteredVectors vectors, Path path, int count, long first, int step)
            throws IOException {
        float[] row = new float[dimension];
        try (VectorFileWriter file = new VectorFileWriter(path)) {
            for (int i = 0; i < count; i++) {
                vectors.row(first + (long) i * step, row);
                file.write(row);
                if ((i + 1) % REPORT_EVERY == 0) {
                    console.say("%d of %d rows", i + 1, count);
                }
            }
        }
    }

    private void writeTruth(Metric how) throws IOException {
        console.say("comparing %d queries with %d rows", queries, rows);
        float[][] asked = VectorFile.floats(out.resolve("query.fvecs"), queries);
        try (MappedVectors base = MappedVectors.open(out.resolve("base.fvecs"));
                VectorFileWriter file = new VectorFileWriter(out.resolve("truth.ivecs"))) {
            int threads = Runtime.getRuntime().availableProcessors();
            for (int[] nearest : ExactTruth.of(asked, base, how, truth, threads)) {
                file.write(nearest);
            }
        }
    }

    private static void check(String option, int got, int least, int most) {
        if (got < least || got > most) {
            throw refused(option, String.valueOf(got), least + " to " + most);
        }
    }

    private static ArbalestException refused(String option, String got, String expected) {
        return new ArbalestException(
                ErrorCode.MALFORMED_REQUEST,
                option + " is " + got + ", expected " + expected,
                "see arbalest bench generate --help");
    }
}
