package io.arbalest.benchmarks.codes;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.data.ArrayRows;
import io.arbalest.benchmarks.data.DataSetOptions;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.data.TruthOption;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code bench codes}: recall and speed of one graph with each kind of code. */
@Command(
        name = "codes",
        description = {
            "One graph packed with each kind of code and without: recall, queries per second,"
                    + " bytes; and which codes",
            "the rule chooses for it in each layout. Its reasons go to standard error."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench codes --base base.fvecs.gz --query query.fvecs.gz --metric l2 --ef"
                    + " 100 -k 10,50"
        })
public final class CodesCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000_000;
    private static final int MOST_ROUNDS = 1000;
    private static final int MOST_THREADS = 256;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin DataSetOptions data = new DataSetOptions();

    @Mixin TruthOption truth = new TruthOption();

    @Mixin GraphOptions graph = new GraphOptions();

    @Option(
            names = {"-k", "--limit"},
            split = ",",
            paramLabel = "N",
            description = "rows wanted; default: 10,50")
    int[] ks = {10, 50};

    @Option(
            names = "--ef",
            paramLabel = "N",
            description = "candidates of a search, and of the rule; default: ${DEFAULT-VALUE}")
    int ef = HnswParams.DEFAULT.ef();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "that build; default: ${DEFAULT-VALUE}")
    int threads = 1;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "of all queries; default: ${DEFAULT-VALUE}")
    int rounds = 4;

    /** Writes to the console. */
    public CodesCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        float[][] points = VectorFile.floats(data.base(), MOST_ROWS);
        float[][] asked = VectorFile.floats(data.query(), MOST_ROWS);
        Metric how = data.metric();
        check("--ef", ef, HnswParams.MAX_EF);
        check("--threads", threads, MOST_THREADS);
        check("--rounds", rounds, MOST_ROUNDS);
        for (int k : ks) {
            check("-k", k, Math.min(ef, points.length));
        }
        ResultWriter out =
                format.writer(
                        console,
                        "codes",
                        "chosen",
                        "n",
                        "dim",
                        "ef",
                        "k",
                        "recall",
                        "qps",
                        "bytes_per_vector");
        int most = Arrays.stream(ks).max().orElseThrow();
        CodesBench.Settings settings =
                new CodesBench.Settings(
                        points,
                        asked,
                        truth.nearest(new ArrayRows(points), asked, how, most, console),
                        how,
                        graph.hnsw(ef),
                        ks,
                        threads,
                        rounds);
        new CodesBench(settings)
                .run(
                        row ->
                                out.row(
                                        row.codes().kind().label(),
                                        row.chosen().stream()
                                                .map(l -> l.name().toLowerCase(Locale.ROOT))
                                                .collect(Collectors.joining(" ")),
                                        points.length,
                                        points[0].length,
                                        ef,
                                        row.k(),
                                        ResultWriter.rounded(row.recall(), 4),
                                        ResultWriter.rounded(row.qps(), 0),
                                        row.bytesPerPoint()),
                        line -> console.say("%s", line));
        return 0;
    }

    private static void check(String option, int got, int most) {
        BenchErrors.requireWithin("arbalest bench codes", option, got, 1, most);
    }
}
