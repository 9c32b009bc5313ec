package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench fields}: what indexed fields cost a shard. */
@Command(
        name = "fields",
        description = {
            "Rows a second that a shard takes with all fields indexed and with none, in turns, and"
                    + " memory and disk for each point."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench fields --rows 100000 --rounds 2",
            "  arbalest bench fields --rows 1000000 --indexed true"
        })
public final class FieldsCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 10_000_000;
    private static final int MOST_FIELDS = 64;
    private static final int MOST_DIMENSIONS = 4096;
    private static final int MOST_ROUNDS = 100;
    private static final int MOST_THREADS = 64;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Option(names = "--rows", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int rows = 100_000;

    @Option(names = "--fields", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int fields = 20;

    @Option(names = "--dim", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int dimension = 128;

    @Option(names = "--rounds", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int rounds = 1;

    @Option(
            names = "--indexer-threads",
            paramLabel = "N",
            description = "that link rows; default: ${DEFAULT-VALUE}")
    int indexerThreads = 1;

    @Option(
            names = "--indexed",
            arity = "1",
            split = ",",
            paramLabel = "WHETHER",
            description = "default: ${DEFAULT-VALUE}")
    List<Boolean> indexed = List.of(false, true);

    /** Writes to the console. */
    public FieldsCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        check("--rows", rows, MOST_ROWS);
        check("--fields", fields, MOST_FIELDS);
        check("--dim", dimension, MOST_DIMENSIONS);
        check("--rounds", rounds, MOST_ROUNDS);
        check("--indexer-threads", indexerThreads, MOST_THREADS);
        ResultWriter out =
                format.writer(
                        console,
                        "indexed",
                        "rows",
                        "fields",
                        "rows_s",
                        "acknowledged_rows_s",
                        "cpu_us_row",
                        "store_rows_s",
                        "store_cpu_us_row",
                        "metadata_bytes",
                        "segment_bytes",
                        "heap_bytes",
                        "resident_bytes");
        FieldCost bench = new FieldCost(rows, fields, dimension, indexerThreads);
        for (int round = 0; round < rounds; round++) {
            for (boolean all : indexed) {
                FieldCost.Cost cost = bench.measure(all);
                out.row(
                        String.valueOf(all),
                        rows,
                        fields,
                        ResultWriter.rounded(cost.rowsPerSecond(), 0),
                        ResultWriter.rounded(cost.acknowledgedPerSecond(), 0),
                        ResultWriter.rounded(cost.processorMicros(), 1),
                        ResultWriter.rounded(cost.storeRowsPerSecond(), 0),
                        ResultWriter.rounded(cost.storeProcessorMicros(), 1),
                        ResultWriter.rounded(cost.metadataBytes(), 1),
                        ResultWriter.rounded(cost.segmentBytes(), 1),
                        ResultWriter.rounded(cost.heapBytes(), 1),
                        ResultWriter.rounded(cost.residentBytes(), 1));
            }
        }
        return 0;
    }

    private static void check(String option, int got, int most) {
        BenchErrors.requireWithin("arbalest bench fields", option, got, 1, most);
    }
}
