package io.arbalest.jobs.demo;

import io.arbalest.jobs.local.JavaRuntime;
import io.arbalest.jobs.local.Repository;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * {@code arbalest demo}: the main job, end to end, on real data, from one command.
 *
 * <p>Exit codes: 0 every check held; 1 something failed; 2 usage; 130 or 143 stopped before it had
 * finished.
 *
 * <p>Confined to the main thread; a shutdown hook undoes what was started.
 */
@Command(
        name = "arbalest demo",
        description = {
            "Start a Kafka broker, index nodes and Flink on this machine, stream the Debian package"
                + " catalogue into them, search while it arrives, and check everything at the end.",
            "Stays up for you to play with until Ctrl-C."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest demo",
            "  arbalest demo --exit --records 10000        a quick check, exit code 0 if all of it"
                    + " held",
            "  arbalest demo --data-dir /data/demo         keep logs and data"
        })
public final class DemoCommand implements Callable<Integer> {
    /** Chosen so that two cores keep up with broker, Flink, nodes and graph building together. */
    private static final int DEFAULT_RATE = 1200;

    private static final int ALL = Integer.MAX_VALUE;
    private static final int MOST_NODES = 16;
    private static final int HELP_COLUMNS = 110;

    @Option(
            names = "--records",
            paramLabel = "N",
            description = "how many records of the catalogue; default: all")
    int records = ALL;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description = "records a second; default: ${DEFAULT-VALUE}")
    int rate = DEFAULT_RATE;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description = "index nodes; default: ${DEFAULT-VALUE}")
    int nodes = 3;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "an empty directory for data and logs, kept; default: a temporary one")
    Optional<Path> dataDirectory = Optional.empty();

    @Option(
            names = "--port",
            paramLabel = "N",
            description =
                    "ports of the nodes: N, N+1, N+2, then +10 for each node; default: free ones")
    Optional<Integer> firstPort = Optional.empty();

    @Option(
            names = "--collection",
            paramLabel = "NAME",
            description = "collection and topic; default: ${DEFAULT-VALUE}")
    String collection = "packages";

    @Option(names = "--exit", description = "end after the summary")
    boolean exit;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    boolean help;

    private volatile boolean succeeded;

    /** Runs the demo and ends the JVM with its exit code. */
    public static void main(String[] arguments) {
        CommandLine commandLine = new CommandLine(new DemoCommand());
        commandLine.setUsageHelpWidth(HELP_COLUMNS);
        commandLine.setParameterExceptionHandler((error, given) -> {
            System.err.println(
                    new ArbalestException(
                                    ErrorCode.MALFORMED_REQUEST,
                                    String.valueOf(error.getMessage()),
                                    "see arbalest demo --help")
                            .getMessage());
            return 2;
        });
        commandLine.setExecutionExceptionHandler((error, command, parsed) -> fail(error));
        System.exit(commandLine.execute(arguments));
    }

    private static int fail(Exception error) {
        String line =
                error instanceof ArbalestException
                        ? String.valueOf(error.getMessage())
                        : new ArbalestException(
                                        ErrorCode.INTERNAL,
                                        error.toString(),
                                        "see the demo's log",
                                        error)
                                .getMessage();
        System.err.println(line);
        return 1;
    }

    @Override
    public Integer call() throws Exception {
        Settings settings = settings();
        Path home = Path.of(System.getProperty("arbalest.home", ".arbalest"));
        Workplace workplace =
                Workplace.open(home.toAbsolutePath().normalize(), settings.dataDirectory());
        logTo(workplace.data().resolve("demo.log"));
        Screen screen = screen();
        try (Cleanup cleanup = new Cleanup()) {
            cleanup.add(workplace::close);
            Thread hook = new Thread(() -> stop(screen, cleanup), "demo-stop");
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                JavaRuntime.forNodes(); // one clear line now rather than a child that fails later
                return run(settings, workplace, screen, cleanup);
            } catch (Exception e) {
                return failed(e, workplace, screen, cleanup);
            }
        }
    }

    private int run(Settings settings, Workplace workplace, Screen screen, Cleanup cleanup)
            throws InterruptedException {
        Path data =
                Repository.find()
                        .root()
                        .resolve(Path.of("jobs", "src", "main", "demo-data", "debian-packages"));
        screen.line(
                String.format(
                        Locale.ROOT,
                        "Arbalest demo: %s at %,d/s, %d nodes, data in %s%s",
                        settings.records() == ALL
                                ? "the whole Debian package catalogue"
                                : settings.records() + " packages",
                        settings.rate(),
                        settings.nodes(),
                        workplace.data(),
                        workplace.temporary() ? " (removed at the end)" : ""));
        screen.line("");
        boolean held = new Demo(settings, workplace, data, screen, cleanup).run();
        succeeded = held;
        if (!settings.exit()) {
            new CountDownLatch(1).await(); // until Ctrl-C
        }
        screen.line("");
        screen.line(
                String.format(
                        Locale.ROOT,
                        held ? "All checks held. %.1f s." : "Some checks FAILED. %.1f s.",
                        screen.elapsedSeconds()));
        return held ? 0 : 1;
    }

    private static int failed(Exception error, Workplace workplace, Screen screen, Cleanup cleanup)
            throws IOException, InterruptedException {
        if (cleanup.closed()) {
            new CountDownLatch(1)
                    .await(); // being stopped: what fails now is no news, and the JVM is about to
            // end
        }
        screen.endLive();
        Path kept = workplace.keepLogs();
        int code = fail(error);
        System.err.println("The logs of this run are in " + kept);
        return code;
    }

    /** What Ctrl-C does, and the end of every run. */
    private void stop(Screen screen, Cleanup cleanup) {
        if (cleanup.closed()) {
            return;
        }
        screen.lastWord("\nStopping ...");
        cleanup.close();
        if (succeeded) {
            Runtime.getRuntime().halt(0); // stopped on purpose after everything had held
        }
    }

    private Settings settings() {
        check(records > 0, "--records " + records, "use a positive number");
        check(rate > 0, "--rate " + rate, "use a positive number");
        check(nodes > 0 && nodes <= MOST_NODES, "--nodes " + nodes, "use 1.." + MOST_NODES);
        int highest = firstPort.orElse(1024) + 10 * nodes;
        check(
                firstPort.orElse(1024) > 0 && highest < 65_536,
                "--port " + firstPort.orElse(0),
                "use a lower port");
        return new Settings(records, rate, nodes, dataDirectory, firstPort, exit, collection);
    }

    private static void check(boolean holds, String what, String fix) {
        if (!holds) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION, what + " is not possible", fix);
        }
    }

    private static Screen screen() {
        int columns = Integer.getInteger("arbalest.columns", 0);
        PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        return new Screen(out, columns > 0, columns);
    }

    /** Sends what libraries log to a file; must come before the first logger is made. */
    private static void logTo(Path file) {
        System.setProperty("arbalest.demo.log", file.toString());
        System.setProperty("log4j2.configurationFile", "classpath:log4j2-demo.properties");
        Logger.getLogger("").setLevel(Level.OFF);
    }
}
