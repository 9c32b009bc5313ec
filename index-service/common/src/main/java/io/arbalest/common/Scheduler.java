package io.arbalest.common;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The seam for threads: rooms ask for executors by role and never start a thread themselves. In
 * production each serial executor is a thread named after its role; in a simulation all of them
 * share one thread and one event queue.
 *
 * <p>Thread-safe.
 */
public interface Scheduler extends AutoCloseable {
    /** An executor that runs its tasks one at a time, in the order in which they were given. */
    SerialExecutor serial(String role);

    /** An executor that may run tasks at the same time, with at most {@code threads} of them. */
    Executor parallel(String role, int threads);

    /** Runs the task on the executor after the delay, once, unless cancelled before. */
    Cancellable schedule(Duration delay, Executor executor, Runnable task);

    /** Stops everything that was handed out; waits for running tasks, drops waiting ones. */
    @Override
    void close();

    /**
     * An executor with one task at a time; closing it waits for the running task and drops the
     * waiting ones.
     */
    interface SerialExecutor extends Executor, AutoCloseable {
        @Override
        void close();
    }

    /** A scheduled task that may be withdrawn. */
    @FunctionalInterface
    interface Cancellable {
        void cancel();
    }
}
