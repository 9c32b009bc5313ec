package io.arbalest.testkit;

import io.arbalest.common.Scheduler;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * All executors on the one thread that calls {@link #runOne}, {@link #runUntilIdle} or {@link
 * #advance}; nothing runs by itself. Without a random source tasks run in the order in which they
 * were given; with one, the next task is drawn from any executor that has one, which explores the
 * orders that real threads could produce. Serial executors keep their own order in either case. The
 * same seed gives the same run.
 *
 * <p>A task that throws ends the call that ran it with that exception: a simulation must not go on
 * over a failed assertion.
 *
 * <p>Confined to one thread.
 */
public final class SimScheduler implements Scheduler {
    /** A run of this many tasks at one instant is taken for a loop that never ends. */
    private static final int MAX_TASKS_PER_INSTANT = 10_000_000;

    private final SimClock clock;
    private final @Nullable RandomGenerator random;
    private final List<SimExecutor> ready = new ArrayList<>();
    private final PriorityQueue<Timed> timers = new PriorityQueue<>();
    private long nextOrder;
    private boolean closed;

    /** Runs tasks in the order in which they were given. */
    public SimScheduler(SimClock clock) {
        this(clock, null);
    }

    /** Draws the next task from {@code random} where the order is free. */
    public SimScheduler(SimClock clock, @Nullable RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    @Override
    public SerialExecutor serial(String role) {
        return new SimExecutor(role, true);
    }

    @Override
    public Executor parallel(String role, int threads) {
        return new SimExecutor(role, false);
    }

    @Override
    public Cancellable schedule(Duration delay, Executor executor, Runnable task) {
        Timed timed =
                new Timed(clock.monotonicNanos() + delay.toNanos(), nextOrder++, executor, task);
        timers.add(timed);
        return () -> timers.remove(timed);
    }

    /** Drops everything that waits and refuses what comes. */
    @Override
    public void close() {
        closed = true;
        ready.forEach(executor -> executor.tasks.clear());
        ready.clear();
        timers.clear();
    }

    /** Runs one task that is due at the present instant; false if there is none. */
    public boolean runOne() {
        fireDueTimers();
        if (ready.isEmpty()) {
            return false;
        }
        SimExecutor executor = random == null ? oldest() : ready.get(random.nextInt(ready.size()));
        Task task = executor.take(random);
        if (executor.tasks.isEmpty()) {
            ready.remove(executor);
        }
        task.body().run();
        return true;
    }

    /** Runs everything that is due without moving the clock. */
    public void runUntilIdle() {
        for (int i = 0; runOne(); i++) {
            if (i == MAX_TASKS_PER_INSTANT) {
                throw new IllegalStateException(
                        "tasks keep each other busy without time going by: " + ready);
            }
        }
    }

    /**
     * Runs everything that falls due within the duration, each at its time, and leaves the clock at
     * its end.
     */
    public void advance(Duration duration) {
        long end = clock.monotonicNanos() + duration.toNanos();
        runUntilIdle();
        while (!timers.isEmpty() && timers.peek().atNanos <= end) {
            clock.advanceTo(timers.peek().atNanos);
            runUntilIdle();
        }
        clock.advanceTo(end);
    }

    /**
     * Runs, moving the clock from timer to timer, until the condition holds; false if it does not
     * within the limit.
     */
    public boolean runUntil(BooleanSupplier condition, Duration limit) {
        long end = clock.monotonicNanos() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (runOne()) {
                continue;
            }
            if (timers.isEmpty() || timers.peek().atNanos > end) {
                return false;
            }
            clock.advanceTo(timers.peek().atNanos);
        }
        return true;
    }

    private void fireDueTimers() {
        while (!timers.isEmpty() && timers.peek().atNanos <= clock.monotonicNanos()) {
            Timed timed = timers.remove();
            if (timed.executor instanceof SimExecutor executor && executor.executorClosed) {
                continue;
            }
            timed.executor.execute(timed.task);
        }
    }

    private SimExecutor oldest() {
        SimExecutor oldest = ready.getFirst();
        for (SimExecutor executor : ready) {
            if (executor.tasks.getFirst().order() < oldest.tasks.getFirst().order()) {
                oldest = executor;
            }
        }
        return oldest;
    }

    private record Task(long order, Runnable body) {}

    private record Timed(long atNanos, long order, Executor executor, Runnable task)
            implements Comparable<Timed> {
        @Override
        public int compareTo(Timed other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final class SimExecutor implements SerialExecutor {
        private final String role;
        private final boolean serial;
        private final Deque<Task> tasks = new ArrayDeque<>();
        private boolean executorClosed;

        SimExecutor(String role, boolean serial) {
            this.role = role;
            this.serial = serial;
        }

        @Override
        public void execute(Runnable body) {
            if (closed || executorClosed) {
                throw new RejectedExecutionException("executor " + role + " is closed");
            }
            if (tasks.isEmpty()) {
                ready.add(this);
            }
            tasks.add(new Task(nextOrder++, body));
        }

        @Override
        public void close() {
            executorClosed = true;
            tasks.clear();
            ready.remove(this);
        }

        Task take(@Nullable RandomGenerator random) {
            if (!serial && random != null) {
                for (int skip = random.nextInt(tasks.size()); skip > 0; skip--) {
                    tasks.addLast(tasks.removeFirst());
                }
            }
            return tasks.removeFirst();
        }

        @Override
        public String toString() {
            return role + "[" + tasks.size() + " waiting]";
        }
    }
}
