package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The root of the command line. Every failure is one coded line on standard error and an exit code
 * of {@link ExitCode}; with {@code --debug} the stack trace follows.
 *
 * <p>Confined to the main thread.
 */
@Command(
        name = "arbalest",
        description = {
            "A streaming vector index: Kafka and Flink in, nearest-neighbour search out.",
            "",
            "Two more commands are run by the launcher: demo (the whole house on this machine) and"
                    + " node (one index node)."
        },
        synopsisSubcommandLabel = "COMMAND",
        versionProvider = ArbalestCommand.Version.class,
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest demo                               start everything and watch it fill",
            "  arbalest search --text \"chess game\"         search the running demo",
            "  arbalest status",
            "",
            "Exit codes: 0 ok, 1 failed, 2 usage, 3 unreachable, 4 partial answer."
        })
public final class ArbalestCommand {
    private static final int LEAST_HELP_COLUMNS = 60;
    private static final int MOST_HELP_COLUMNS = 110;

    @CommandLine.Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    boolean help;

    @CommandLine.Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "show the version and exit")
    boolean version;

    /** The version of the jar. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = ArbalestCommand.class.getPackage().getImplementationVersion();
            return new String[] {"arbalest " + (version == null ? "development build" : version)};
        }
    }

    /** Runs one command and ends the JVM with its exit code. */
    public static void main(String[] arguments) {
        PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        if (!Arrays.asList(arguments).contains("--debug")) {
            Logger.getLogger("").setLevel(Level.OFF);
        }
        Path root = Path.of(System.getProperty("arbalest.root", ""));
        Shell shell =
                new Shell(
                        out,
                        err,
                        System.in,
                        Path.of(
                                System.getProperty(
                                        "arbalest.home", root.resolve(".arbalest").toString())),
                        root,
                        Integer.getInteger("arbalest.columns", 0),
                        ArbalestClient::connect);
        int exitCode = run(shell, arguments);
        out.flush();
        err.flush();
        System.exit(exitCode);
    }

    /** Runs one command; returns its exit code. */
    public static int run(Shell shell, String... arguments) {
        CommandLine root = commandLine(shell);
        if (arguments.length == 0) {
            root.usage(shell.err());
            return ExitCode.USAGE;
        }
        int exitCode = root.execute(arguments);
        shell.out().flush();
        return exitCode;
    }

    private static CommandLine commandLine(Shell shell) {
        CommandLine collection = new CommandLine(new CollectionCommand());
        collection.addSubcommand(new CollectionCommand.Create(shell));
        collection.addSubcommand(new CollectionCommand.ListAll(shell));
        collection.addSubcommand(new CollectionCommand.Describe(shell));
        collection.addSubcommand(new CollectionCommand.AddField(shell));
        collection.addSubcommand(new CollectionCommand.Drop(shell));
        CommandLine root = new CommandLine(new ArbalestCommand());
        root.addSubcommand(new StatusCommand(shell));
        root.addSubcommand("collection", collection);
        root.addSubcommand(new PutCommand(shell));
        root.addSubcommand(new GetCommand(shell));
        root.addSubcommand(new DeleteCommand(shell));
        root.addSubcommand(new SearchCommand(shell));
        root.addSubcommand(new ExplainCommand(shell));
        root.addSubcommand(new DoctorCommand(shell));
        root.setCaseInsensitiveEnumValuesAllowed(true);
        root.setUsageHelpWidth(
                shell.columns() > 0
                        ? Math.min(MOST_HELP_COLUMNS, Math.max(LEAST_HELP_COLUMNS, shell.columns()))
                        : MOST_HELP_COLUMNS);
        root.setOut(new PrintWriter(shell.out(), true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(shell.err(), true, StandardCharsets.UTF_8));
        root.setParameterExceptionHandler((error, arguments) -> usage(shell, error, arguments));
        root.setExecutionExceptionHandler(
                (error, command, parsed) -> failure(shell, error, parsed.originalArgs()));
        return root;
    }

    private static int usage(Shell shell, ParameterException error, String[] arguments) {
        CommandSpec command = error.getCommandLine().getCommandSpec();
        List<String> alternatives =
                error instanceof CommandLine.UnmatchedArgumentException unmatched
                        ? unmatched.getSuggestions()
                        : List.of();
        String hint =
                alternatives.isEmpty()
                        ? ""
                        : "did you mean " + String.join(" or ", alternatives) + "? ";
        ArbalestException coded =
                new ArbalestException(
                        ErrorCode.MALFORMED_REQUEST,
                        String.valueOf(error.getMessage()),
                        hint + "see " + command.qualifiedName() + " --help");
        print(shell, coded, error, Arrays.asList(arguments));
        return ExitCode.USAGE;
    }

    private static int failure(Shell shell, Exception error, List<String> arguments) {
        ArbalestException coded = ErrorLine.coded(error);
        print(shell, coded, error, arguments);
        return ExitCode.of(coded.code());
    }

    private static void print(
            Shell shell, ArbalestException coded, Exception error, List<String> arguments) {
        shell.out().flush();
        shell.err().println(ErrorLine.render(coded, asksForJson(arguments)));
        if (arguments.contains("--debug")) {
            error.printStackTrace(shell.err());
        }
        shell.err().flush();
    }

    /**
     * Whether JSON was asked for, found out without parsing: the arguments may be what is wrong.
     */
    private static boolean asksForJson(List<String> arguments) {
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i).toLowerCase(Locale.ROOT);
            boolean separate = argument.equals("-o") || argument.equals("--output");
            if (separate
                    && i + 1 < arguments.size()
                    && arguments.get(i + 1).equalsIgnoreCase("json")) {
                return true;
            }
            if (argument.equals("-ojson")
                    || argument.equals("-o=json")
                    || argument.equals("--output=json")) {
                return true;
            }
        }
        return false;
    }
}
