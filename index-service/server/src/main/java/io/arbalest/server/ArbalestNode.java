package io.arbalest.server;

import io.arbalest.engine.AcceptedLoss;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.logging.LogManager;

/**
 * Main class of a node: {@code --config FILE --accept-data-loss COLLECTION/SHARD@ROW}. Prints
 * {@code READY name=NAME flight=PORT http=PORT} on standard output when it serves; everything else
 * goes to standard error. A start that fails, because a log is damaged for example, prints one line
 * {@code ARB-nnnn ...} and exits with 1, a wrong command line with 2; SIGTERM and SIGINT stop the
 * node and exit with 0.
 *
 * <p>Confined to the main thread, apart from the shutdown hook.
 */
public final class ArbalestNode {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    /** Whoever sent the signal waits 5 s before it sends the one that cannot be caught. */
    private static final Duration STOP_LIMIT = Duration.ofMillis(4500);

    private static final String ACCEPT_DATA_LOSS = "--accept-data-loss";
    private static final String LOGGING = "/logging.properties";

    /** Earlier 25s may move a pinned array under a native call (JDK-8377811). */
    private static final Runtime.Version LEAST_JAVA = Runtime.Version.parse("25.0.3");

    private static final String HELP =
            """
            Usage: ArbalestNode [--config FILE] [--accept-data-loss COLLECTION/SHARD@ROW]...
                                                             run a node
                   ArbalestNode config show [--config FILE]  print what is in effect and where it came from
                   ArbalestNode probe-io [--config FILE]     say how the log would be written on this machine
                   ArbalestNode --help

            Examples:
              ./arbalest node --config node.yaml
              ARBALEST_NODE_DATA_DIR=/var/lib/arbalest ./arbalest node --config node.yaml

            --accept-data-loss: a node whose log is damaged refuses to start and says what would be lost if the log
            ended before the damage, and this argument with the row at which. Given, the log is cut there, once; what is
            cut off is kept beside it in files named *.lost. Other damage is refused as before.

            Keys of the file (YAML), with their defaults; each can be overridden by an environment variable:
            """;

    private ArbalestNode() {}

    /** Runs until the process is told to stop. */
    public static void main(String[] args) throws InterruptedException {
        int exitCode = run(new ArrayDeque<>(Arrays.asList(args)));
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    private static int run(Deque<String> arguments) throws InterruptedException {
        try {
            if (arguments.contains("--help") || arguments.contains("-h")) {
                System.out.print(help());
                return 0;
            }
            boolean probe = "probe-io".equals(arguments.peek());
            if (probe) {
                arguments.pop();
            }
            boolean show = String.join(" ", arguments).startsWith("config show");
            if (show) {
                arguments.pop();
                arguments.pop();
            }
            Set<AcceptedLoss> acceptedLosses = acceptedLosses(arguments);
            Path file = configFile(arguments);
            Settings settings = ConfigReader.read(file, System.getenv());
            NodeConfig config = NodeConfig.of(settings);
            if (show) {
                settings.lines().forEach(System.out::println);
                return 0;
            }
            checkRuntime();
            configureLogging();
            if (probe) {
                probe(config);
                return 0;
            }
            serve(config, acceptedLosses);
            return 0;
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "; see --help");
            return USAGE;
        } catch (ArbalestException e) {
            System.err.println(e.getMessage());
            return FAILED;
        }
    }

    /** One line: the back end, and after it why it is not io_uring if that was to be tried. */
    private static void probe(NodeConfig config) {
        DiskSelection storage = Node.storage(config);
        System.out.println((storage.backend().word() + " " + storage.reason()).strip());
    }

    /** Takes {@code --accept-data-loss} and its values away from the arguments. */
    private static Set<AcceptedLoss> acceptedLosses(Deque<String> arguments) {
        Set<AcceptedLoss> accepted = new LinkedHashSet<>();
        List<String> others = new ArrayList<>();
        while (!arguments.isEmpty()) {
            String argument = arguments.pop();
            if (argument.equals(ACCEPT_DATA_LOSS)) {
                String value = arguments.isEmpty() ? "" : arguments.pop();
                accepted.add(
                        AcceptedLoss.parse(value)
                                .orElseThrow(() ->
                                        new IllegalArgumentException(
                                                ACCEPT_DATA_LOSS
                                                        + " takes COLLECTION/SHARD@ROW, not '"
                                                        + value
                                                        + "'")));
            } else {
                others.add(argument);
            }
        }
        arguments.addAll(others);
        return accepted;
    }

