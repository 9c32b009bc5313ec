package io.arbalest.benchmarks.shard;

import io.arbalest.common.Scheduler;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/**
 * A scheduler whose parallel executors of one role can be held, so that the state before their work
 * can be measured. Thread-safe.
 */
final class HeldScheduler implements Scheduler {
    private final Scheduler scheduler;
    private final String heldRole;
    private final Deque<Runnable> waiting = new ArrayDeque<>(); // guarded by itself, as is held
    private boolean held;

    HeldScheduler(Scheduler scheduler, String heldRole) {
        this.scheduler = scheduler;
        this.heldRole = heldRole;
    }

    void hold() {
        synchronized (waiting) {
            held = true;
        }
    }

    void release() {
        synchronized (waiting) {
            held = false;
            waiting.forEach(Runnable::run);
            waiting.clear();
        }
    }

    @Override
    public SerialExecutor serial(String role) {
        return scheduler.serial(role);
    }

    @Override
    public Executor parallel(String role, int threads) {
        Executor executor = scheduler.parallel(role, threads);
        if (!role.equals(heldRole)) {
            return executor;
        }
        return task -> {
            synchronized (waiting) {
                if (held) {
                    waiting.add(() -> executor.execute(task));
                    return;
                }
            }
            executor.execute(task);
        };
    }

    @Override
    public Cancellable schedule(Duration delay, Executor executor, Runnable task) {
        return scheduler.schedule(delay, executor, task);
    }

    @Override
    public void close() {
        scheduler.close();
    }
}
