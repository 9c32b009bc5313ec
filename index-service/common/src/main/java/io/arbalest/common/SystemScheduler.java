package io.arbalest.common;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The machine's threads: daemon platform threads named after their role; a second thread of the
 * same role is named {@code role-2} and so on.
 *
 * <p>Closing never interrupts a running task: an interrupt closes a {@code FileChannel} under the
 * thread that writes to it, and a log would take that for a failed disk. A task that throws is
 * logged and the executor goes on. A task given to a closed or overfull executor is refused with
 * {@link RejectedExecutionException}; a delayed task whose executor or scheduler is closed is
 * dropped.
 *
 * <p>Thread-safe.
 */
public final class SystemScheduler implements Scheduler {
    /**
     * Tasks that may wait in one executor; the rooms bound their queues in bytes or rows long
     * before this.
     */
    public static final int MAX_WAITING_TASKS = 1 << 20;

    /**
     * How long closing waits for a running task before it leaves the daemon thread to the end of
     * the process.
     */
    public static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);

    private static final Logger LOG = System.getLogger(SystemScheduler.class.getName());
    private static final ThreadLocal<ThreadPoolExecutor> RUNNING_IN = new ThreadLocal<>();

    private final Map<String, AtomicInteger> threadsByRole = new ConcurrentHashMap<>();
    private final Set<ThreadPoolExecutor> pools = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor timer;
    private final Consumer<String> entering;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** With threads as the JVM makes them. */
    public SystemScheduler() {
        this(_ -> {});
    }

    /**
     * @param entering called by each thread before its first task, with its role
     */
    public SystemScheduler(Consumer<String> entering) {
        this.entering = Objects.requireNonNull(entering);
        timer = new ScheduledThreadPoolExecutor(1, threads("timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public SerialExecutor serial(String role) {
        return new Serial(newPool(role, 1));
    }

    @Override
    public Executor parallel(String role, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(
                    "threads must be at least 1, got " + threads + " for " + role);
        }
        ThreadPoolExecutor pool = newPool(role, threads);
        return task -> pool.execute(guarded(pool, task));
    }

    @Override
    public Cancellable schedule(Duration delay, Executor executor, Runnable task) {
        try {
            Future<?> future =
                    timer.schedule(
                            () -> handOver(executor, task), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "delayed task dropped: the scheduler is closed", e);
            return () -> {};
        }
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        timer.shutdown();
        for (ThreadPoolExecutor pool : pools) {
            stopAdmission(pool);
        }
        for (ThreadPoolExecutor pool : pools) {
            awaitRunning(pool);
        }
        pools.clear();
    }

    private ThreadPoolExecutor newPool(String role, int threads) {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        0,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(MAX_WAITING_TASKS),
                        threads(role));
        pools.add(pool);
        if (closed.get()) {
            stopAdmission(pool);
            pools.remove(pool);
        }
        return pool;
    }

    private ThreadFactory threads(String role) {
        AtomicInteger count = threadsByRole.computeIfAbsent(role, _ -> new AtomicInteger());
        return task -> {
            int number = count.incrementAndGet();
            Runnable entered =
                    () -> {
                        entering.accept(role);
                        task.run();
                    };
            Thread thread = new Thread(entered, number == 1 ? role : role + "-" + number);
            thread.setDaemon(true);
            return thread;
        };
    }

    private static void handOver(Executor executor, Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "delayed task dropped: its executor is closed or full", e);
        }
    }

    private static Runnable guarded(ThreadPoolExecutor pool, Runnable task) {
        return () -> {
            RUNNING_IN.set(pool);
            try {
                task.run();
            } catch (Throwable e) {
                // The executor is shared by unrelated tasks: one that fails must not take the
                // thread with it.
                LOG.log(Level.ERROR, "task failed on " + Thread.currentThread().getName(), e);
            }
        };
    }

    private static void stopAdmission(ThreadPoolExecutor pool) {
        pool.shutdown();
        pool.getQueue().clear();
    }

    private static void awaitRunning(ThreadPoolExecutor pool) {
        if (pool.equals(RUNNING_IN.get())) {
            return; // a task closes its own executor: it must not wait for itself
        }
        try {
            if (!pool.awaitTermination(CLOSE_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                LOG.log(
                        Level.WARNING,
                        "a task still runs "
                                + CLOSE_PATIENCE.toSeconds()
                                + " s after closing: "
                                + pool);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Serial implements SerialExecutor {
        private final ThreadPoolExecutor pool;

        Serial(ThreadPoolExecutor pool) {
            this.pool = pool;
        }

        @Override
        public void execute(Runnable task) {
            pool.execute(guarded(pool, task));
        }

        @Override
        public void close() {
            stopAdmission(pool);
            awaitRunning(pool);
            pools.remove(pool);
        }
    }
}
