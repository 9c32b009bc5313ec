package io.arbalest.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.io.IOException;
import java.io.Reader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * {@code arbalest doctor}: looks at this machine and at the nodes that can be reached, and says
 * what to mend.
 */
@Command(
        name = "doctor",
        description =
                "Check this machine: JDK, flags, ports, disk, memory; and the nodes that can be"
                        + " reached.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest doctor",
            "  arbalest doctor -o json",
            "Exit code 1 if a check failed; a warning is not a failure."
        })
final class DoctorCommand implements Callable<Integer> {
    private static final long LEAST_DISK_BYTES = 1_500L << 20;
    private static final long LEAST_MEMORY_KB = 4L << 20;
    private static final int LEAST_OPEN_FILES = 4096;
    private static final String IO_URING = "io_uring";
    private static final int PROBE_SECONDS = 20;
    private static final int[] DEFAULT_PORTS = {
        7400, 7401, 7402, 7410, 7411, 7412, 7420, 7421, 7422
    };

    private final Shell shell;
    private final List<Check> checks = new ArrayList<>();

    @Mixin OutputOptions output = new OutputOptions();

    DoctorCommand(Shell shell) {
        this.shell = shell;
    }

    /** How a check came out. */
    private enum Outcome {
        OK,
        WARN,
        FAIL
    }

    private record Check(String name, Outcome outcome, String detail, String fix) {}

