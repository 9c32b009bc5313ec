package io.arbalest.benchmarks;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench jmh}: hands its arguments to JMH. */
@Command(
        name = "jmh",
        description = "Runs the JMH benchmarks whose names match; all arguments are JMH's own.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench jmh -- -l                    what there is",
            "  arbalest bench jmh HalfDot",
            "  arbalest bench jmh -- HalfDot -p dimension=96,1536 -rf csv"
        })
final class JmhCommand implements Callable<Integer> {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit; JMH's own help: -- -h")
    boolean help;

    @Parameters(paramLabel = "ARGUMENT", description = "of JMH, the options after --")
    List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        org.openjdk.jmh.Main.main(arguments.toArray(String[]::new));
        return 0;
    }
}
