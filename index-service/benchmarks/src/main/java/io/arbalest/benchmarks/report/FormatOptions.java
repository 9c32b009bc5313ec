package io.arbalest.benchmarks.report;

import picocli.CommandLine.Option;

/** Options that every benchmark has; add it with picocli's {@code @Mixin}. */
public final class FormatOptions {
    @Option(
            names = "--format",
            paramLabel = "csv|json",
            description = "form of the results; default: csv")
    ResultFormat format = ResultFormat.CSV;

    @Option(names = "--debug", description = "print stack traces")
    boolean debug;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    boolean help;

    /** The form of the results. */
    public ResultFormat format() {
        return format;
    }

    /** Writes rows of these columns to the console's results. */
    public ResultWriter writer(BenchConsole console, String... columns) {
        return new ResultWriter(console.out(), format, java.util.List.of(columns));
    }
}