    @Override
    public Integer call() {
        jdk();
        nodeFlags();
        ports();
        disk();
        memory();
        openFiles();
        ioUring();
        nodes();
        if (output.json()) {
            List<Object> entries = new ArrayList<>();
            for (Check check : checks) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("name", check.name());
                entry.put("outcome", check.outcome().name().toLowerCase(Locale.ROOT));
                entry.put("detail", check.detail());
                entry.put("fix", check.fix());
                entries.add(entry);
            }
            shell.out().println(Json.pretty(Map.of("checks", entries)));
        } else {
            TextTable table = new TextTable("CHECK", "", "FOUND");
            for (Check check : checks) {
                String fix = check.fix().isEmpty() ? "" : ". Fix: " + check.fix();
                table.row(
                        check.name(),
                        check.outcome().name().toLowerCase(Locale.ROOT),
                        check.detail() + fix);
            }
            table.render(0).forEach(shell.out()::println);
        }
        boolean failed = checks.stream().anyMatch(check -> check.outcome() == Outcome.FAIL);
        return failed ? ExitCode.FAILED : ExitCode.OK;
    }

    private void jdk() {
        String home = System.getProperty("arbalest.jdk25", "");
        if (home.isEmpty()) {
            add(
                    "jdk",
                    Outcome.WARN,
                    "this runs on Java " + Runtime.version(),
                    "start through the launcher, which finds a JDK 25.0.3 or later");
            return;
        }
        Properties release = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(home, "release"))) {
            release.load(reader);
        } catch (IOException e) {
            release.setProperty("JAVA_VERSION", "unknown version");
        }
        add(
                "jdk",
                Outcome.OK,
                release.getProperty("JAVA_VERSION", "").replace("\"", "") + " in " + home,
                "");
    }

    private void nodeFlags() {
        Path file =
                shell.root()
                        .resolve(
                                Path.of(
                                        "index-service",
                                        "server",
                                        "src",
                                        "main",
                                        "jvm",
                                        "node.jvmflags"));
        try {
            String flags = Files.readString(file);
            for (String needed : List.of("jdk.incubator.vector", "--enable-native-access")) {
                if (!flags.contains(needed)) {
                    add("node flags", Outcome.FAIL, file + " lacks " + needed, "restore the file");
                    return;
                }
            }
            add(
                    "node flags",
                    Outcome.OK,
                    flags.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).count()
                            + " in "
                            + file,
                    "");
        } catch (IOException e) {
            add("node flags", Outcome.WARN, "cannot read " + file, "run from a complete check-out");
        }
    }

    private void ports() {
        List<String> used = new ArrayList<>();
        for (int port : DEFAULT_PORTS) {
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(true);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            } catch (IOException e) {
                used.add(Integer.toString(port));
            }
        }
        if (used.isEmpty()) {
            add("ports", Outcome.OK, "7400-7402, 7410-7412 and 7420-7422 are free", "");
        } else {
            add(
                    "ports",
                    Outcome.WARN,
                    "in use: " + String.join(", ", used),
                    "stop what listens there, or set flight.port, http.port and ratis.port; the"
                            + " demo takes free ports itself");
        }
    }

    private void disk() {
        try {
            Path directory = Path.of(System.getProperty("java.io.tmpdir"));
            long usable = Files.getFileStore(directory).getUsableSpace();
            boolean enough = usable >= LEAST_DISK_BYTES;
            add(
                    "disk",
                    enough ? Outcome.OK : Outcome.FAIL,
                    gigabytes(usable) + " usable in " + directory,
                    enough
                            ? ""
                            : "free " + gigabytes(LEAST_DISK_BYTES) + ", or set -Djava.io.tmpdir");
        } catch (IOException e) {
            add("disk", Outcome.WARN, "unknown: " + e.getMessage(), "");
        }
    }

    private void memory() {
        Optional<Long> kilobytes = meminfo("MemAvailable:");
        if (kilobytes.isEmpty()) {
            add("memory", Outcome.OK, "not told by this system", "");
            return;
        }
        boolean enough = kilobytes.get() >= LEAST_MEMORY_KB;
        add(
                "memory",
                enough ? Outcome.OK : Outcome.WARN,
                gigabytes(kilobytes.get() << 10)
                        + " available, "
                        + meminfo("HugePages_Free:").orElse(0L)
                        + " free huge pages",
                enough ? "" : "the demo wants " + gigabytes(LEAST_MEMORY_KB << 10));
    }

    private void openFiles() {
        Path limits = Path.of("/proc/self/limits");
        if (!Files.isReadable(limits)) {
            return;
        }
        try {
            for (String line : Files.readAllLines(limits)) {
                if (line.startsWith("Max open files")) {
                    String soft = line.substring(26).strip().replaceAll("\\s.*", "");
                    boolean enough =
                            soft.equals("unlimited") || Long.parseLong(soft) >= LEAST_OPEN_FILES;
                    add(
                            "open files",
                            enough ? Outcome.OK : Outcome.WARN,
                            "limit " + soft,
                            enough ? "" : "ulimit -n " + LEAST_OPEN_FILES);
                }
            }
        } catch (IOException | NumberFormatException e) {
            add("open files", Outcome.WARN, "unknown: " + e.getMessage(), "");
        }
    }

    /** Asks a node on this machine to try, for only that sees what a filter or a limit refuses. */
    private void ioUring() {
        Path launcher = shell.root().resolve("arbalest");
        if (!Files.isExecutable(launcher)) {
            add(IO_URING, Outcome.WARN, "not tried: no " + launcher, "run from a check-out");
            return;
        }
        Path directory = null;
        try {
            directory = Files.createTempDirectory("arbalest-doctor");
            ProcessBuilder builder = new ProcessBuilder(launcher.toString(), "node", "probe-io");
            builder.environment().put("ARBALEST_BUILD", "never");
            builder.environment().put("ARBALEST_WAL_IO", "auto");
            builder.environment().put("ARBALEST_NODE_DATA_DIR", directory.toString());
            builder.redirectError(ProcessBuilder.Redirect.DISCARD);
            Process process = builder.start();
            process.getOutputStream().close();
            if (!process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                add(
                        IO_URING,
                        Outcome.WARN,
                        "the probe took longer than " + PROBE_SECONDS + " s",
                        "");
                return;
            }
            String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
            probed(process.exitValue(), said);
        } catch (IOException e) {
            add(IO_URING, Outcome.WARN, "not tried: " + e.getMessage(), "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            add(IO_URING, Outcome.WARN, "not tried: interrupted", "");
        } finally {
            removeProbe(directory);
        }
    }

    private void probed(int exitCode, String said) {
        String kernel = "kernel " + System.getProperty("os.version");
        if (exitCode != 0) {
            add(IO_URING, Outcome.WARN, kernel + ", the probe failed", "./arbalest node probe-io");
        } else if (said.startsWith(IO_URING)) {
            add(IO_URING, Outcome.OK, kernel + ", the log is written with io_uring", "");
        } else {
            String[] parts = said.replaceFirst("^filechannel ?", "").split("; fix: ", 2);
            add(
                    IO_URING,
                    Outcome.WARN,
                    kernel + ", the log is written with FileChannel: " + parts[0],
                    parts.length > 1 ? parts[1] : "");
        }
    }

    private static void removeProbe(@Nullable Path directory) {
        if (directory == null) {
            return;
        }
        try {
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            // a probe that was killed left its file; the system cleans its temporary directory
        }
    }

    private void nodes() {
        Path file = shell.home().resolve(ClusterFile.NAME);
        if (!Files.isRegularFile(file)) {
            add("nodes", Outcome.OK, "no demo is running (no " + file + ")", "");
            return;
        }
        try {
            for (JsonNode node : Json.MAPPER.readTree(Files.readAllBytes(file)).path("nodes")) {
                node(node.path("name").asText(), node.path("http").asInt());
            }
        } catch (IOException e) {
            add("nodes", Outcome.WARN, file + " cannot be read: " + e.getMessage(), "remove it");
        }
    }

    private void node(String name, int httpPort) {
        Optional<String> details = NodeHealth.details("127.0.0.1", httpPort);
        if (details.isEmpty()) {
            add(
                    name,
                    Outcome.FAIL,
                    "no answer on HTTP port " + httpPort,
                    "see its log, or remove a stale " + ClusterFile.NAME);
            return;
        }
        try {
            JsonNode tree = Json.MAPPER.readTree(details.get());
            List<String> told = new ArrayList<>();
            tree.properties()
                    .forEach(entry -> {
                        if (entry.getValue().isValueNode()) {
                            told.add(entry.getKey() + "=" + entry.getValue().asText());
                        }
                    });
            add(name, Outcome.OK, String.join(" ", told), "");
            kernels(name, tree.path("kernels"));
        } catch (JsonProcessingException e) {
            add(name, Outcome.WARN, "its /healthz is not JSON", "");
        }
    }

    /** What a node's own test of its distance kernels has found. */
    private void kernels(String name, JsonNode kernels) {
        List<String> told = new ArrayList<>();
        Outcome outcome = Outcome.OK;
        for (JsonNode kernel : kernels) {
            String verdict = kernel.path("verdict").asText();
            outcome =
                    switch (verdict) {
                        case "good" -> outcome;
                        case "slow" -> outcome == Outcome.FAIL ? outcome : Outcome.WARN;
                        default -> Outcome.FAIL;
                    };
            told.add(
                    String.format(
                            Locale.ROOT,
                            "%s/%d %s (%s ns a row, %s without vectors)",
                            kernel.path("kernel").asText(),
                            kernel.path("dimension").asInt(),
                            verdict,
                            kernel.path("nanosPerRow").asText(),
                            kernel.path("scalarNanosPerRow").asText()));
        }
        if (!told.isEmpty()) {
            add(
                    name + " kernels",
                    outcome,
                    String.join(", ", told),
                    outcome == Outcome.OK
                            ? ""
                            : "start the node with another -Darbalest.simd.vector-bits (128, 256,"
                                    + " 512), for bytes-vnni and nibbles-vnni with"
                                    + " -Darbalest.simd.vnni=false, or"
                                    + " with another build of the JDK 25");
        }
    }

    private static Optional<Long> meminfo(String name) {
        Path file = Path.of("/proc/meminfo");
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(name))
                    .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / (double) (1L << 30));
    }

    private void add(String name, Outcome outcome, String detail, String fix) {
        checks.add(new Check(name, outcome, detail, fix));
    }
}
