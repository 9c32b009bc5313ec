package io.arbalest.cli;

import picocli.CommandLine.Option;

/** Options that every command has. */
final class OutputOptions {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table or json; default: ${DEFAULT-VALUE}")
    OutputFormat format = OutputFormat.TABLE;

    @Option(names = "--debug", description = "print stack traces and log lines")
    boolean debug;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    boolean help;

    boolean json() {
        return format == OutputFormat.JSON;
    }
}
