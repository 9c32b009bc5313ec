package io.arbalest.benchmarks.load;

import io.arbalest.benchmarks.report.Percentiles;
import io.arbalest.engine.FoundRow;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.Shard;

import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;

/**
 * One client that asks query after query: how long each took, and what it found.
 *
 * <p>Rows are written in the order of the base, so at any moment the rows below some number are
 * there. A returned row counts if it is at least as near as the tenth nearest of those that were
 * there when the query was asked.
 *
 * <p>Confined to one thread at a time.
 */
final class Searches {
    static final int K = 10;

    private static final int MOST_SAMPLES = 1 << 22;

    private final float[][] queries;
    private final int[][] truth;
    private final long[] nanos = new long[MOST_SAMPLES];
    private int samples;
    private int next;
    private long spent;
    private long wanted;
    private long hits;

    /**
     * @param truth for each query the nearest rows of the whole base, best first
     */
    Searches(float[][] queries, int[][] truth) {
        this.queries = queries;
        this.truth = truth;
    }

    /**
     * Asks until told to stop.
     *
     * @param there rows below this are there; asked before each query
     * @param live which of them were not deleted
     */
    void run(Shard shard, IntSupplier there, IntPredicate live, BooleanSupplier done) {
        SearchSpec spec = SearchSpec.nearest(K, 0, null);
        while (!done.getAsBoolean() && samples < MOST_SAMPLES) {
            int query = next++ % queries.length;
            int rows = there.getAsInt();
            long begin = System.nanoTime();
            List<FoundRow> found = shard.search(List.of(queries[query]), spec).rows().getFirst();
            long took = System.nanoTime() - begin;
            nanos[samples++] = took;
            spent += took;
            count(truth[query], rows, live, found);
        }
    }

    private void count(int[] nearest, int rows, IntPredicate live, List<FoundRow> found) {
        int seen = 0;
        int last = 0;
        while (last < nearest.length && seen < K) {
            if (nearest[last] < rows && live.test(nearest[last])) {
                seen++;
            }
            last++;
        }
        if (seen < K) {
            return; // the truth does not go far enough to say
        }
        wanted += K;
        int good = 0;
        for (FoundRow row : found) {
            int number = Math.toIntExact(row.key().asLong());
            for (int place = 0; place < last; place++) {
                good += nearest[place] == number ? 1 : 0;
            }
        }
        hits += Math.min(K, good);
    }

    int samples() {
        return samples;
    }

    /** Microseconds of wall time that a share of the queries did not exceed; NaN without any. */
    double micros(double share) {
        long[] sorted = Arrays.copyOf(nanos, samples);
        Arrays.sort(sorted);
        return Percentiles.of(sorted, share) / 1e3;
    }

    /** Queries a second of the time in which one was asked; NaN without any. */
    double perSecond() {
        return samples == 0 ? Double.NaN : samples * 1e9 / spent;
    }

    /** NaN without a query of which the truth is known. */
    double recall() {
        return wanted == 0 ? Double.NaN : (double) hits / wanted;
    }
}
