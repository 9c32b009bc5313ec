package io.arbalest.jobs.local;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A child JVM: its output goes to a log file, its standard input stays open as its sign of life
 * from us, and it is ready when it has printed a line that starts with the agreed word.
 *
 * <p>Thread-safe.
 */
final class ChildProcess {
    /** How much of the log an error quotes. */
    private static final int QUOTED_LINES = 12;

    /** How long a killed process may take to be gone. */
    private static final Duration REAP_TIMEOUT = Duration.ofSeconds(20);

    private static final Set<Process> LIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> LIVE.forEach(Process::destroyForcibly), "child-processes"));
    }

    private final String title;
    private final Path log;
    private final Process process;
    private final CompletableFuture<String> ready = new CompletableFuture<>();

    private ChildProcess(String title, Path log, Process process) {
        this.title = title;
        this.log = log;
        this.process = process;
    }

    /**
     * Starts a command.
     *
     * @param readyWord first word of the line that says that it is ready
     * @param log where both of its outputs are appended
     */
    static ChildProcess start(String title, List<String> command, String readyWord, Path log) {
        try {
            Files.createDirectories(log.toAbsolutePath().getParent());
            Process process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                            .start();
            LIVE.add(process);
            ChildProcess child = new ChildProcess(title, log, process);
            Thread pump = new Thread(() -> child.pump(readyWord), title + "-output");
            pump.setDaemon(true);
            pump.start();
            return child;
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED,
                    title + " cannot be started: " + e.getMessage(),
                    "",
                    e);
        }
    }

    /**
     * The JVM flag that puts a child's temporary files (native libraries, Flink's caches) into a
     * directory beside its log: a killed process removes none of them, whoever owns the log does.
     */
    static String temporaryFilesBeside(Path log) {
        Path directory = log.toAbsolutePath().resolveSibling(log.getFileName() + ".tmp");
        try {
            return "-Djava.io.tmpdir=" + Files.createDirectories(directory);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot create " + directory + ": " + e.getMessage(),
                    "make its parent writable",
                    e);
        }
    }

    private void pump(String readyWord) {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
                BufferedWriter out =
                        Files.newBufferedWriter(
                                log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                out.write(line);
                out.newLine();
                out.flush();
                if (line.startsWith(readyWord)) {
                    ready.complete(line);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            ready.completeExceptionally(failed("closed its output: " + e.getMessage()));
        }
        try {
            int code = process.waitFor();
            LIVE.remove(process);
            ready.completeExceptionally(failed("ended with exit code " + code));
        } catch (InterruptedException e) {
            Thread.currentThread()
                    .interrupt(); // nobody interrupts this thread; the JVM is going down
        }
    }

    /**
     * Waits for the line of readiness.
     *
     * @throws ArbalestException PROCESS_FAILED, quoting the end of the log, if it ends before or
     *     takes too long
     */
    String awaitReady(Duration timeout) {
        try {
            return ready.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            ArbalestException failure =
                    failed("was not ready within " + timeout.toSeconds() + " s");
            kill();
            throw failure;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ArbalestException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
            throw failed("was not awaited: interrupted");
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    Path log() {
        return log;
    }

    /** SIGKILL, and waits until it is gone. */
    void kill() {
        process.destroyForcibly();
        await(REAP_TIMEOUT);
    }

    /** SIGTERM; SIGKILL if it is not gone in time. Returns the exit code. */
    int terminate(Duration timeout) {
        process.toHandle().destroy(); // not that of Process, which closes its sign of life as well
        if (!await(timeout)) {
            process.destroyForcibly();
            await(REAP_TIMEOUT);
        }
        return process.isAlive() ? -1 : process.exitValue();
    }

    private boolean await(Duration timeout) {
        try {
            return process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    private ArbalestException failed(String what) {
        String end;
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            end =
                    String.join(
                            " | ",
                            lines.subList(Math.max(0, lines.size() - QUOTED_LINES), lines.size()));
        } catch (IOException | UncheckedIOException e) {
            end = "(no log)";
        }
        return new ArbalestException(
                ErrorCode.PROCESS_FAILED,
                title + " " + what + "; its log ends: " + end,
                "see " + log);
    }
}
