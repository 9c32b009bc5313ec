package io.arbalest.client;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of one client, all daemons: <i>workers</i> never block and run the lanes of writers,
 * <i>callers</i> wait for nodes, one <i>timer</i> wakes them up.
 *
 * <p>Thread-safe.
 */
final class ClientThreads implements AutoCloseable {
    private static final int MIN_WORKERS = 2;
    private static final int MAX_WORKERS = 8;
    private static final int MAX_CALLERS = 32;
    private static final int MAX_QUEUED_CALLS = 4096;
    private static final Duration IDLE = Duration.ofSeconds(10);

    private final ThreadPoolExecutor workers;
    private final ThreadPoolExecutor callers;
    private final ScheduledThreadPoolExecutor timer;

    ClientThreads() {
        int count =
                Math.max(
                        MIN_WORKERS,
                        Math.min(MAX_WORKERS, Runtime.getRuntime().availableProcessors()));
        // Not bounded by a number: a lane is queued at most once at a time.
        workers = pool(count, "arbalest-client-worker", new LinkedBlockingQueue<>());
        callers =
                pool(
                        MAX_CALLERS,
                        "arbalest-client-call",
                        new LinkedBlockingQueue<>(MAX_QUEUED_CALLS));
        timer = new ScheduledThreadPoolExecutor(1, named("arbalest-client-timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    private static ThreadPoolExecutor pool(
            int threads, String name, LinkedBlockingQueue<Runnable> queue) {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        IDLE.toMillis(),
                        TimeUnit.MILLISECONDS,
                        queue,
                        named(name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    static ThreadFactory named(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }

    Executor workers() {
        return workers;
    }

    Executor callers() {
        return callers;
    }

    /** Runs a short task later; does nothing once the client is closed. */
    void after(Duration delay, Runnable task) {
        try {
            Future<?> unused =
                    timer.schedule(() -> guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            if (!timer.isShutdown()) {
                throw e;
            }
        }
    }

    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) { // nobody looks at the timer's futures
            System.getLogger(ClientThreads.class.getName())
                    .log(System.Logger.Level.ERROR, "a timed task of the client failed", e);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        callers.shutdownNow();
        workers.shutdown();
        try {
            if (!workers.awaitTermination(IDLE.toMillis(), TimeUnit.MILLISECONDS)
                    || !callers.awaitTermination(IDLE.toMillis(), TimeUnit.MILLISECONDS)) {
                System.getLogger(ClientThreads.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "a thread of the client is still busy after {0}",
                                IDLE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
