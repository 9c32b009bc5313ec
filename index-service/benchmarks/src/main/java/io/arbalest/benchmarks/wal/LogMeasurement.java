package io.arbalest.benchmarks.wal;

import io.arbalest.common.Clock;
import io.arbalest.common.SystemScheduler;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.io.uring.DiskSelection.Backend;
import io.arbalest.wal.FileWriteAheadLog;
import io.arbalest.wal.LogEnvironment;
import io.arbalest.wal.LogIdentity;
import io.arbalest.wal.WalFormat;
import io.arbalest.wal.WalOptions;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * Appenders on one log. Files are let go as soon as they are full, as an index does that has its
 * rows elsewhere, so the log runs on recycled files.
 *
 * <p>Confined to the calling thread.
 */
final class LogMeasurement {
    private static final long WARM_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(700);
    private static final long RELEASE_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final String COMMITS = "arbalest_wal_commits_total";

    private LogMeasurement() {}

    static WalRow run(Backend backend, Path directory, WalCase what)
            throws IOException, InterruptedException {
        DiskSelection selected = DiskSelection.select(backend, directory);
        CountingMetrics metrics = new CountingMetrics();
        Path logDirectory = directory.resolve("log");
        try (SystemScheduler scheduler = new SystemScheduler();
                Arena arena = Arena.ofShared();
                FileWriteAheadLog log =
                        FileWriteAheadLog.open(
                                logDirectory,
                                new LogIdentity(new UUID(0, what.blockBytes()), what.threads()),
                                1,
                                WalOptions.DEFAULTS.withFileBytes(what.fileBytes()),
                                new LogEnvironment(
                                        selected.disk(),
                                        scheduler,
                                        Clock.SYSTEM,
                                        RandomGenerator.getDefault(),
                                        metrics,
                                        List.of()))) {
            MemorySegment body = arena.allocate(what.blockBytes() - WalFormat.RECORD_HEADER_BYTES);
            body.fill((byte) 7);
            return measure(selected.backend().word(), log, body, metrics, what);
        } finally {
            selected.disk().deleteTree(logDirectory);
        }
    }

    private static WalRow measure(
            String name,
            FileWriteAheadLog log,
            MemorySegment body,
            CountingMetrics metrics,
            WalCase what)
            throws IOException, InterruptedException {
        long nanos = (long) (what.seconds() * 1e9);
        long measureFrom = System.nanoTime() + WARM_UP_NANOS;
        long until = measureFrom + nanos;
        List<Appender> appenders = new ArrayList<>();
        for (int i = 0; i < what.threads(); i++) {
            Appender appender = new Appender(log, body, measureFrom, until);
            appenders.add(appender);
            if (what.driver() == WalCase.Driver.THREAD) {
                Thread.ofPlatform().name("appender-" + i).start(appender::runOnThisThread);
            } else {
                appender.begin();
            }
        }
        releaseUntil(log, measureFrom);
        long cpu = processCpuNanos();
        long commits = metrics.count(COMMITS);
        releaseUntil(log, until);
        cpu = processCpuNanos() - cpu;
        commits = metrics.count(COMMITS) - commits;
        List<long[]> samples = new ArrayList<>();
        for (Appender appender : appenders) {
            samples.add(appender.samples());
        }
        long[] latencies = samples.stream().flatMapToLong(Arrays::stream).toArray();
        return WalRow.of(name, what, what.seconds(), latencies, commits, cpu);
    }

    private static void releaseUntil(FileWriteAheadLog log, long deadline) throws IOException {
        while (System.nanoTime() < deadline) {
            LockSupport.parkNanos(RELEASE_EVERY_NANOS);
            log.release(log.durableSequenceNumber() + 1);
        }
    }

    private static long processCpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean)
                        ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
