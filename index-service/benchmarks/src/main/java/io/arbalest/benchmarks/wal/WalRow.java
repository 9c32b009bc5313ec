package io.arbalest.benchmarks.wal;

import io.arbalest.benchmarks.report.Percentiles;
import io.arbalest.benchmarks.report.ResultWriter;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * One line of the result.
 *
 * <p>Immutable.
 *
 * @param megabytesPerSecond of records, 10^6 bytes
 * @param commitsPerSecond synchronous writes
 * @param cpuNanosPerByte processor time of this process, or of fio, for a byte of records
 */
record WalRow(
        String backend,
        WalCase what,
        double megabytesPerSecond,
        double recordsPerSecond,
        double commitsPerSecond,
        double p50Micros,
        double p99Micros,
        double cpuNanosPerByte) {
    /** Names of {@link #cells}. */
    static final String[] COLUMNS = {
        "backend",
        "block",
        "threads",
        "mb_s",
        "records_s",
        "commits_s",
        "p50_us",
        "p99_us",
        "cpu_ns_per_byte"
    };

    /** From what was counted in {@code seconds}; the latencies are sorted in place. */
    static WalRow of(
            String backend,
            WalCase what,
            double seconds,
            long[] latencyNanos,
            long commits,
            long cpuNanos) {
        Arrays.sort(latencyNanos);
        long records = latencyNanos.length;
        double bytes = (double) records * what.blockBytes();
        return new WalRow(
                backend,
                what,
                bytes / seconds / 1e6,
                records / seconds,
                commits / seconds,
                Percentiles.of(latencyNanos, 0.50) / 1e3,
                Percentiles.of(latencyNanos, 0.99) / 1e3,
                bytes == 0 ? Double.NaN : cpuNanos / bytes);
    }

    @Nullable Object[] cells() {
        return new @Nullable Object[] {
            backend,
            what.blockBytes(),
            what.threads(),
            ResultWriter.rounded(megabytesPerSecond, 1),
            ResultWriter.rounded(recordsPerSecond, 0),
            ResultWriter.rounded(commitsPerSecond, 0),
            ResultWriter.rounded(p50Micros, 0),
            ResultWriter.rounded(p99Micros, 0),
            ResultWriter.rounded(cpuNanosPerByte, 3)
        };
    }
}
