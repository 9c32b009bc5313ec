package io.arbalest.benchmarks.adaptive;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.data.ArrayRows;
import io.arbalest.benchmarks.data.DataSetOptions;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.data.TruthOption;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.benchmarks.shard.Directories;
import io.arbalest.engine.SearchSpec;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code bench adaptive}: distances saved and recall lost by the adaptive stop. */
@Command(
        name = "adaptive",
        description = {
            "The same queries with walks that go to their end, and with walks that end once the"
                    + " best k have settled,",
            "on a shard of one sealed segment: distances, recall and queries per second."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench adaptive --base base.fvecs.gz --query query.fvecs.gz --metric l2 -k"
                    + " 100 --ef 150,200,300,400",
            "",
            "saved is the share of the distances that were not computed, lost the recall that was."
        })
public final class AdaptiveCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000_000;
    private static final int MOST_ROUNDS = 1000;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin DataSetOptions data = new DataSetOptions();

    @Mixin TruthOption truth = new TruthOption();

    @Mixin GraphOptions graph = new GraphOptions();

    @Option(
            names = {"-k", "--limit"},
            paramLabel = "N",
            description = "rows wanted; default: ${DEFAULT-VALUE}")
    int k = 100;

    @Option(
            names = "--ef",
            split = ",",
            paramLabel = "N",
            description = "candidates of a search; default: 150,200,300,400")
    int[] efs = {150, 200, 300, 400};

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "in which each query is asked both ways; default: ${DEFAULT-VALUE}")
    int rounds = 2;

    /** Writes to the console. */
    public AdaptiveCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        float[][] points = VectorFile.floats(data.base(), MOST_ROWS);
        check("-k", k, Math.min(SearchSpec.MAX_K, points.length));
        check("--rounds", rounds, MOST_ROUNDS);
        for (int ef : efs) {
            check("--ef", ef, HnswParams.MAX_EF);
        }
        Directories.temporary("arbalest-bench-adaptive", directory -> run(points, directory));
        return 0;
    }

    private void run(float[][] points, Path directory) throws Exception {
        float[][] asked = VectorFile.floats(data.query(), MOST_ROWS);
        Metric how = data.metric();
        ResultWriter out =
                format.writer(
                        console,
                        "ef",
                        "k",
                        "n",
                        "dim",
                        "codes",
                        "scored",
                        "scored_adaptive",
                        "saved",
                        "recall",
                        "recall_adaptive",
                        "lost",
                        "qps",
                        "qps_adaptive");
        AdaptiveBench.Settings settings =
                new AdaptiveBench.Settings(
                        points,
                        asked,
                        truth.nearest(new ArrayRows(points), asked, how, k, console),
                        how,
                        graph.hnsw(HnswParams.DEFAULT.ef()),
                        k,
                        efs,
                        rounds,
                        directory);
        new AdaptiveBench(settings)
                .run(
                        row ->
                                out.row(
                                        row.ef(),
                                        k,
                                        points.length,
                                        points[0].length,
                                        row.codes(),
                                        ResultWriter.rounded(row.scored(), 1),
                                        ResultWriter.rounded(row.scoredAdaptively(), 1),
                                        ResultWriter.rounded(row.saved(), 3),
                                        ResultWriter.rounded(row.recall(), 4),
                                        ResultWriter.rounded(row.recallAdaptively(), 4),
                                        ResultWriter.rounded(row.lost(), 4),
                                        ResultWriter.rounded(row.qps(), 0),
                                        ResultWriter.rounded(row.qpsAdaptively(), 0)),
                        line -> console.say("%s", line));
    }

    private static void check(String option, int got, int most) {
        BenchErrors.requireWithin("arbalest bench adaptive", option, got, 1, most);
    }
}
