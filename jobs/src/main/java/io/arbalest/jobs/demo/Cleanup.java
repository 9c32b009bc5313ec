package io.arbalest.jobs.demo;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Everything that must be undone, last first: at the end, or when the JVM is told to stop,
 * whichever comes first. What is added after that is undone at once, so a process that was being
 * started when Ctrl-C came is stopped too.
 *
 * <p>Thread-safe.
 */
final class Cleanup implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Cleanup.class);

    private final Deque<Step> steps = new ArrayDeque<>();
    private boolean closed;

    /** One thing to undo. */
    @FunctionalInterface
    interface Step {
        void undo() throws Exception;
    }

    /** Undoes this at the end, before everything that was added earlier. */
    void add(Step step) {
        synchronized (this) {
            if (!closed) {
                steps.push(step);
                return;
            }
        }
        undo(step);
    }

    /** Whether {@link #close} has begun. */
    synchronized boolean closed() {
        return closed;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        for (Step step = next(); step != null; step = next()) {
            undo(step);
        }
    }

    private synchronized @org.jspecify.annotations.Nullable Step next() {
        return steps.poll();
    }

    private static void undo(Step step) {
        try {
            step.undo();
        } catch (Exception e) {
            LOG.warn("could not clean up", e);
        }
    }
}
