package io.arbalest.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;

import io.arbalest.jobs.local.JavaRuntime;
import io.arbalest.jobs.local.ParentWatch;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A Flink session cluster as a user has it: a job manager and a task manager in JVMs of their own,
 * with Flink's jars on their class path and nothing of this project, configured by {@code
 * flink-conf/}. Jobs come to it as a jar, through Flink's own command line.
 *
 * <p>Confined to one thread.
 */
final class FlinkSession implements AutoCloseable {
    /** What a Flink distribution does not bring: it must come inside the job's jar. */
    private static final List<String> NOT_OF_FLINK =
            List.of(
                    "arbalest",
                    "/org/apache/arrow/",
                    "/org/apache/kafka/",
                    "/flink-connector-base/",
                    "/flink-connector-kafka/",
                    "/io/grpc/",
                    "/io/netty/",
                    "/io/perfmark/",
                    "/com/google/",
                    "/com/dynatrace/",
                    "/com/fasterxml/",
                    "/org/antlr/",
                    "/org/yaml/",
                    "/info/picocli/",
                    "/at/yawk/",
                    "/org/xerial/",
                    "/com/github/luben/",
                    "/classes",
                    "/test-classes");

    private static final Path CONFIGURATION =
            Path.of("..", "flink-conf").toAbsolutePath().normalize();
    private static final long SUBMIT_SECONDS = 120;
    private static final long STOP_SECONDS = 20;
    private static final int LOG_LINES = 30;
    private static final Pattern JOB = Pattern.compile("\"id\":\"(\\p{XDigit}{32})\"");

    private final Path directory;
    private final JavaRuntime java;
    private final String classPath;
    private final int restPort;
    private final List<String> settings;
    private final List<Process> processes = new ArrayList<>();

    private FlinkSession(Path directory, JavaRuntime java) throws IOException {
        this.directory = directory;
        this.java = java;
        this.classPath = watch(directory) + File.pathSeparator + flinkClassPath();
        this.restPort = freePort();
        this.settings = settings(directory, restPort);
    }

    /** Starts a job manager and a task manager with two slots; logs are in the directory. */
    static FlinkSession start(Path directory, JavaRuntime java) throws IOException {
        Files.createDirectories(directory);
        FlinkSession session = new FlinkSession(directory, java);
        session.launch(
                "jobmanager",
                "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
                List.of("--configDir", CONFIGURATION.toString()),
                session.settings);
        session.launch(
                "taskmanager",
                "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                List.of("--configDir", CONFIGURATION.toString()),
                session.settings);
        return session;
    }

    /** {@code flink run --detached JAR ARGUMENTS}; returns what it printed. */
    String run(Path jar, String... arguments) throws IOException, InterruptedException {
        List<String> call = new ArrayList<>(List.of("run", "--detached"));
        List<String> options = new ArrayList<>(settings);
        List<String> program = new ArrayList<>(List.of(jar.toString()));
        program.addAll(Arrays.asList(arguments));
        options.addAll(program);
        Path output = directory.resolve("flink-run.log");
        Process process =
                launch("flink-run", "org.apache.flink.client.cli.CliFrontend", call, options);
        boolean ended = process.waitFor(SUBMIT_SECONDS, TimeUnit.SECONDS);
        String printed = Files.readString(output);
        if (!ended || process.exitValue() != 0) {
            throw new AssertionError(
                    "flink run: " + (ended ? "failed" : "hangs") + ":\n" + printed);
        }
        return printed;
    }

    /** For messages: whether both processes run, and how their logs end. */
    String describe() {
        StringBuilder text = new StringBuilder("\n" + ask("/taskmanagers"));
        Matcher jobs = JOB.matcher(ask("/jobs"));
        while (jobs.find()) {
            text.append('\n').append(ask("/jobs/" + jobs.group(1)));
            text.append('\n').append(ask("/jobs/" + jobs.group(1) + "/exceptions"));
        }
        for (String name : List.of("jobmanager", "taskmanager")) {
            text.append('\n').append(name).append(":\n");
            try {
                List<String> lines = Files.readAllLines(directory.resolve(name + ".log"));
                lines.stream()
                        .skip(Math.max(0, lines.size() - LOG_LINES))
                        .forEach(line -> text.append("  ").append(line).append('\n'));
            } catch (IOException e) {
                text.append("  ").append(e).append('\n');
            }
        }
        return text.toString();
    }

