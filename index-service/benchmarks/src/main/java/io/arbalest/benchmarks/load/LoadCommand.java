package io.arbalest.benchmarks.load;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.data.ArrayRows;
import io.arbalest.benchmarks.data.DataSetOptions;
import io.arbalest.benchmarks.data.ExactTruth;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.benchmarks.shard.Directories;
import io.arbalest.engine.EngineOptions;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code bench load}: searching and writing, alone and together, and searching during merges. */
@Command(
        name = "load",
        description = {
            "One client that writes as fast as it is let and one that searches, each alone, both"
                    + " together, in turns,",
            "then searches while segments are merged; on one shard as a node runs it."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench load --base base.fvecs.gz --query query.fvecs.gz --metric l2",
            "",
            "p99_ratio is to searching alone (of merge: to held, the same segments before they are"
                    + " merged), ingest_ratio to writing alone. Times in microseconds."
        })
public final class LoadCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000_000;
    private static final int MOST_ROUNDS = 1000;
    private static final int TRUTH = 200;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin DataSetOptions data = new DataSetOptions();

    @Mixin GraphOptions graph = new GraphOptions();

    @Option(
            names = "--truth",
            paramLabel = "FILE",
            description =
                    "ivecs or ivecs.gz: the nearest rows of each query, 100 or more; default:"
                            + " computed")
    @Nullable Path truth;

    @Option(
            names = "--rows",
            paramLabel = "N",
            description = "points that are there before anything is measured; default: half")
    int rows;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "of searching, writing and both; default: ${DEFAULT-VALUE}")
    int rounds = 4;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "that each round searches alone; default: ${DEFAULT-VALUE}")
    int seconds = 3;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "rows of a write; default: ${DEFAULT-VALUE}")
    int batch = 256;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            description = "writes that are not acknowledged; default: ${DEFAULT-VALUE}")
    int inFlight = 4;

    @Option(
            names = "--segment-rows",
            paramLabel = "N",
            description = "of a growing segment; default: ${DEFAULT-VALUE}")
    int segmentRows = EngineOptions.DEFAULT.growingSegmentRows();

    @Option(
            names = "--indexer-threads",
            paramLabel = "N",
            description = "that link rows; default: ${DEFAULT-VALUE}")
    int indexerThreads = EngineOptions.DEFAULT.indexerThreads();

    @Option(
            names = "--ef",
            paramLabel = "N",
            description = "candidates of a search; default: ${DEFAULT-VALUE}")
    int ef = 100;

    /** Writes to the console. */
    public LoadCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        check("--rounds", rounds, MOST_ROUNDS);
        check("--seconds", seconds, 3600);
        check("--batch", batch, 1 << 16);
        check("--in-flight", inFlight, 1 << 10);
        float[][] points = VectorFile.floats(data.base(), MOST_ROWS);
        int first = rows == 0 ? points.length / 2 : rows;
        check("--rows", first, points.length - 2 * rounds);
        Directories.temporary("arbalest-bench-load", directory -> run(points, first, directory));
        return 0;
    }

    private void run(float[][] points, int first, Path directory) throws Exception {
        float[][] asked = VectorFile.floats(data.query(), MOST_ROWS);
        Metric how = data.metric();
        LoadBench.Settings settings =
                new LoadBench.Settings(
                        points,
                        asked,
                        nearest(points, asked, how),
                        how,
                        graph.hnsw(ef),
                        EngineOptions.DEFAULT
                                .withGrowingSegmentRows(segmentRows)
                                .withIndexerThreads(indexerThreads),
                        first,
                        rounds,
                        batch,
                        inFlight,
                        seconds * 1_000_000_000L,
                        directory.resolve("shard"));
        // what is measured is a node that has served for a while, not the JVM's compiler
        new LoadBench(settings.small(directory.resolve("small")))
                .run(row -> {}, line -> console.say("warm-up: %s", line));
        ResultWriter out =
                format.writer(
                        console,
                        "load",
                        "rows",
                        "rows_s",
                        "ingest_ratio",
                        "queries",
                        "qps",
                        "p50_us",
                        "p99_us",
                        "p999_us",
                        "p99_ratio",
                        "recall10");
        new LoadBench(settings)
                .run(
                        row ->
                                out.row(
                                        row.load(),
                                        row.rows(),
                                        ResultWriter.rounded(row.rowsPerSecond(), 0),
                                        ResultWriter.rounded(row.ingestRatio(), 3),
                                        row.queries(),
                                        ResultWriter.rounded(row.qps(), 0),
                                        ResultWriter.rounded(row.p50(), 1),
                                        ResultWriter.rounded(row.p99(), 1),
                                        ResultWriter.rounded(row.p999(), 1),
                                        ResultWriter.rounded(row.p99Ratio(), 2),
                                        ResultWriter.rounded(row.recall(), 4)),
                        line -> console.say("%s", line));
    }

    private int[][] nearest(float[][] points, float[][] asked, Metric how) throws IOException {
        Path given = truth;
        if (given != null) {
            return VectorFile.ints(given, asked.length);
        }
        console.say("comparing %d queries with %d rows", asked.length, points.length);
        int threads = Runtime.getRuntime().availableProcessors();
        int k = Math.min(TRUTH, points.length);
        return ExactTruth.of(asked, new ArrayRows(points), how, k, threads);
    }

    private static void check(String option, int got, int most) {
        BenchErrors.requireWithin("arbalest bench load", option, got, 1, most);
    }
}
