package io.arbalest.benchmarks.ann.driver;

import io.arbalest.common.Clock;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Answers queries in slices and times each slice: CPU of the process, wall, and the wall time of
 * each query.
 *
 * <p>Confined to one thread; searches on its own with several.
 */
final class Turns implements AutoCloseable {
    private final ProcessClock clock = new ProcessClock();
    private final float[][] queries;
    private final int k;
    private final List<Driver.Searcher> searchers = new ArrayList<>();
    private final ExecutorService pool;

    /** What a turn measured; one entry a slice, or a query. */
    record Turn(long[] cpuNanos, long[] wallNanos, long[] latencyNanos, int[][] found) {}

    Turns(Driver driver, float[][] queries, int k, int threads) throws Exception {
        this.queries = queries;
        this.k = k;
        for (int i = 0; i < threads; i++) {
            searchers.add(driver.newSearcher());
        }
        pool = Executors.newFixedThreadPool(threads);
    }

    /** Queries from the first on, around the end if need be. */
    Turn run(int ef, int first, int count, int slice) throws Exception {
        int slices = (count + slice - 1) / slice;
        Turn turn =
                new Turn(new long[slices], new long[slices], new long[count], new int[count][k]);
        for (int[] row : turn.found) {
            Arrays.fill(row, -1);
        }
        for (int i = 0; i < slices; i++) {
            int from = i * slice;
            int to = Math.min(count, from + slice);
            long cpu = clock.cpuNanos();
            long wall = Clock.SYSTEM.monotonicNanos();
            if (searchers.size() == 1) {
                search(0, ef, first, from, to, turn);
            } else {
                searchTogether(ef, first, from, to, turn);
            }
            turn.cpuNanos[i] = clock.cpuNanos() - cpu;
            turn.wallNanos[i] = Clock.SYSTEM.monotonicNanos() - wall;
        }
        return turn;
    }

    @Override
    public void close() {
        pool.shutdownNow();
    }

    private void searchTogether(int ef, int first, int from, int to, Turn turn) throws Exception {
        int threads = searchers.size();
        List<Future<?>> parts = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            int number = thread;
            int start = from + (int) ((long) (to - from) * thread / threads);
            int end = from + (int) ((long) (to - from) * (thread + 1) / threads);
            parts.add(
                    pool.submit(() -> {
                        search(number, ef, first, start, end, turn);
                        return number;
                    }));
        }
        for (Future<?> part : parts) {
            part.get();
        }
    }

    private void search(int thread, int ef, int first, int from, int to, Turn turn)
            throws Exception {
        Driver.Searcher searcher = searchers.get(thread);
        for (int i = from; i < to; i++) {
            long began = Clock.SYSTEM.monotonicNanos();
            searcher.search(queries[(first + i) % queries.length], ef, turn.found[i]);
            turn.latencyNanos[i] = Clock.SYSTEM.monotonicNanos() - began;
        }
    }
}