    private static @Nullable Path configFile(Deque<String> arguments) {
        if (arguments.isEmpty()) {
            return null;
        }
        String option = arguments.pop();
        if (!option.equals("--config")) {
            throw new IllegalArgumentException("unknown argument '" + option + "'");
        }
        if (arguments.size() != 1) {
            throw new IllegalArgumentException("--config takes one file");
        }
        return Path.of(arguments.pop());
    }

    private static String help() {
        StringBuilder text = new StringBuilder(HELP);
        for (ConfigKey key : ConfigKey.values()) {
            text.append(
                    String.format(
                            "  %-28s %-12s %s%n",
                            key.path(), key.defaultText(), key.description()));
            text.append(String.format("  %-28s %-12s %s%n", "", "", key.environmentName()));
        }
        return text.toString();
    }

    private static void checkRuntime() {
        if (Runtime.version().compareToIgnoreOptional(LEAST_JAVA) < 0) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "this is Java "
                            + Runtime.version()
                            + ", a node needs "
                            + LEAST_JAVA
                            + " or later",
                    "install Temurin 25.0.3 or later"
                        + " (https://adoptium.net/temurin/releases/?version=25) and set JAVA_HOME");
        }
        boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        boolean buffers =
                ByteBuffer.class.getModule().isOpen("java.nio", ArbalestNode.class.getModule());
        if (!vectors || !buffers) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "the JVM was started without "
                            + (vectors
                                    ? "--add-opens=java.base/java.nio=ALL-UNNAMED"
                                    : "--add-modules=jdk.incubator.vector"),
                    "start with ./arbalest node, or with: java"
                            + " @index-service/server/src/main/jvm/node.jvmflags ...");
        }
    }

    /** Our format and levels, unless the JVM was told where to find others. */
    private static void configureLogging() {
        if (System.getProperty("java.util.logging.config.file") != null
                || System.getProperty("java.util.logging.config.class") != null) {
            return;
        }
        try (InputStream properties = ArbalestNode.class.getResourceAsStream(LOGGING)) {
            if (properties == null) {
                throw new IOException("no " + LOGGING + " on the class path");
            }
            LogManager.getLogManager().readConfiguration(properties);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.INTERNAL, "cannot configure logging: " + e, "rebuild the server", e);
        }
    }

    private static void serve(NodeConfig config, Set<AcceptedLoss> acceptedLosses)
            throws InterruptedException {
        System.Logger log = System.getLogger(ArbalestNode.class.getName());
        Node node;
        try {
            node = Node.start(config, acceptedLosses);
        } catch (RuntimeException e) {
            if (!(e instanceof ArbalestException)) {
                log.log(Level.ERROR, "cannot start", e);
            }
            throw Node.coded(e);
        }
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> stop(node)));
        log.log(
                Level.INFO,
                "{0} listens: flight {1} http {2}, data in {3}",
                config.node().name(),
                Integer.toString(node.self().flightPort()),
                Integer.toString(node.self().httpPort()),
                config.node().dataDirectory());
        try {
            node.ready().join();
        } catch (CompletionException e) {
            ArbalestException refused =
                    Node.coded(e.getCause() instanceof RuntimeException cause ? cause : e);
            Runnable end =
                    () -> {
                        System.err.println(refused.getMessage());
                        Runtime.getRuntime().halt(FAILED); // the hook would end it as a success
                    };
            node.closeWithin(STOP_LIMIT, end); // threads may still say something before the reason
            end.run();
        }
        System.out.println(
                "READY name="
                        + node.self().name()
                        + " flight="
                        + node.self().flightPort()
                        + " http="
                        + node.self().httpPort());
        System.out.flush();
        new CountDownLatch(1).await(); // until the hook ends the process
    }

    /**
     * The JVM would report the signal as its exit code; a node that stopped as it was told has
     * succeeded.
     */
    private static void stop(Node node) {
        node.closeWithin(
                STOP_LIMIT,
                () -> {
                    System.err.println(
                            "stopping took longer than "
                                    + STOP_LIMIT.toMillis()
                                    + " ms; what is acknowledged is on disk");
                    Runtime.getRuntime().halt(0);
                });
        Runtime.getRuntime().halt(0);
    }
}
