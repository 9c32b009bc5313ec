package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.common.Scheduler;
import io.arbalest.hnsw.sealed.VnniScores;
import io.arbalest.simd.KernelSelfTest;
import io.arbalest.simd.KernelSelfTest.Measured;
import io.arbalest.simd.KernelSelfTest.Verdict;
import io.arbalest.simd.VectorWidth;
import io.arbalest.simd.VnniKernel;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;

/**
 * Tests the distance kernels on this machine, in the background, for every dimension that a shard
 * has: once, some seconds after the first such shard opens, when the start needs the processor and
 * the compiler no longer, and again a few times where one was slow, because the compiler may have
 * had other things to do.
 *
 * <p>A kernel that stays slow goes on serving and is reported, in the log, as a metric and by
 * {@code /healthz}; a kernel whose results differ from its twin's also makes the node not ready. No
 * twin steps in: it would be slower still than most of what it replaces, and nobody would notice.
 * See adr/0012.
 *
 * <p>Thread-safe.
 */
final class KernelChecks implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(KernelChecks.class.getName());
    private static final int MOST_DIMENSIONS = 64;
    private static final int TRIES = 4;
    private static final Duration AFTER_OPENING = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofSeconds(15);

    /** Runs the kernels; replaced by tests. */
    @FunctionalInterface
    interface Test {
        List<Measured> run(int dimension);
    }

    private final Env env;
    private final Executor executor;
    private final Test test;
    private final Map<Integer, List<Measured>> found = new TreeMap<>(); // guarded by this
    private boolean closed; // guarded by this

    KernelChecks(Env env, Executor executor) {
        this(env, executor, KernelChecks::allKernels);
    }

    KernelChecks(Env env, Executor executor, Test test) {
        this.env = env;
        this.executor = executor;
        this.test = test;
    }

    private static List<Measured> allKernels(int dimension) {
        return KernelSelfTest.run(
                dimension,
                VnniScores.ofBytes(dimension),
                VnniScores.ofNibbles(dimension),
                Clock.SYSTEM);
    }

    /** Sees to it that the kernels will be tested for vectors of a dimension. */
    void check(int dimension) {
        synchronized (this) {
            if (closed || found.containsKey(dimension) || found.size() >= MOST_DIMENSIONS) {
                return;
            }
            found.put(dimension, List.of());
        }
        schedule(AFTER_OPENING, dimension, 1);
    }

    /** What was found so far, by dimension. */
    synchronized List<Measured> found() {
        List<Measured> all = new ArrayList<>();
        found.values().forEach(all::addAll);
        return all;
    }

    /** Ends the tests that are to come; one that runs says nothing any more. */
    @Override
    public synchronized void close() {
        closed = true;
    }

    private void schedule(Duration delay, int dimension, int attempt) {
        Scheduler.Cancellable _ =
                env.scheduler().schedule(delay, executor, () -> run(dimension, attempt));
    }

    private void run(int dimension, int attempt) {
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        List<Measured> measured = test.run(dimension);
        report(dimension, attempt, measured);
    }

    /** Under the lock, so that nothing is said once the engine is closed. */
    private synchronized void report(int dimension, int attempt, List<Measured> measured) {
        if (closed) {
            return;
        }
        boolean slow = measured.stream().anyMatch(one -> one.verdict() == Verdict.SLOW);
        if (slow && attempt < TRIES) {
            LOG.log(Level.DEBUG, "kernels are tested again: {0}", measured);
            schedule(PAUSE, dimension, attempt + 1);
        }
        found.put(dimension, List.copyOf(measured));
        measured.forEach(this::show);
        if (!slow || attempt == TRIES) {
            log(dimension, measured);
        }
    }

    private void show(Measured one) {
        gauge(one, "nanos_per_row", "Time of a row, compiled", "vector", one.nanosPerRow());
        gauge(one, "nanos_per_row", "Time of a row, compiled", "scalar", one.scalarNanosPerRow());
        env.metrics()
                .gauge(
                        "arbalest_kernel_verdict",
                        "0 good, 1 not compiled to vectors, 2 wrong results",
                        () -> number(one.verdict()),
                        "kernel",
                        one.kernel(),
                        "dimension",
                        Integer.toString(one.dimension()));
    }

    private static int number(Verdict verdict) {
        return switch (verdict) {
            case GOOD -> 0;
            case SLOW -> 1;
            case WRONG -> 2;
        };
    }

    private void gauge(Measured one, String name, String help, String form, double value) {
        env.metrics()
                .gauge(
                        "arbalest_kernel_" + name,
                        help,
                        () -> value,
                        "kernel",
                        one.kernel(),
                        "dimension",
                        Integer.toString(one.dimension()),
                        "form",
                        form);
    }

    /** What makes a node do without a kernel. */
    private static String way(Measured one) {
        return Set.of(KernelSelfTest.VNNI, KernelSelfTest.NIBBLES_VNNI).contains(one.kernel())
                ? "-D" + VnniKernel.PROPERTY + "=false"
                : "another -D" + VectorWidth.PROPERTY;
    }

    private static void log(int dimension, List<Measured> measured) {
        StringBuilder line = new StringBuilder();
        for (Measured one : measured) {
            line.append(
                    String.format(
                            Locale.ROOT,
                            " %s %.1f (%.1f)",
                            one.kernel(),
                            one.nanosPerRow(),
                            one.scalarNanosPerRow()));
        }
        LOG.log(
                Level.INFO,
                "kernels for {0} elements with {1} bits, ns a row (of the scalar twin):{2}",
                Integer.toString(dimension),
                Integer.toString(VectorWidth.bits()),
                line);
        for (Measured one : measured) {
            if (one.verdict() == Verdict.SLOW) {
                LOG.log(
                        Level.WARNING,
                        "kernel {0} for {1} elements is as slow as without vectors, because this"
                            + " JVM does not compile it to vector instructions or the processor is"
                            + " slow at them. Searches are slow. Fix: start with {2}, or with"
                            + " another build of the JDK",
                        one.kernel(),
                        Integer.toString(dimension),
                        way(one));
            } else if (one.verdict() == Verdict.WRONG) {
                LOG.log(
                        Level.ERROR,
                        "kernel {0} for {1} elements does not compute what its scalar twin does:"
                                + " this JVM or processor is broken, and searches miss points. Fix:"
                                + " start with {2}, or with another build of the JDK",
                        one.kernel(),
                        Integer.toString(dimension),
                        way(one));
            }
        }
    }
}
