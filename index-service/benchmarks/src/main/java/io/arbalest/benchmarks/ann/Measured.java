package io.arbalest.benchmarks.ann;

import io.arbalest.benchmarks.report.Percentiles;

import java.util.Arrays;

/**
 * What one system showed at one ef, over several rounds through the same queries.
 *
 * <p>CPU and wall time of a slice of queries are the least of the rounds: other load on the machine
 * only ever adds. The latency of a query is the median of its rounds. The mean over all rounds
 * stands beside them.
 *
 * <p>Confined to one thread.
 */
final class Measured {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MICRO = 1e3;

    private final int[][] truth;
    private final long[] leastCpu;
    private final long[] leastWall;
    private final long[][] latencies; // by query, then by round
    private long allCpu;
    private int rounds;
    private double recall;

    Measured(int[][] truth, int slice, int mostRounds) {
        this.truth = truth;
        int slices = (truth.length + slice - 1) / slice;
        leastCpu = new long[slices];
        leastWall = new long[slices];
        latencies = new long[truth.length][mostRounds];
        Arrays.fill(leastCpu, Long.MAX_VALUE);
        Arrays.fill(leastWall, Long.MAX_VALUE);
    }

    /**
     * Adds a round.
     *
     * @param firstSlice the slice that the turn started with
     */
    void add(DriverProcess.Turn turn, int firstSlice, int slice) {
        int slices = leastCpu.length;
        for (int i = 0; i < slices; i++) {
            int at = (firstSlice + i) % slices;
            leastCpu[at] = Math.min(leastCpu[at], turn.cpuNanos()[i]);
            leastWall[at] = Math.min(leastWall[at], turn.wallNanos()[i]);
            allCpu += turn.cpuNanos()[i];
        }
        long hits = 0;
        for (int i = 0; i < truth.length; i++) {
            int query = (firstSlice * slice + i) % truth.length;
            latencies[query][rounds] = turn.latencyNanos()[i];
            hits += common(turn.found()[i], truth[query]);
        }
        recall = (double) hits / truth.length / AnnPlan.K;
        rounds++;
    }

    /** Share of the true nearest that the last round found. */
    double recall() {
        return recall;
    }

    /** Queries per second of process CPU. */
    double qps() {
        return truth.length / (Arrays.stream(leastCpu).sum() / NANOS_PER_SECOND);
    }

    /** Queries per second of wall time. */
    double qpsWall() {
        return truth.length / (Arrays.stream(leastWall).sum() / NANOS_PER_SECOND);
    }

    /** Queries per second of process CPU, the mean over all rounds. */
    double qpsMean() {
        return (double) rounds * truth.length / (allCpu / NANOS_PER_SECOND);
    }

    /** Percentile of the queries' latencies, in microseconds. */
    double latencyMicros(double share) {
        long[] medians = new long[latencies.length];
        for (int i = 0; i < medians.length; i++) {
            long[] sorted = Arrays.copyOf(latencies[i], rounds);
            Arrays.sort(sorted);
            medians[i] = sorted[(rounds - 1) / 2];
        }
        Arrays.sort(medians);
        return Percentiles.of(medians, share) / NANOS_PER_MICRO;
    }

    /** How many of the found rows are among the k true nearest. */
    static int common(int[] found, int[] nearest) {
        int count = 0;
        for (int i = 0; i < found.length; i++) {
            for (int k = 0; k < AnnPlan.K; k++) {
                if (found[i] == nearest[k] && first(found, i)) {
                    count++;
                }
            }
        }
        return count;
    }

    /** A row that is returned twice counts once. */
    private static boolean first(int[] found, int at) {
        for (int i = 0; i < at; i++) {
            if (found[i] == found[at]) {
                return false;
            }
        }
        return true;
    }
}
