package io.arbalest.benchmarks.churn;

import io.arbalest.benchmarks.data.ArrayRows;
import io.arbalest.benchmarks.data.DataSetOptions;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.data.TruthOption;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.util.concurrent.Callable;

/** {@code bench churn}: recall after all points were replaced, beside a fresh graph. */
@Command(
        name = "churn",
        description = {
            "Replaces all points, a share at a time, each time by a merge as a shard does it,",
            "and compares recall@10 with that of a graph that was built at once."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench churn --base base.fvecs.gz --query query.fvecs.gz --metric l2"
                    + " --merges 51"
        })
public final class ChurnCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000_000;
    private static final int MOST_MERGES = 10_000;
    private static final int K = 10;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin DataSetOptions data = new DataSetOptions();

    @Mixin GraphOptions graph = new GraphOptions();

    @Mixin TruthOption truth = new TruthOption();

    @Option(
            names = "--merges",
            paramLabel = "N",
            description = "in which all points are replaced; default: ${DEFAULT-VALUE}")
    int merges = 51;

    @Option(
            names = "--ef",
            split = ",",
            paramLabel = "N",
            description = "candidates of a search; default: 20,40,80,160")
    int[] efs = {20, 40, 80, 160};

    /** Writes to the console. */
    public ChurnCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (merges < 2 || merges > MOST_MERGES) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "--merges is " + merges + ", expected 2 to " + MOST_MERGES,
                    "see arbalest bench churn --help");
        }
        float[][] points = VectorFile.floats(data.base(), MOST_ROWS);
        float[][] asked = VectorFile.floats(data.query(), MOST_ROWS);
        Metric how = data.metric();
        int[][] nearest = truth.nearest(new ArrayRows(points), asked, how, K, console);
        ResultWriter out =
                format.writer(
                        console,
                        "merges",
                        "n",
                        "dim",
                        "ef",
                        "recall10_fresh",
                        "recall10_churned",
                        "fresh_s",
                        "merges_s",
                        "merge_peak_mb");
        new ChurnBench(points, asked, nearest, how, graph.hnsw(efs[0]))
                .run(
                        merges,
                        efs,
                        row ->
                                out.row(
                                        row.merges(),
                                        points.length,
                                        points[0].length,
                                        row.ef(),
                                        ResultWriter.rounded(row.fresh(), 4),
                                        ResultWriter.rounded(row.churned(), 4),
                                        ResultWriter.rounded(row.freshSeconds(), 1),
                                        ResultWriter.rounded(row.mergeSeconds(), 1),
                                        ResultWriter.rounded(row.peakBytes() / 1e6, 1)),
                        line -> console.say("%s", line));
        return 0;
    }
}
