package io.arbalest.benchmarks.shard;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A cluster of one node, a process of its own on free ports, started by the launcher that started
 * this one.
 *
 * <p>Confined to one thread.
 */
public final class LocalNode implements AutoCloseable {
    private static final String ROOT = "arbalest.root";
    private static final String READY = "READY";
    private static final String CONFIGURATION = "node.yaml";
    private static final String LOG = "node.log";
    private static final Pattern FLIGHT = Pattern.compile("flight: \\{port: (\\d+)}");
    private static final int STOP_SECONDS = 20;

    private final Process process;
    private final int flightPort;

    private LocalNode(Process process, int flightPort) {
        this.process = process;
        this.flightPort = flightPort;
    }

    /**
     * Starts a node and waits until it serves.
     *
     * @param directory for its files
     * @throws ArbalestException MISSING_RUNTIME if this was not started by the launcher,
     *     PROCESS_FAILED with what the node said
     */
    public static LocalNode start(Path directory) throws IOException {
        LocalNode node = launch(directory);
        BufferedReader out = node.process.inputReader(StandardCharsets.UTF_8);
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.contains(READY)) {
                return node;
            }
        }
        node.close();
        throw new ArbalestException(
                ErrorCode.PROCESS_FAILED,
                "the node ended before it was ready: " + log(directory),
                "see its words above");
    }

    /**
     * Starts a node and does not wait. If one ran in this directory before, it is started again.
     *
     * @throws ArbalestException MISSING_RUNTIME if this was not started by the launcher
     */
    public static LocalNode launch(Path directory) throws IOException {
        String root = System.getProperty(ROOT);
        if (root == null) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "the node's launcher is not known: -D" + ROOT + " is missing",
                    "run ./arbalest bench");
        }
        Path configuration = directory.resolve(CONFIGURATION);
        if (!ranIn(directory)) {
            configure(directory, configuration);
        }
        Matcher port = FLIGHT.matcher(Files.readString(configuration));
        if (!port.find()) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    configuration + " has no line " + FLIGHT.pattern(),
                    "give an empty directory");
        }
        ProcessBuilder builder =
                new ProcessBuilder(
                                Path.of(root, "arbalest").toString(),
                                "node",
                                "--config",
                                configuration.toString())
                        .redirectError(
                                ProcessBuilder.Redirect.appendTo(directory.resolve(LOG).toFile()));
        Process process = builder.start();
        process.getOutputStream().close();
        return new LocalNode(process, Integer.parseInt(port.group(1)));
    }

    /** Whether a node was started in this directory before. */
    public static boolean ranIn(Path directory) {
        return Files.exists(directory.resolve(CONFIGURATION));
    }

    private static void configure(Path directory, Path configuration) throws IOException {
        int[] ports = freePorts(3);
        Files.writeString(
                configuration,
                """
                node: {name: node-0, host: 127.0.0.1, data-dir: '%s'}
                flight: {port: %d}
                http: {port: %d}
                ratis: {port: %d}
                cluster: {members: [{name: node-0, host: 127.0.0.1, ratis-port: %d}]}
                """
                        .formatted(
                                directory.resolve("data"), ports[0], ports[1], ports[2], ports[2]));
    }

    private static int[] freePorts(int count) throws IOException {
        int[] ports = new int[count];
        ServerSocket[] held = new ServerSocket[count];
        try {
            for (int i = 0; i < count; i++) {
                held[i] = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ports[i] = held[i].getLocalPort();
            }
        } finally {
            for (ServerSocket socket : held) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
        return ports;
    }

    /** Where clients reach it. */
    public String endpoint() {
        return "127.0.0.1:" + flightPort;
    }

    /** What nodes in this directory have logged so far. */
    public static String log(Path directory) throws IOException {
        return Files.readString(directory.resolve(LOG));
    }

    /** SIGKILL, and waits until the process is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