    private String ask(String path) {
        URI uri = URI.create("http://127.0.0.1:" + restPort + path);
        try {
            return HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            return uri + ": " + e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return uri + ": interrupted";
        }
    }

    private Process launch(String name, String mainClass, List<String> first, List<String> rest)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(java.java().toString()));
        command.addAll(jvmFlags());
        command.addAll(
                List.of(
                        "-Xmx512m",
                        "-Dlog4j2.configurationFile=" + CONFIGURATION.resolve("log4j2.properties"),
                        "-cp",
                        classPath,
                        ParentWatch.class.getName(),
                        mainClass));
        command.addAll(first);
        command.addAll(rest);
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve(name + ".log").toFile());
        builder.environment().put("FLINK_CONF_DIR", CONFIGURATION.toString());
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /** {@code env.java.opts.all}, as Flink's start scripts would take it from the file. */
    private static List<String> jvmFlags() throws IOException {
        JsonNode file =
                new ObjectMapper(new YAMLFactory())
                        .readTree(CONFIGURATION.resolve("config.yaml").toFile());
        return List.of(file.at("/env/java/opts/all").asText().strip().split("\\s+", -1));
    }

    /** The one class that ends a child with its parent, alone in a directory. */
    private static Path watch(Path directory) throws IOException {
        Path root = directory.resolve("watch");
        String name = ParentWatch.class.getName().replace('.', '/') + ".class";
        Path file = root.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        try (InputStream bytes =
                Objects.requireNonNull(
                        ParentWatch.class.getClassLoader().getResourceAsStream(name))) {
            Files.copy(bytes, file);
        }
        return root;
    }

    private static String flinkClassPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .filter(entry -> NOT_OF_FLINK.stream().noneMatch(part -> contains(entry, part)))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static boolean contains(String entry, String part) {
        return part.equals("arbalest")
                ? Objects.requireNonNull(Path.of(entry).getFileName()).toString().contains(part)
                : entry.contains(part);
    }

    /**
     * Over the file of {@code flink-conf/}: this machine's addresses and directories, and the sizes
     * that Flink's start scripts would compute.
     */
    private static List<String> settings(Path directory, int restPort) throws IOException {
        Map<String, String> values =
                Map.ofEntries(
                        Map.entry("jobmanager.rpc.address", "127.0.0.1"),
                        Map.entry("jobmanager.rpc.port", Integer.toString(freePort())),
                        Map.entry("rest.address", "127.0.0.1"),
                        Map.entry("rest.port", Integer.toString(restPort)),
                        Map.entry("taskmanager.host", "127.0.0.1"),
                        Map.entry("taskmanager.cpu.cores", "2.0"),
                        Map.entry("taskmanager.memory.framework.heap.size", "128m"),
                        Map.entry("taskmanager.memory.framework.off-heap.size", "128m"),
                        Map.entry("taskmanager.memory.jvm-metaspace.size", "256m"),
                        Map.entry("taskmanager.memory.jvm-overhead.min", "192m"),
                        Map.entry("taskmanager.memory.jvm-overhead.max", "192m"),
                        Map.entry("taskmanager.memory.task.heap.size", "256m"),
                        Map.entry("taskmanager.memory.network.min", "64m"),
                        Map.entry("taskmanager.memory.network.max", "64m"),
                        Map.entry("taskmanager.memory.managed.size", "32m"),
                        Map.entry("state.backend.type", "hashmap"),
                        Map.entry("metrics.reporters", ""),
                        Map.entry("execution.checkpointing.dir", directory.toUri() + "checkpoints"),
                        Map.entry(
                                "execution.checkpointing.savepoint-dir",
                                directory.toUri() + "savepoints"),
                        Map.entry("web.tmpdir", directory.toString()),
                        Map.entry("io.tmp.dirs", directory.resolve("io").toString()));
        return values.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> "-D" + entry.getKey() + "=" + entry.getValue())
                .toList();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        for (Process process : processes) {
            process.destroy();
        }
        for (Process process : processes) {
            try {
                if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
