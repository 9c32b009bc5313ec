package io.arbalest.benchmarks.ann;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.data.DataSetOptions;
import io.arbalest.benchmarks.data.ExactTruth;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.benchmarks.data.UnpackedFiles;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench ann}: recall against throughput, beside peers in the same run. */
@Command(
        name = "ann",
        description = {
            "Recall@10 against queries per second of Arbalest and its peers on a data set.",
            "Every system builds the same kind of graph in a process of its own; then they answer"
                    + " in turn."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench ann --base base.fvecs.gz --query query.fvecs.gz --truth"
                    + " truth.ivecs.gz \\",
            "      --metric l2 --peers hnswlib,faiss,lucene,jvector > ann.csv",
            "",
            "Exit codes: 0 ok, 1 failed, 2 usage, 4 a system was left out."
        })
public final class AnnCommand implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int PARTIAL = 4;
    private static final int MOST_QUERIES = 1_000_000;
    private static final int MOST_ROUNDS = 1000;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin DataSetOptions data = new DataSetOptions();

    @Mixin GraphOptions graph = new GraphOptions();

    @Option(
            names = "--truth",
            paramLabel = "FILE",
            description =
                    "rows of the nearest points of each query, at least 10, ivecs or ivecs.gz;"
                            + " computed exactly if not given")
    @Nullable Path truth;

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description = "name in the results; default: the directory of the base")
    String dataset = "";

    @Option(
            names = "--ef",
            split = ",",
            paramLabel = "N",
            description = "candidates of a search; default: 10,20,40,60,80,120,160,240,320")
    int[] efs = {10, 20, 40, 60, 80, 120, 160, 240, 320};

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "that build and search; default: ${DEFAULT-VALUE}")
    int threads = 1;

    @Option(
            names = "--systems",
            split = ",",
            paramLabel = "NAME",
            description =
                    "of arbalest, arbalest-fp16, arbalest-balanced, arbalest-bytes,"
                            + " arbalest-nibbles, arbalest-fast,"
                            + " arbalest-growing; default: arbalest,arbalest-growing; none for"
                            + " peers alone")
    List<String> systems = Systems.ARBALEST;

    @Option(
            names = "--peers",
            split = ",",
            paramLabel = "NAME",
            description = "of hnswlib, lucene, jvector, faiss; measured in the same run")
    List<String> peers = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "times that all queries are asked at each ef; default: ${DEFAULT-VALUE}")
    int rounds = 5;

    @Option(
            names = "--keep-indexes",
            description =
                    "keep what was built and use it again in the next run that says so, with the"
                            + " build times of when it was built")
    boolean keepIndexes;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description =
                    "unpacked data, compiled programs, kept indexes, logs; default:"
                            + " index-service/benchmarks/target/bench")
    @Nullable Path cache;

    @Option(
            names = "--build-only",
            description = "build, keep, and measure nothing; implies --keep-indexes")
    boolean buildOnly;

    /** Writes to the console. */
    public AnnCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        List<String> names = names();
        checkNumbers();
        Path root = Path.of(System.getProperty("arbalest.root", "")).toAbsolutePath();
        Path directory =
                cache == null
                        ? root.resolve("index-service/benchmarks/target/bench")
                        : cache.toAbsolutePath();
        UnpackedFiles files = new UnpackedFiles(directory.resolve("data"));
        Path unpackedBase = files.unpacked(data.base());
        Path unpackedQuery = files.unpacked(data.query());
        AnnPlan plan;
        int[][] nearest;
        try (MappedVectors points = MappedVectors.open(unpackedBase)) {
            float[][] queries = VectorFile.floats(unpackedQuery, MOST_QUERIES);
            points.verify();
            checkShapes(points, queries);
            plan =
                    new AnnPlan(
                            name(),
                            unpackedBase,
                            unpackedQuery,
                            points.rows(),
                            points.dimension(),
                            queries.length,
                            data.metric(),
                            new AnnPlan.Graph(graph.m(), graph.efConstruction(), threads));
            nearest = truth(points, queries, plan);
        }
        KeptIndexes kept =
                keepIndexes || buildOnly ? new KeptIndexes(directory.resolve("indexes")) : null;
        return run(names, plan, nearest, root, directory, kept);
    }

    private int run(
            List<String> names,
            AnnPlan plan,
            int[][] nearest,
            Path root,
            Path cache,
            @Nullable KeptIndexes kept)
            throws IOException {
        AnnSummary summary = new AnnSummary();
        try (AnnRun run = new AnnRun(console, plan, nearest, rounds)) {
            for (String name : names) {
                run.add(name, root, cache, kept);
            }
            if (!buildOnly) {
                run.measure(efs, format.writer(console, AnnRun.COLUMNS), summary);
                summary.lines().forEach(line -> console.say("%s", line));
            }
            if (run.failed().isEmpty()) {
                return 0;
            }
            console.say("left out: %s", String.join(", ", run.failed()));
            boolean arbalestFailed = run.failed().stream().anyMatch(Systems::isArbalest);
            return arbalestFailed ? FAILED : PARTIAL;
        }
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        if (!systems.equals(List.of("none"))) {
            Systems.check("--systems", systems, Systems.VARIANTS);
            names.addAll(systems);
        }
        Systems.check("--peers", peers, Systems.PEERS);
        names.addAll(peers);
        if (names.isEmpty() || names.stream().distinct().count() != names.size()) {
            throw BenchErrors.badOption("--systems and --peers", names.toString(), "each once");
        }
        return names;
    }

    private void checkNumbers() {
        check("--m", graph.m(), 2, 256);
        check("--ef-construction", graph.efConstruction(), graph.m(), 4096);
        check("--threads", threads, 1, 256);
        check("--rounds", rounds, 1, MOST_ROUNDS);
        if (efs.length == 0) {
            throw BenchErrors.badOption("--ef", "empty", "numbers");
        }
        Arrays.stream(efs).forEach(ef -> check("--ef", ef, 1, 16_384));
    }

    private static void check(String option, int got, int least, int most) {
        BenchErrors.requireWithin("arbalest bench", option, got, least, most);
    }

    private void checkShapes(MappedVectors points, float[][] queries) {
        if (queries[0].length != points.dimension()) {
            throw BenchErrors.badFile(
                    data.query().toString(),
                    "dimension " + queries[0].length,
                    points.dimension() + " as the base");
        }
        if (points.rows() < AnnPlan.K) {
            throw BenchErrors.badFile(
                    data.base().toString(), points.rows() + " rows", "at least " + AnnPlan.K);
        }
    }

    private int[][] truth(MappedVectors points, float[][] queries, AnnPlan plan)
            throws IOException {
        if (buildOnly) {
            return new int[queries.length][AnnPlan.K];
        }
        if (truth == null) {
            console.say("computing the exact nearest of %d queries", queries.length);
            return ExactTruth.of(
                    queries,
                    points,
                    plan.metric(),
                    AnnPlan.K,
                    Runtime.getRuntime().availableProcessors());
        }
        int[][] rows = VectorFile.ints(truth, MOST_QUERIES);
        if (rows.length != queries.length || rows[0].length < AnnPlan.K) {
            throw BenchErrors.badFile(
                    truth.toString(),
                    rows.length + " rows of " + rows[0].length,
                    queries.length + " rows of at least " + AnnPlan.K);
        }
        for (int i = 0; i < rows.length; i++) {
            for (int row : rows[i]) {
                if (row < 0 || row >= points.rows()) {
                    throw BenchErrors.badFile(
                            truth + " row " + i,
                            String.valueOf(row),
                            "rows of the base, 0 to " + (points.rows() - 1));
                }
            }
        }
        return rows;
    }

    /** The name that was given, else that of the directory that holds the base. */
    private String name() {
        if (!dataset.isEmpty()) {
            return dataset;
        }
        Path parent = data.base().toAbsolutePath().getParent();
        Path name = parent == null ? null : parent.getFileName();
        return name == null ? "unnamed" : name.toString();
    }
}
