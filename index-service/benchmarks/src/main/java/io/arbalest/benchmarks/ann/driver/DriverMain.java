package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.ann.DriverProtocol;
import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.common.Clock;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process of one Java system; speaks {@link DriverProtocol}.
 *
 * <p>Confined to the main thread.
 */
public final class DriverMain {
    private final DriverOptions options;
    private final PrintStream out;

    private DriverMain(DriverOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Builds, then answers until it is told to quit or its input ends. */
    public static void main(String[] arguments) {
        PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        System.setOut(System.err); // whatever a library prints is not an answer
        int exitCode = 0;
        try {
            new DriverMain(DriverOptions.parse(arguments), out).run();
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            e.printStackTrace();
            out.println(DriverProtocol.FAILED + " " + BenchErrors.coded(e).getMessage());
            exitCode = 1;
        }
        out.flush();
        System.exit(exitCode); // libraries leave threads behind
    }

    private void run() throws Exception {
        try (MappedVectors base = MappedVectors.open(options.base());
                MappedVectors queryFile = MappedVectors.open(options.query());
                Driver driver = Drivers.of(options, base)) {
            float[][] queries = new float[queryFile.rows()][base.dimension()];
            for (int i = 0; i < queries.length; i++) {
                queryFile.read(i, queries[i]);
            }
            ProcessClock clock = new ProcessClock();
            long cpu = clock.cpuNanos();
            long wall = Clock.SYSTEM.monotonicNanos();
            if (options.reuse()) {
                driver.open();
            } else {
                driver.build();
            }
            cpu = clock.cpuNanos() - cpu;
            wall = Clock.SYSTEM.monotonicNanos() - wall;
            if (!options.reuse() && !options.index().isEmpty() && driver.canKeep()) {
                driver.keep();
            }
            try (Turns turns = new Turns(driver, queries, options.k(), options.threads())) {
                say(DriverProtocol.READY + " " + cpu + " " + wall + " " + driver.bytes());
                answer(turns);
            }
        }
    }

    private void answer(Turns turns) throws Exception {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ", -1);
                switch (words[0]) {
                    case DriverProtocol.SEARCH ->
                            report(
                                    turns.run(
                                            Integer.parseInt(words[1]),
                                            Integer.parseInt(words[2]),
                                            Integer.parseInt(words[3]),
                                            Integer.parseInt(words[4])));
                    case DriverProtocol.RSS -> say(DriverProtocol.RSS_ANSWER + " " + residentKb());
                    case DriverProtocol.QUIT -> {
                        return;
                    }
                    default -> throw new IOException("unknown command " + words[0]);
                }
            }
        }
    }

    private void report(Turns.Turn turn) {
        StringBuilder line = new StringBuilder(DriverProtocol.TURN);
        for (int i = 0; i < turn.cpuNanos().length; i++) {
            line.append(' ').append(turn.cpuNanos()[i]).append(' ').append(turn.wallNanos()[i]);
        }
        line.append('\n').append(DriverProtocol.LATENCY);
        for (long nanos : turn.latencyNanos()) {
            line.append(' ').append(nanos);
        }
        line.append('\n').append(DriverProtocol.FOUND);
        for (int[] row : turn.found()) {
            for (int ordinal : row) {
                line.append(' ').append(ordinal);
            }
        }
        say(line.toString());
    }

    private void say(String line) {
        out.print(line + "\n");
        out.flush();
    }

    /** Resident memory in KiB, as proc_pid_status(5) tells it. */
    private static long residentKb() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("no VmRSS in /proc/self/status");
    }
}
