package io.arbalest.hnsw.sealed;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Work on each of many points, in as many ranges as there are threads for it. Who works on a range
 * has scratch memory of its own, so that what comes out does not depend on the number of threads.
 *
 * <p>Thread-safe.
 */
public final class PointRanges {
    /** One range, on the caller's thread. */
    public static final PointRanges HERE = new PointRanges(Runnable::run, 1);

    private final Executor pool;
    private final int threads;

    private PointRanges(Executor pool, int threads) {
        this.pool = pool;
        this.threads = threads;
    }

    /**
     * On threads of a pool and the caller's.
     *
     * @param pool not one that the caller itself works in, else it may wait for itself
     * @param threads how many at once, the caller's included
     */
    public static PointRanges on(Executor pool, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads");
        }
        return new PointRanges(pool, threads);
    }

    /** How many ranges there are at most. */
    int threads() {
        return threads;
    }

    /** Work on the points of a range. */
    @FunctionalInterface
    interface Work {
        /** Points from {@code from}, before {@code to}; there is at least one. */
        void run(int from, int to);
    }

    /** Does the work on all points below {@code count}; returns once all of it is done. */
    void run(int count, Work work) {
        List<CompletableFuture<Void>> others = new ArrayList<>();
        int first = end(0, count);
        try {
            for (int range = 1; range < threads; range++) {
                int from = end(range - 1, count);
                int to = end(range, count);
                if (from < to) {
                    others.add(CompletableFuture.runAsync(() -> work.run(from, to), pool));
                }
            }
            if (first > 0) {
                work.run(0, first);
            }
        } finally {
            CompletableFuture<Void> all =
                    CompletableFuture.allOf(others.toArray(CompletableFuture[]::new));
            all.exceptionally(_ -> null).join(); // nobody may still work once this returns
        }
        for (CompletableFuture<Void> other : others) {
            result(other);
        }
    }

    private int end(int range, int count) {
        return (int) ((long) count * (range + 1) / threads);
    }

    private static void result(CompletableFuture<Void> done) {
        try {
            done.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw e;
            }
        }
    }
}
