package io.arbalest.benchmarks.ann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.stream.IntStream;

class MeasuredTest {
    private static final int[] NEAREST = IntStream.range(0, 10).toArray();

    @Test
    void takesTheLeastOfEachSliceAndTheMedianOfEachQuery() {
        int[][] truth = {NEAREST, NEAREST, NEAREST, NEAREST};
        Measured measured = new Measured(truth, 2, 3);
        // Rounds start at slice 0, 1, 0; queries 0 to 3 have the latencies written beside them.
        measured.add(turn(new long[] {5000, 9000}, new long[] {1, 2, 3, 4}), 0, 2);
        measured.add(turn(new long[] {7000, 6000}, new long[] {30, 40, 10, 20}), 1, 2);
        measured.add(turn(new long[] {8000, 8000}, new long[] {100, 200, 300, 400}), 0, 2);
        // slice 0: least of 5000, 6000, 8000; slice 1: least of 9000, 7000, 8000
        assertThat(measured.qps()).isCloseTo(4 / 12_000e-9, within(1e-3));
        assertThat(measured.qpsWall()).isCloseTo(4 / 24_000e-9, within(1e-3));
        assertThat(measured.qpsMean()).isCloseTo(12 / 43_000e-9, within(1e-3));
        // medians of the queries: 10, 20, 30, 40 ns
        assertThat(measured.latencyMicros(0.5)).isCloseTo(0.020, within(1e-9));
        assertThat(measured.latencyMicros(0.99)).isCloseTo(0.040, within(1e-9));
        assertThat(measured.recall()).isEqualTo(1.0);
    }

    @Test
    void recallCountsARowOnceAndOnlyTheTenNearest() {
        int[] nearest = IntStream.range(0, 100).toArray();
        int[] found = {0, 0, 1, -1, 10, 99, 2, 2, 2, 500};
        assertThat(Measured.common(found, nearest)).isEqualTo(3);
    }

    @Test
    void recallFollowsTheQueriesAroundTheEnd() {
        int[] others = IntStream.range(10, 20).toArray();
        Measured measured = new Measured(new int[][] {NEAREST, others}, 1, 1);
        measured.add(
                new DriverProcess.Turn(
                        new long[] {1, 1},
                        new long[] {1, 1},
                        new long[] {1, 1},
                        new int[][] {others, NEAREST}),
                1,
                1);
        assertThat(measured.recall()).isEqualTo(1.0);
    }

    @Test
    void slicesDivideTheQueries() {
        assertThat(AnnRun.slice(1000, 50)).isEqualTo(50);
        assertThat(AnnRun.slice(1000, 100)).isEqualTo(100);
        assertThat(AnnRun.slice(990, 50)).isEqualTo(45);
        assertThat(AnnRun.slice(997, 50)).isEqualTo(997); // a prime: one slice
        assertThat(AnnRun.slice(7, 50)).isEqualTo(7);
    }

    private static DriverProcess.Turn turn(long[] cpu, long[] latency) {
        long[] wall = {2 * cpu[0], 2 * cpu[1]};
        return new DriverProcess.Turn(
                cpu, wall, latency, new int[][] {NEAREST, NEAREST, NEAREST, NEAREST});
    }
}
