package io.arbalest.benchmarks.data;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;
import io.arbalest.simd.FloatDot;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The exact nearest rows of each query, by comparing it with every row in double precision. Of rows
 * with the same score the lower number is nearer.
 *
 * <p>Thread-safe: no state.
 */
public final class ExactTruth {
    private ExactTruth() {}

    /**
     * Compares all queries with all rows.
     *
     * @param k rows to find for each query, at most as many as there are
     * @param threads that compare; each of them reads all rows
     * @return for each query the numbers of the nearest rows, nearest first
     */
    public static int[][] of(float[][] queries, RowReader base, Metric metric, int k, int threads) {
        if (k < 1 || k > base.rows() || threads < 1) {
            throw new IllegalArgumentException(
                    "k " + k + " of " + base.rows() + " rows, threads " + threads);
        }
        for (float[] query : queries) {
            if (query.length != base.dimension()) {
                throw new ArbalestException(
                        ErrorCode.DIMENSION_MISMATCH,
                        "queries have dimension " + query.length + ", the base " + base.dimension(),
                        "give queries of the same set");
            }
        }
        Nearest[] nearest = new Nearest[queries.length];
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> parts = new ArrayList<>();
            for (int part = 0; part < threads; part++) {
                int from = (int) ((long) queries.length * part / threads);
                int to = (int) ((long) queries.length * (part + 1) / threads);
                parts.add(pool.submit(() -> compare(queries, base, metric, k, nearest, from, to)));
            }
            for (Future<?> part : parts) {
                part.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        int[][] rows = new int[queries.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = nearest[i].rows;
        }
        return rows;
    }

    private static void compare(
            float[][] queries,
            RowReader base,
            Metric metric,
            int k,
            Nearest[] nearest,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            nearest[i] = new Nearest(k);
        }
        float[] row = new float[base.dimension()];
        for (int ordinal = 0; ordinal < base.rows(); ordinal++) {
            base.read(ordinal, row);
            double length = metric == Metric.COSINE ? Math.sqrt(FloatDot.dot(row, row)) : 1;
            for (int i = from; i < to; i++) {
                // the query's own length changes no order
                double score =
                        metric == Metric.L2
                                ? -squaredDistance(row, queries[i])
                                : FloatDot.dot(row, queries[i]) / length;
                nearest[i].offer(ordinal, score);
            }
        }
    }

    /** Four sums at a time, so that an addition does not wait for the one before. */
    private static double squaredDistance(float[] a, float[] b) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 4 <= a.length; i += 4) {
            double d0 = (double) a[i] - b[i];
            double d1 = (double) a[i + 1] - b[i + 1];
            double d2 = (double) a[i + 2] - b[i + 2];
            double d3 = (double) a[i + 3] - b[i + 3];
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
        }
        for (; i < a.length; i++) {
            double d = (double) a[i] - b[i];
            s0 += d * d;
        }
        return s0 + s1 + (s2 + s3);
    }

    /** The best rows so far, best first; offered in ascending order of their numbers. */
    private static final class Nearest {
        private final int[] rows;
        private final double[] scores;
        private int count;

        Nearest(int k) {
            rows = new int[k];
            scores = new double[k];
        }

        void offer(int row, double score) {
            if (count == rows.length && score <= scores[count - 1]) {
                return;
            }
            int at = count < rows.length ? count++ : count - 1;
            for (; at > 0 && scores[at - 1] < score; at--) {
                rows[at] = rows[at - 1];
                scores[at] = scores[at - 1];
            }
            rows[at] = row;
            scores[at] = score;
        }
    }
}
