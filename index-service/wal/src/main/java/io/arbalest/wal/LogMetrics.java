package io.arbalest.wal;

import io.arbalest.common.Metrics;

import java.util.function.DoubleSupplier;

/**
 * What a log counts.
 *
 * <p>Thread-safe.
 */
final class LogMetrics {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Metrics metrics;
    private final String[] labels;
    private final Metrics.Counter bytes;
    private final Metrics.Counter records;
    private final Metrics.Counter commits;
    private final Metrics.Histogram commitSeconds;
    private final Metrics.Counter filesWritten;
    private final Metrics.Counter filesReused;

    LogMetrics(LogEnvironment environment) {
        metrics = environment.metrics();
        labels = environment.labels().toArray(String[]::new);
        bytes =
                metrics.counter(
                        "arbalest_wal_written_bytes_total",
                        "Bytes of batches on stable storage.",
                        labels);
        records =
                metrics.counter("arbalest_wal_records_total", "Records on stable storage.", labels);
        commits =
                metrics.counter("arbalest_wal_commits_total", "Batches on stable storage.", labels);
        commitSeconds =
                metrics.histogram(
                        "arbalest_wal_commit_seconds",
                        "Time of one synchronous write of a batch.",
                        labels);
        filesWritten =
                metrics.counter(
                        "arbalest_wal_files_written_total", "Files written with zeros.", labels);
        filesReused =
                metrics.counter(
                        "arbalest_wal_files_reused_total",
                        "Files that were let go and taken again, without writing zeros.",
                        labels);
    }

    void prepared(boolean reused) {
        (reused ? filesReused : filesWritten).add(1);
    }

    void committed(int recordCount, long byteCount, long nanos) {
        records.add(recordCount);
        bytes.add(byteCount);
        commits.add(1);
        commitSeconds.observe(nanos / NANOS_PER_SECOND);
    }

    void gauges(
            DoubleSupplier poisoned,
            DoubleSupplier diskFull,
            DoubleSupplier queued,
            DoubleSupplier size) {
        metrics.gauge(
                "arbalest_wal_poisoned", "1 if the log has failed for good.", poisoned, labels);
        metrics.gauge(
                "arbalest_wal_disk_full",
                "1 if there is no space for another file.",
                diskFull,
                labels);
        metrics.gauge("arbalest_wal_queue_bytes", "Bytes waiting to be written.", queued, labels);
        metrics.gauge("arbalest_wal_files_bytes", "Bytes of all files of the log.", size, labels);
    }
}
