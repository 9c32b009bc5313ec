package io.arbalest.benchmarks.ann;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The running process of one system; speaks {@link DriverProtocol}. What the process prints on
 * standard error goes to its log. A process that does not answer in time is ended.
 *
 * <p>Confined to one thread.
 */
final class DriverProcess implements AutoCloseable {
    private static final Duration BUILD_LIMIT = Duration.ofHours(6);
    private static final Duration ANSWER_LIMIT = Duration.ofMinutes(30);
    private static final int END_LIMIT_SECONDS = 10;

    private final String system;
    private final Path log;
    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;

    /**
     * What a driver says once it is ready.
     *
     * @param cpuNanos CPU of its process while it built or opened the index
     * @param wallNanos wall time of the same
     * @param bytes of the index
     */
    record Ready(long cpuNanos, long wallNanos, long bytes) {}

    /**
     * What a turn measured; one entry a slice, or a query.
     *
     * @param found rows of the base, the k best of each query, -1 where there is none
     */
    record Turn(long[] cpuNanos, long[] wallNanos, long[] latencyNanos, int[][] found) {}

    private DriverProcess(String system, Path log, Process process) {
        this.system = system;
        this.log = log;
        this.process = process;
        answers =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        commands = process.outputWriter(StandardCharsets.UTF_8);
    }

    static DriverProcess start(String system, List<String> command, Path log) throws IOException {
        Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
        // A run that is interrupted must not leave builds behind that disturb the next one.
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().unstarted(process::destroyForcibly));
        return new DriverProcess(system, log, process);
    }

    /** Waits until the index is there. */
    Ready ready() {
        long[] numbers = numbers(answer(DriverProtocol.READY, BUILD_LIMIT));
        check(numbers.length == 3, "a report of readiness");
        return new Ready(numbers[0], numbers[1], numbers[2]);
    }

    /** Runs queries; see {@link DriverProtocol}. */
    Turn search(int ef, int first, int count, int slice) {
        say(DriverProtocol.SEARCH + " " + ef + " " + first + " " + count + " " + slice);
        long[] times = numbers(answer(DriverProtocol.TURN, ANSWER_LIMIT));
        long[] latencies = numbers(answer(DriverProtocol.LATENCY, ANSWER_LIMIT));
        long[] found = numbers(answer(DriverProtocol.FOUND, ANSWER_LIMIT));
        int slices = (count + slice - 1) / slice;
        check(
                times.length == 2 * slices
                        && latencies.length == count
                        && found.length == count * AnnPlan.K,
                "a turn of " + count + " queries");
        long[] cpu = new long[slices];
        long[] wall = new long[slices];
        for (int i = 0; i < slices; i++) {
            cpu[i] = times[2 * i];
            wall[i] = times[2 * i + 1];
        }
        int[][] rows = new int[count][AnnPlan.K];
        for (int i = 0; i < found.length; i++) {
            rows[i / AnnPlan.K][i % AnnPlan.K] = Math.toIntExact(found[i]);
        }
        return new Turn(cpu, wall, latencies, rows);
    }

    /** Resident memory in MiB. */
    double residentMb() {
        say(DriverProtocol.RSS);
        long[] numbers = numbers(answer(DriverProtocol.RSS_ANSWER, ANSWER_LIMIT));
        check(numbers.length == 1, "resident memory");
        return numbers[0] / 1024.0;
    }

    @Override
    public void close() {
        try {
            if (process.isAlive()) {
                commands.write(DriverProtocol.QUIT + "\n");
                commands.flush();
                process.waitFor(END_LIMIT_SECONDS, TimeUnit.SECONDS);
            }
        } catch (IOException e) {
            // It has ended meanwhile: what was wanted.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }

    private void say(String command) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw failed("its process has ended", e);
        }
    }

    private String answer(String kind, Duration limit) {
        while (true) {
            String line = line(limit);
            if (line.startsWith(DriverProtocol.FAILED)) {
                String message = line.substring(DriverProtocol.FAILED.length()).strip();
                throw failed(message, null);
            }
            if (line.startsWith("@")) {
                check(line.equals(kind) || line.startsWith(kind + " "), kind);
                return line.substring(kind.length()).strip();
            }
        }
    }

    private String line(Duration limit) {
        try {
            String line =
                    CompletableFuture.supplyAsync(this::readLine)
                            .get(limit.toSeconds(), TimeUnit.SECONDS);
            if (line.isEmpty()) {
                throw failed("its process has ended: " + lastLogged(), null);
            }
            return line;
        } catch (TimeoutException e) {
            process.destroyForcibly();
            throw failed("no answer within " + limit.toMinutes() + " minutes", e);
        } catch (ExecutionException e) {
            throw failed("its process has ended: " + lastLogged(), e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw failed("interrupted", e);
        }
    }

    /** The next line that is not empty; empty at the end. */
    private String readLine() {
        try {
            String line = answers.readLine();
            while (line != null && line.isEmpty()) {
                line = answers.readLine();
            }
            return line == null ? "" : line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String lastLogged() {
        try {
            return Files.readAllLines(log).stream()
                    .filter(line -> !line.isBlank())
                    .reduce((before, last) -> last)
                    .orElse("nothing in " + log);
        } catch (IOException e) {
            return "see " + log;
        }
    }

    private static long[] numbers(String text) {
        return text.isEmpty()
                ? new long[0]
                : Arrays.stream(text.split(" ", -1)).mapToLong(Long::parseLong).toArray();
    }

    private void check(boolean holds, String expected) {
        if (!holds) {
            process.destroyForcibly();
            throw failed("its answer is not " + expected, null);
        }
    }

    private ArbalestException failed(
            String what, @org.jspecify.annotations.Nullable Exception cause) {
        return new ArbalestException(
                ErrorCode.PROCESS_FAILED, system + ": " + what, "see " + log, cause);
    }
}
