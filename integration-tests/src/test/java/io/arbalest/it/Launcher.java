package io.arbalest.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * {@code ./arbalest} as a user's shell runs it, in a process of its own.
 *
 * <p>Confined to the test's thread.
 */
final class Launcher implements AutoCloseable {
    private static final Path SCRIPT = Path.of("../arbalest").toAbsolutePath().normalize();

    private final Process process;
    private final Path output;
    private final Path errors;

    /** What a command left behind. */
    record Ended(int exitCode, String output, String errors) {
        /** Standard error as lines, blank ones left out. */
        List<String> errorLines() {
            return errors.lines().filter(line -> !line.isBlank()).toList();
        }
    }

    private Launcher(Process process, Path output, Path errors) {
        this.process = process;
        this.output = output;
        this.errors = errors;
    }

    /** Starts a command; its temporary files go below the directory. */
    static Launcher start(Path directory, List<String> arguments) throws IOException {
        return start(directory, List.of(), Map.of(), arguments);
    }

    /** Starts a command through another program, with more in its environment. */
    static Launcher start(
            Path directory,
            List<String> through,
            Map<String, String> environment,
            List<String> arguments)
            throws IOException {
        // Maven in the background of a shell without job control ignores SIGINT, and so would this
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.addAll(through);
        command.addAll(List.of("bash", SCRIPT.toString()));
        command.addAll(arguments);
        Path output = Files.createTempFile(directory, "output", ".txt");
        Path errors = Files.createTempFile(directory, "errors", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile());
        Path temporary = Files.createDirectories(directory.resolve("tmp"));
        builder.environment().put("TMPDIR", temporary.toString());
        builder.environment().put("ARBALEST_OPTS", "-Djava.io.tmpdir=" + temporary);
        builder.environment().put("ARBALEST_BUILD", "never"); // Maven has just built it
        builder.environment().putAll(environment);
        return new Launcher(builder.start(), output, errors);
    }

    /** Runs a command to its end. */
    static Ended run(Path directory, Duration timeout, String... arguments) throws Exception {
        try (Launcher launcher = start(directory, List.of(arguments))) {
            return launcher.await(timeout);
        }
    }

    /** Waits for the end. */
    Ended await(Duration timeout) throws Exception {
        if (!process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError(
                    "still running after " + timeout.toSeconds() + " s: " + outputSoFar());
        }
        return new Ended(process.exitValue(), outputSoFar(), read(errors));
    }

    String outputSoFar() {
        return read(output);
    }

    String errorsSoFar() {
        return read(errors);
    }

    /** What Ctrl-C sends. */
    void interrupt() throws Exception {
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    }

    /** The process and everything that it started. */
    List<ProcessHandle> tree() {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        return all;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "(" + e + ")";
        }
    }

    @Override
    public void close() {
        tree().forEach(ProcessHandle::destroyForcibly);
    }
}
