package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.data.DataSetOptions;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.benchmarks.shard.Directories;
import io.arbalest.engine.FilterPlan;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench filters}: what a filter costs at any selectivity, plan beside plan. */
@Command(
        name = "filters",
        description = {
            "Recall@10 and time of searches with filters that 100 to 0.01 percent of the rows"
                    + " pass,",
            "with every plan, without a filter and with a peer, in turns, on one shard as a node"
                    + " runs it."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench filters --base base.fvecs.gz --query query.fvecs.gz --metric ip",
            "",
            "A correlated filter accepts the points nearest to a pivot and is asked with queries"
                    + " far from it. Times in microseconds."
        })
public final class FiltersCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000_000;
    private static final int MOST_PASSES = 1000;
    private static final int MOST_SEGMENTS = 1000;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin DataSetOptions data = new DataSetOptions();

    @Mixin GraphOptions graph = new GraphOptions();

    @Option(
            names = "--queries",
            paramLabel = "N",
            description = "queries asked, from the first; default: ${DEFAULT-VALUE}")
    int queries = 500;

    @Option(
            names = "--passes",
            paramLabel = "N",
            description = "over the queries, after one to warm up; default: ${DEFAULT-VALUE}")
    int passes = 3;

    @Option(
            names = "--ef",
            paramLabel = "N",
            description = "candidates of a search; default: ${DEFAULT-VALUE}")
    int ef = 100;

    @Option(
            names = "--selectivities",
            split = ",",
            paramLabel = "PERCENT",
            description = "rows that match; default: ${DEFAULT-VALUE}")
    List<Double> selectivities = List.of(100.0, 50.0, 10.0, 1.0, 0.1, 0.01);

    @Option(
            names = "--plans",
            split = ",",
            paramLabel = "PLAN",
            description = "of auto, exact, walk, post; default: all")
    List<FilterPlan> plans = List.of(FilterPlan.values());

    @Option(
            names = "--ingest",
            paramLabel = "N",
            description = "rows a second that are written meanwhile; default: none")
    int ingest;

    @Option(
            names = "--segments",
            paramLabel = "N",
            description =
                    "sealed segments that the rows are spread over; default: ${DEFAULT-VALUE}")
    int segments = 1;

    @Option(
            names = "--peers",
            split = ",",
            paramLabel = "PEER",
            description = "lucene, or nothing, which is the default")
    List<String> peers = List.of();

    @Option(
            names = "--peer-ef",
            split = ",",
            paramLabel = "N",
            description = "candidates of the peer's searches; default: ${DEFAULT-VALUE}")
    List<Integer> peerEfs = List.of(20, 50, 100, 200, 400);

    /** Writes to the console. */
    public FiltersCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        check(
                queries >= 1 && passes >= 1 && passes <= MOST_PASSES && ingest >= 0 && ef >= 1,
                "queries " + queries + ", passes " + passes + ", ingest " + ingest + ", ef " + ef,
                "use positive numbers, and at most " + MOST_PASSES + " passes");
        check(
                segments >= 1 && segments <= MOST_SEGMENTS,
                "--segments is " + segments + ", expected 1 to " + MOST_SEGMENTS,
                "use fewer");
        check(
                List.of("lucene").containsAll(peers) && peerEfs.stream().allMatch(n -> n >= 1),
                "--peers " + peers + ", --peer-ef " + peerEfs,
                "the only peer is lucene, and its ef is at least 1");
        check(
                selectivities.stream().allMatch(percent -> percent > 0 && percent <= 100),
                "--selectivities is " + selectivities,
                "use numbers above 0, at most 100");
        Directories.temporary("arbalest-bench-filters", this::run);
        return 0;
    }

    private static void check(boolean holds, String what, String fix) {
        if (!holds) {
            throw new ArbalestException(ErrorCode.MALFORMED_REQUEST, what, fix);
        }
    }

    private void run(Path directory) throws Exception {
        FilterBench.Settings settings =
                new FilterBench.Settings(
                        VectorFile.floats(data.base(), MOST_ROWS),
                        VectorFile.floats(data.query(), queries),
                        data.metric(),
                        graph.hnsw(ef),
                        selectivities,
                        passes,
                        ef,
                        segments,
                        ingest,
                        plans,
                        peers.isEmpty() ? List.of() : peerEfs,
                        directory);
        ResultWriter out =
                format.writer(
                        console,
                        "selectivity",
                        "correlated",
                        "plan",
                        "recall10",
                        "p50_us",
                        "p99_us",
                        "unfiltered_p99_us",
                        "unfiltered_p50_us",
                        "unfiltered_recall10",
                        "chosen",
                        "distances",
                        "fallbacks",
                        "ef",
                        "mean_us");
        FilterSummary summary = new FilterSummary();
        new FilterBench(settings)
                .run(
                        row -> {
                            summary.add(row);
                            out.row(
                                    String.valueOf(row.selectivity()),
                                    String.valueOf(row.correlated()),
                                    row.plan(),
                                    ResultWriter.rounded(row.recall(), 4),
                                    ResultWriter.rounded(row.p50(), 1),
                                    ResultWriter.rounded(row.p99(), 1),
                                    ResultWriter.rounded(row.unfilteredP99(), 1),
                                    ResultWriter.rounded(row.unfilteredP50(), 1),
                                    ResultWriter.rounded(row.unfilteredRecall(), 4),
                                    row.chosen(),
                                    ResultWriter.rounded(row.scored(), 0),
                                    ResultWriter.rounded(row.fallbacks(), 3),
                                    String.valueOf(row.ef()),
                                    ResultWriter.rounded(row.mean(), 1));
                        },
                        line -> console.say("%s", line));
        summary.lines().forEach(line -> console.say("%s", line));
    }
}
