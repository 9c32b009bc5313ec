package io.arbalest.jobs.local;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An index node in a child JVM of JDK 25.
 *
 * <p>Its ports and its directory ({@code node.yaml}, {@code node.log}, {@code data/}) outlive
 * {@link #kill} and {@link #restart}. A node prints its line of readiness when it serves; in a
 * cluster that can need the others, so start all with {@link #startCluster}.
 *
 * <p>Confined to one thread.
 */
public final class NodeProcess implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);
    private static final String MAIN = "io.arbalest.server.ArbalestNode";
    private static final String READY = "READY";

    private final Spec spec;
    private ChildProcess process;

    /** A member of the static cluster. */
    public record Member(String name, String host, int ratisPort) {}

    /**
     * What a node is started with.
     *
     * @param directory its own; created if missing
     * @param members all of the cluster, this one included
     * @param settings further configuration by dotted key, {@code wal.io} for example
     * @param jvmFlags added after the server's own flags, {@code -Xmx1g} for example
     */
    public record Spec(
            String name,
            Path directory,
            int flightPort,
            int httpPort,
            int ratisPort,
            List<Member> members,
            Map<String, Object> settings,
            List<String> jvmFlags) {}

    private NodeProcess(Spec spec, ChildProcess process) {
        this.spec = spec;
        this.process = process;
    }

    /** Starts one node and waits until it is ready. */
    public static NodeProcess start(Spec spec) {
        NodeProcess node = launch(spec);
        node.awaitReady();
        return node;
    }

    /** Starts one node and does not wait; {@link #awaitReady} does. */
    public static NodeProcess launch(Spec spec) {
        writeConfiguration(spec);
        return new NodeProcess(spec, spawn(spec));
    }

    /**
     * Starts {@code node-0..} on free ports below this directory, all at once, and waits until
     * every one is ready.
     */
    public static List<NodeProcess> startCluster(
            Path directory, int nodes, Map<String, Object> settings, List<String> jvmFlags) {
        List<NodeProcess> started = new ArrayList<>();
        try {
            for (Spec spec : clusterSpecs(directory, nodes, settings, jvmFlags)) {
                started.add(launch(spec));
            }
            started.forEach(NodeProcess::awaitReady);
            return List.copyOf(started);
        } catch (RuntimeException e) {
            started.forEach(NodeProcess::close);
            throw e;
        }
    }

    /** Specs of a cluster of {@code node-0..} on free ports; nothing is started. */
    public static List<Spec> clusterSpecs(
            Path directory, int nodes, Map<String, Object> settings, List<String> jvmFlags) {
        int[] ports = Ports.free(3 * nodes);
        List<Member> members = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            members.add(new Member("node-" + node, "127.0.0.1", ports[3 * node + 2]));
        }
        List<Spec> specs = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            String name = members.get(node).name();
            specs.add(
                    new Spec(
                            name,
                            directory.toAbsolutePath().normalize().resolve(name),
                            ports[3 * node],
                            ports[3 * node + 1],
                            ports[3 * node + 2],
                            List.copyOf(members),
                            settings,
                            jvmFlags));
        }
        return specs;
    }

    private static void writeConfiguration(Spec spec) {
        Map<String, Object> root = new LinkedHashMap<>();
        put(root, "node.name", spec.name());
        put(root, "node.host", "127.0.0.1");
        put(root, "node.data-dir", spec.directory().resolve("data").toString());
        put(root, "flight.port", spec.flightPort());
        put(root, "http.port", spec.httpPort());
        put(root, "ratis.port", spec.ratisPort());
        List<Map<String, Object>> members = new ArrayList<>();
        for (Member member : spec.members()) {
            members.add(
                    Map.of(
                            "name",
                            member.name(),
                            "host",
                            member.host(),
                            "ratis-port",
                            member.ratisPort()));
        }
        put(root, "cluster.members", members);
        spec.settings().forEach((key, value) -> put(root, key, value));
        try {
            Files.createDirectories(spec.directory());
            new ObjectMapper(new YAMLFactory())
                    .writeValue(spec.directory().resolve("node.yaml").toFile(), root);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED,
                    "cannot write node.yaml into " + spec.directory() + ": " + e,
                    "",
                    e);
        }
    }

    @SuppressWarnings("unchecked") // every inner map was put by this method
    private static void put(Map<String, Object> root, String dottedKey, Object value) {
        int dot = dottedKey.indexOf('.');
        if (dot < 0) {
            root.put(dottedKey, value);
        } else {
            Object section =
                    root.computeIfAbsent(dottedKey.substring(0, dot), key -> new LinkedHashMap<>());
            put((Map<String, Object>) section, dottedKey.substring(dot + 1), value);
        }
    }

    private static ChildProcess spawn(Spec spec) {
        Repository repository = Repository.find();
        JavaRuntime java = JavaRuntime.forNodes();
        String classPath =
                repository.serverClassPath() + File.pathSeparator + Repository.codeSource();
        List<String> command = new ArrayList<>(List.of(java.java().toString()));
        command.addAll(repository.nodeFlags());
        command.addAll(NodeArchive.flags(repository, java, classPath));
        Path log = spec.directory().resolve("node.log");
        command.add(ChildProcess.temporaryFilesBeside(log));
        command.addAll(spec.jvmFlags());
        command.addAll(
                List.of(
                        "-cp",
                        classPath,
                        ParentWatch.class.getName(),
                        MAIN,
                        "--config",
                        spec.directory().resolve("node.yaml").toString()));
        return ChildProcess.start(spec.name(), command, READY, log);
    }

    /** Waits for the line of readiness; fails with PROCESS_FAILED, quoting the log. */
    public void awaitReady() {
        process.awaitReady(START_TIMEOUT);
    }

    public String name() {
        return spec.name();
    }

    /** Where clients reach it: {@code 127.0.0.1:flight port}. */
    public String endpoint() {
        return "127.0.0.1:" + spec.flightPort();
    }

    public Spec spec() {
        return spec;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Where its output goes; grows over restarts. */
    public Path log() {
        return process.log();
    }

    /** SIGKILL, and waits until the process is gone. */
    public void kill() {
        process.kill();
    }

    /** SIGTERM; returns the exit code (that of SIGKILL if it did not stop in time). */
    public int stop() {
        return process.terminate(STOP_TIMEOUT);
    }

    /**
     * Starts it again on the same ports and data; stops it first if it still runs. Waits until it
     * is ready.
     */
    public void restart() {
        relaunch();
        awaitReady();
    }

    /** As {@link #restart}, without waiting; for starting several that need one another. */
    public void relaunch() {
        process.terminate(STOP_TIMEOUT);
        process = spawn(spec);
    }

    /** Kills it; its data stays. */
    @Override
    public void close() {
        process.kill();
    }
}
