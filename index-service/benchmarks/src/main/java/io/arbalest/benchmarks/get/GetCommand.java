package io.arbalest.benchmarks.get;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.benchmarks.shard.Directories;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench get}: points by key from a node, one and many at a time. */
@Command(
        name = "get",
        description = {
            "Starts a node, fills it over Flight, and gets points by key with the Java client over"
                    + " loopback,",
            "one key a call and many, in turns."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench get",
            "  arbalest bench get --rows 1000000 --keys 1,100,1000 --vector"
        })
public final class GetCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000_000;
    private static final int MOST_KEYS = 10_000;
    private static final int MOST_CALLS = 10_000_000;
    private static final int MOST_DIMENSIONS = 4096;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Option(names = "--rows", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int rows = 100_000;

    @Option(names = "--dim", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int dimension = 128;

    @Option(
            names = "--keys",
            split = ",",
            paramLabel = "N",
            description = "of a call, each measured; default: ${DEFAULT-VALUE}")
    List<Integer> keys = List.of(1, 100);

    @Option(
            names = "--calls",
            paramLabel = "N",
            description = "measured, of each number of keys; default: ${DEFAULT-VALUE}")
    int calls = 10_000;

    @Option(
            names = "--fields",
            paramLabel = "N",
            description =
                    "metadata fields returned, of "
                            + GetBench.FIELDS
                            + "; default: ${DEFAULT-VALUE}")
    int fields = GetBench.FIELDS;

    @Option(names = "--vector", description = "return the vectors too")
    boolean vector;

    /** Writes to the console. */
    public GetCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        check("--rows", rows, 1, MOST_ROWS);
        check("--dim", dimension, 1, MOST_DIMENSIONS);
        check("--calls", calls, GetBench.BLOCK, MOST_CALLS);
        check("--fields", fields, 0, GetBench.FIELDS);
        for (int count : keys) {
            check("--keys", count, 1, Math.min(rows, MOST_KEYS));
        }
        Directories.temporary("arbalest-bench-get", this::run);
        return 0;
    }

    private void run(Path directory) throws Exception {
        ResultWriter out =
                format.writer(
                        console, "keys", "calls", "fields", "vector", "keys_s", "p50_us", "p99_us",
                        "p999_us");
        GetBench bench =
                new GetBench(
                        rows,
                        dimension,
                        keys,
                        calls,
                        fields,
                        vector,
                        line -> console.say("%s", line));
        for (GetBench.Row row : bench.run(directory)) {
            out.row(
                    row.keys(),
                    row.calls(),
                    fields,
                    String.valueOf(vector),
                    ResultWriter.rounded(row.keysPerSecond(), 0),
                    ResultWriter.rounded(row.p50(), 1),
                    ResultWriter.rounded(row.p99(), 1),
                    ResultWriter.rounded(row.p999(), 1));
        }
    }

    private static void check(String option, int got, int least, int most) {
        BenchErrors.requireWithin("arbalest bench get", option, got, least, most);
    }
}
