package io.arbalest.benchmarks.get;

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

/**
 * A cluster of one node, a process of its own on free ports, started by the launcher that started
 * this one.
 *
 * <p>Confined to one thread.
 */
final class LocalNode implements AutoCloseable {
    private static final String ROOT = "arbalest.root";
    private static final String READY = "READY";
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
    static LocalNode start(Path directory) throws IOException {
        String root = System.getProperty(ROOT);
        if (root == null) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "the node's launcher is not known: -D" + ROOT + " is missing",
                    "run ./arbalest bench get");
        }
        int[] ports = freePorts(3);
        Path configuration = directory.resolve("node.yaml");
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
        Path log = directory.resolve("node.log");
        Process process =
                new ProcessBuilder(
                                Path.of(root, "arbalest").toString(),
                                "node",
                                "--config",
                                configuration.toString())
                        .redirectError(log.toFile())
                        .start();
        process.getOutputStream().close();
        LocalNode node = new LocalNode(process, ports[0]);
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.contains(READY)) {
                return node;
            }
        }
        node.close();
        throw new ArbalestException(
                ErrorCode.PROCESS_FAILED,
                "the node ended before it was ready: " + Files.readString(log),
                "see its words above");
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
    String endpoint() {
        return "127.0.0.1:" + flightPort;
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
