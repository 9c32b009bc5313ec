package io.arbalest.benchmarks.ann;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.RecallCurve;
import io.arbalest.benchmarks.report.ResultWriter;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds each system in a process of its own, one after the other, then asks them in turn: at each
 * ef, in each round, every system answers all queries once, so that other load on the machine hits
 * all alike. A system that fails is left out from then on.
 *
 * <p>Confined to one thread.
 */
final class AnnRun implements AutoCloseable {
    /** Columns of the results. */
    static final String[] COLUMNS = {
        "system",
        "dataset",
        "n",
        "dim",
        "params",
        "threads",
        "ef",
        "build_s",
        "recall10",
        "qps",
        "p50_us",
        "p99_us",
        "bytes_per_vector",
        "qps_wall",
        "build_wall_s",
        "rss_mb",
        "qps_mean"
    };

    private static final int SLICE = 50;
    private static final int LEAST_SLICE = 10;
    private static final double WARM_UP_NANOS = 3e9;
    private static final double NANOS_PER_SECOND = 1e9;

    private final BenchConsole console;
    private final AnnPlan plan;
    private final int[][] truth;
    private final int rounds;
    private final int slice;
    private final List<Running> running = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();

    /** A system that was built, and what that cost. */
    private record Running(String system, DriverProcess process, DriverProcess.Ready built) {}

    AnnRun(BenchConsole console, AnnPlan plan, int[][] truth, int rounds) {
        this.console = console;
        this.plan = plan;
        this.truth = truth;
        this.rounds = rounds;
        slice = slice(plan.queries(), SLICE * plan.graph().threads());
    }

    /**
     * The largest part that divides the queries evenly; all of them if that is too small a part.
     */
    static int slice(int queries, int most) {
        for (int slice = Math.min(queries, most); slice >= LEAST_SLICE; slice--) {
            if (queries % slice == 0) {
                return slice;
            }
        }
        return queries;
    }

    /**
     * Starts a system and waits until its index is there.
     *
     * @param kept indexes to use again and to add to, or null for none
     */
    void add(String system, Path root, Path cache, @Nullable KeptIndexes kept) throws IOException {
        Path logs = Files.createDirectories(cache.resolve("logs"));
        Path log = logs.resolve(plan.dataset() + "-" + system + ".log");
        DriverProcess process = null;
        try {
            List<String> command =
                    new ArrayList<>(Systems.command(system, root, cache.resolve("programs"), log));
            Path place =
                    kept == null || !Systems.canKeep(system)
                            ? null
                            : kept.place(plan, system, command);
            DriverProcess.Ready costs = place == null ? null : KeptIndexes.costs(place);
            if (place != null && costs == null) {
                KeptIndexes.clear(place);
            }
            boolean reuse = costs != null;
            command.addAll(plan.arguments(system, place == null ? "" : place.toString(), reuse));
            console.say("%s: %s", system, reuse ? "opening" : "building");
            process = DriverProcess.start(system, command, log);
            DriverProcess.Ready ready = process.ready();
            if (place != null && !reuse) {
                KeptIndexes.complete(place, ready);
            }
            DriverProcess.Ready built = costs == null ? ready : costs;
            console.say(
                    "%s: built in %.1f s of CPU, %.1f s",
                    system,
                    built.cpuNanos() / NANOS_PER_SECOND,
                    built.wallNanos() / NANOS_PER_SECOND);
            running.add(new Running(system, process, built));
        } catch (RuntimeException | IOException e) {
            if (process != null) {
                process.close();
            }
            drop(system, e);
        }
    }

    /** Measures all systems at each ef and writes a row for each. */
    void measure(int[] efs, ResultWriter rows, AnnSummary summary) {
        for (Running system : List.copyOf(running)) {
            attempt(system, () -> warmUp(system, efs));
        }
        for (int ef : efs) {
            List<Measured> measured = new ArrayList<>();
            List<Running> asked = List.copyOf(running);
            asked.forEach(system -> measured.add(new Measured(truth, slice, rounds)));
            for (int round = 0; round < rounds; round++) {
                int turn = round;
                for (int i = 0; i < asked.size(); i++) {
                    int at = (i + round) % asked.size();
                    if (running.contains(asked.get(at))) {
                        attempt(
                                asked.get(at),
                                () -> turn(asked.get(at), ef, turn, measured.get(at)));
                    }
                }
            }
            for (int i = 0; i < asked.size(); i++) {
                Running system = asked.get(i);
                Measured result = measured.get(i);
                if (running.contains(system)) {
                    attempt(system, () -> report(system, ef, result, rows, summary));
                }
            }
        }
    }

    /** Names of the systems that were left out. */
    List<String> failed() {
        return List.copyOf(failed);
    }

    @Override
    public void close() {
        running.forEach(system -> system.process().close());
    }

    private void warmUp(Running system, int[] efs) {
        long start = 0;
        for (int i = 0; start < WARM_UP_NANOS; i++) {
            DriverProcess.Turn turn =
                    system.process().search(efs[i % efs.length], 0, truth.length, slice);
            for (long nanos : turn.wallNanos()) {
                start += nanos;
            }
        }
    }

    private void turn(Running system, int ef, int round, Measured measured) {
        int slices = truth.length / slice;
        // Each round starts elsewhere: the first slice of a turn finds the caches full of the
        // others' data.
        int firstSlice = (int) ((long) round * slices / rounds);
        measured.add(
                system.process().search(ef, firstSlice * slice, truth.length, slice),
                firstSlice,
                slice);
    }

    private void report(
            Running system, int ef, Measured result, ResultWriter rows, AnnSummary summary) {
        rows.row(
                system.system(),
                plan.dataset(),
                plan.points(),
                plan.dimension(),
                plan.parameters(),
                plan.graph().threads(),
                ef,
                ResultWriter.rounded(system.built().cpuNanos() / NANOS_PER_SECOND, 2),
                ResultWriter.rounded(result.recall(), 4),
                ResultWriter.rounded(result.qps(), 1),
                ResultWriter.rounded(result.latencyMicros(0.50), 1),
                ResultWriter.rounded(result.latencyMicros(0.99), 1),
                ResultWriter.rounded((double) system.built().bytes() / plan.points(), 1),
                ResultWriter.rounded(result.qpsWall(), 1),
                ResultWriter.rounded(system.built().wallNanos() / NANOS_PER_SECOND, 2),
                ResultWriter.rounded(system.process().residentMb(), 1),
                ResultWriter.rounded(result.qpsMean(), 1));
        summary.add(
                plan.dataset(),
                system.system(),
                new AnnSummary.Totals(
                        new RecallCurve(),
                        system.built().cpuNanos() / NANOS_PER_SECOND,
                        (double) system.built().bytes() / plan.points()),
                result.recall(),
                result.qps());
    }

    private void attempt(Running system, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            running.remove(system);
            system.process().close();
            drop(system.system(), e);
        }
    }

    private void drop(String system, Exception failure) {
        failed.add(system);
        console.say("%s", String.valueOf(BenchErrors.coded(failure).getMessage()));
    }
}
