package io.arbalest.benchmarks.restart;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.benchmarks.shard.Directories;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code bench restart}: a node that was killed, from the start of its process on. */
@Command(
        name = "restart",
        description = {
            "Fills a shard of a node in a process of its own, kills the node with SIGKILL when the"
                    + " last row is acknowledged, starts it again:",
            "how long until the first correct answer, and how near and how fast answers are while"
                    + " the rest is linked, second by second."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench restart --rows 100000",
            "  arbalest bench restart --dir D --fill      only fills, minutes for a million rows",
            "  arbalest bench restart --dir D             measures what was filled; once, because"
                    + " the node goes on from there",
            "",
            "The row 'first' has the seconds from the start of the process and from the opening of"
                + " the shard to the first correct answer; second 0 of 'linking' and 'linked' sums"
                + " the phase up. Times of calls are in microseconds, over loopback."
        })
public final class RestartCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 100_000_000;
    private static final int MOST_DIMENSION = 4096;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin GraphOptions graph = new GraphOptions();

    @Option(names = "--rows", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int rows = 1_000_000;

    @Option(names = "--dimension", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int dimension = 128;

    @Option(
            names = "--dir",
            paramLabel = "DIRECTORY",
            description = "of the node, on the disk to measure; default: a temporary one")
    @Nullable Path directory;

    @Option(names = "--fill", description = "only fill and kill; needs --dir")
    boolean fillOnly;

    @Option(
            names = "--settled",
            paramLabel = "N",
            description = "seconds to go on once everything is linked; default: ${DEFAULT-VALUE}")
    int settled = 10;

    @Option(
            names = "--ef",
            paramLabel = "N",
            description = "candidates of a search; default: ${DEFAULT-VALUE}")
    int ef = 100;

    /** Writes to the console. */
    public RestartCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        check("--rows", rows, 1000, MOST_ROWS);
        check("--dimension", dimension, 1, MOST_DIMENSION);
        check("--settled", settled, 1, 3600);
        Path given = directory;
        if (given == null) {
            if (fillOnly) {
                throw BenchErrors.badOption("--fill", "alone", "with --dir");
            }
            Directories.temporary("arbalest-bench-restart", this::run);
        } else {
            run(Files.createDirectories(given).toAbsolutePath());
        }
        return 0;
    }

    private void run(Path where) throws Exception {
        RestartBench bench =
                new RestartBench(
                        new RestartBench.Settings(rows, dimension, graph.hnsw(ef), settled, where),
                        line -> console.say("%s", line));
        bench.fill();
        if (fillOnly) {
            return;
        }
        ResultWriter out =
                format.writer(
                        console,
                        "phase",
                        "second",
                        "process_s",
                        "opening_s",
                        "tail",
                        "queries",
                        "recall10",
                        "p50_us",
                        "p99_us");
        bench.measure(
                first ->
                        out.row(
                                "first",
                                null,
                                ResultWriter.rounded(first.processSeconds(), 2),
                                ResultWriter.rounded(first.openingSeconds(), 2),
                                first.recoveredRows(),
                                null,
                                null,
                                null,
                                null),
                span ->
                        out.row(
                                span.phase(),
                                span.second(),
                                null,
                                null,
                                span.tail(),
                                span.queries(),
                                ResultWriter.rounded(span.recall(), 4),
                                ResultWriter.rounded(span.p50(), 1),
                                ResultWriter.rounded(span.p99(), 1)));
    }

    private static void check(String option, int got, int least, int most) {
        BenchErrors.requireWithin("arbalest bench restart", option, got, least, most);
    }
}
