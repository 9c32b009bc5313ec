package io.arbalest.benchmarks;

import io.arbalest.benchmarks.adaptive.AdaptiveCommand;
import io.arbalest.benchmarks.ann.AnnCommand;
import io.arbalest.benchmarks.ann.SummaryCommand;
import io.arbalest.benchmarks.churn.ChurnCommand;
import io.arbalest.benchmarks.codes.CodesCommand;
import io.arbalest.benchmarks.disk.DiskCommand;
import io.arbalest.benchmarks.filters.FieldsCommand;
import io.arbalest.benchmarks.filters.FiltersCommand;
import io.arbalest.benchmarks.get.GetCommand;
import io.arbalest.benchmarks.load.LoadCommand;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.restart.RestartCommand;
import io.arbalest.benchmarks.wal.WalCommand;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * {@code arbalest bench WHAT}: results on standard output, progress and errors on standard error.
 *
 * <p>A new benchmark is a class with picocli's {@code @Command} that implements {@code
 * Callable<Integer>}, takes a {@link BenchConsole} and writes its rows through it, and one line in
 * {@link #commandLine}. Its exit code is 0 ok, 1 failed, 2 usage.
 *
 * <p>Confined to the main thread.
 */
@Command(
        name = "bench",
        description = "Measures Arbalest, beside peers in the same run.",
        synopsisSubcommandLabel = "WHAT",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench ann --base b.fvecs.gz --query q.fvecs.gz --truth t.ivecs.gz --metric"
                    + " l2 \\",
            "      --peers hnswlib,faiss,lucene,jvector > ann.csv",
            "  arbalest bench summary ann.csv              the same at recall .90, .95 and .99",
            "  arbalest bench jmh HalfDot                  the distance kernels",
            "  arbalest bench wal --dir . --peers fio      the log",
            "  arbalest bench filters --base B --query Q --metric ip",
            "  arbalest bench load --base B --query Q --metric l2   searches beside writes and"
                    + " merges",
            "  arbalest bench restart --rows 100000        a node after SIGKILL",
            "",
            "Results go to standard output as CSV or, with --format json, as one JSON object a"
                + " line; progress goes to standard error. What the columns mean and how to compare"
                + " fairly: index-service/benchmarks/README.md"
        })
public final class BenchCommand {
    private static final int HELP_COLUMNS = 110;
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    boolean help;

    /** Runs one benchmark and ends the JVM with its exit code. */
    public static void main(String[] arguments) {
        PrintStream out = stream(FileDescriptor.out);
        PrintStream progress = stream(FileDescriptor.err);
        int exitCode = run(new BenchConsole(out, progress), arguments);
        out.flush();
        System.exit(exitCode);
    }

    /** Runs one benchmark; returns its exit code. */
    public static int run(BenchConsole console, String... arguments) {
        CommandLine root = commandLine(console);
        if (arguments.length == 0) {
            root.usage(console.progress());
            return USAGE;
        }
        return root.execute(arguments);
    }

    private static CommandLine commandLine(BenchConsole console) {
        CommandLine root = new CommandLine(new BenchCommand());
        root.addSubcommand(new AnnCommand(console));
        root.addSubcommand(new AdaptiveCommand(console));
        root.addSubcommand(new CodesCommand(console));
        root.addSubcommand(new SummaryCommand(console));
        root.addSubcommand(new GenerateCommand(console));
        root.addSubcommand(new JmhCommand());
        root.addSubcommand(new WalCommand(console));
        root.addSubcommand(new FiltersCommand(console));
        root.addSubcommand(new FieldsCommand(console));
        root.addSubcommand(new GetCommand(console));
        root.addSubcommand(new LoadCommand(console));
        root.addSubcommand(new ChurnCommand(console));
        root.addSubcommand(new DiskCommand(console));
        root.addSubcommand(new RestartCommand(console));

        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setUsageHelpWidth(HELP_COLUMNS);
        root.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(console.progress(), true, StandardCharsets.UTF_8));
        root.setParameterExceptionHandler((error, _) -> usage(console, error));
        root.setExecutionExceptionHandler((error, _, parsed) -> {
            console.progress().println(BenchErrors.coded(error).getMessage());
            if (parsed.originalArgs().contains("--debug")) {
                error.printStackTrace(console.progress());
            }
            return FAILED;
        });
        return root;
    }

    private static int usage(BenchConsole console, ParameterException error) {
        CommandSpec command = error.getCommandLine().getCommandSpec();
        ArbalestException coded =
                new ArbalestException(
                        ErrorCode.MALFORMED_REQUEST,
                        String.valueOf(error.getMessage()),
                        "see arbalest " + command.qualifiedName() + " --help");
        console.progress().println(coded.getMessage());
        return USAGE;
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }
}
