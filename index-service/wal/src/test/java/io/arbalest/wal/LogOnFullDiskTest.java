package io.arbalest.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.io.BlockFile;
import io.arbalest.io.BlockWriter;
import io.arbalest.io.Disk;
import io.arbalest.io.DiskFullException;
import io.arbalest.io.MappedFile;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.io.uring.DiskSelection.Backend;
import io.arbalest.wal.LogFailedException.Reason;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/**
 * The log on a file system that runs out of space in earnest: a tmpfs of a few MiB. Skipped where
 * this user may not mount one.
 */
@Timeout(120)
class LogOnFullDiskTest {
    private static final int FILE_BYTES = 1 << 20;
    private static final int BODY_BYTES = 60_000;
    private static final WalOptions OPTIONS =
            new WalOptions(
                    FILE_BYTES, 1 << 18, 1 << 22, Duration.ofMillis(20), Duration.ofMillis(50));

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=5m", "none", directory.toString()) == 0;
        Assumptions.assumeTrue(mounted, "this user cannot mount a tmpfs");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", "-l", directory.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        return process.waitFor();
    }

    private FileWriteAheadLog open(Disk disk, SystemScheduler scheduler) throws IOException {
        return FileWriteAheadLog.open(
                directory.resolve("wal"),
                LogFixture.IDENTITY,
                1,
                OPTIONS,
                new LogEnvironment(
                        disk,
                        scheduler,
                        Clock.SYSTEM,
                        RandomGenerator.getDefault(),
                        Metrics.NONE,
                        List.of()));
    }

    private static CompletableFuture<Long> append(FileWriteAheadLog log) {
        CompletableFuture<Long> durable = new CompletableFuture<>();
        log.append(
                RecordType.ROWS,
                1,
                List.of(LogFixture.body(BODY_BYTES, 5)),
                new WriteAheadLog.Callback() {
                    @Override
                    public void durable(long firstSequenceNumber) {
                        durable.complete(firstSequenceNumber);
                    }

                    @Override
                    public void failed(Throwable cause) {
                        durable.completeExceptionally(cause);
                    }
                });
        return durable;
    }

    /**
     * Appends until the log refuses, or keeps a record that it took just before it found the disk
     * full; gives how many records are durable.
     */
    private static long fill(FileWriteAheadLog log) throws Exception {
        long durable = 0;
        try {
            while (durable < 1000) {
                durable = append(log).get(2, TimeUnit.SECONDS);
            }
        } catch (LogFailedException e) {
            assertThat(e.reason()).isEqualTo(Reason.DISK_FULL);
        } catch (TimeoutException e) {
            assertThat(log.failure()).isNull();
            assertThatThrownBy(() -> append(log))
                    .isInstanceOfSatisfying(
                            LogFailedException.class,
                            refused -> assertThat(refused.reason()).isEqualTo(Reason.DISK_FULL));
        }
        return durable;
    }

    @ParameterizedTest
    @EnumSource(names = {"AUTO", "FILECHANNEL"})
    void aFullDiskStopsAdmissionAndRecoversByItself(Backend backend) throws Exception {
        Disk disk = DiskSelection.select(backend, directory).disk();
        long after = 0;
        try (SystemScheduler scheduler = new SystemScheduler();
                FileWriteAheadLog log = open(disk, scheduler)) {
            Path ballast = directory.resolve("ballast");
            Files.write(ballast, new byte[2 * FILE_BYTES]);
            long before = fill(log);
            assertThat(before).isPositive();
            assertThat(log.failure()).isNull();
            Files.delete(ballast);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (after == 0 && System.nanoTime() < deadline) {
                try {
                    after = append(log).get(20, TimeUnit.SECONDS);
                } catch (LogFailedException e) {
                    assertThat(e.reason()).isEqualTo(Reason.DISK_FULL);
                    TimeUnit.MILLISECONDS.sleep(10);
                }
            }
            assertThat(after).isGreaterThan(before);
        }
        RecoveredLog recovered =
                new WalRecovery(disk, directory.resolve("wal"), LogFixture.IDENTITY).recover();
        assertThat(recovered.end().nextSequenceNumber()).isEqualTo(after + 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"AUTO", "FILECHANNEL"})
    void aWriteIntoAFileWithoutBlocksPoisonsTheLog(Backend backend) throws Exception {
        DiskSelection selected = DiskSelection.select(backend, directory);
        Disk disk = new ThinDisk(selected.disk());
        try (SystemScheduler scheduler = new SystemScheduler();
                FileWriteAheadLog log = open(disk, scheduler)) {
            long durable = 0;
            Throwable failure = null;
            while (failure == null && durable < 1000) {
                try {
                    durable = append(log).get(20, TimeUnit.SECONDS);
                } catch (ExecutionException e) {
                    failure = e.getCause();
                }
            }
            assertThat(failure)
                    .isInstanceOfSatisfying(
                            LogFailedException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.POISONED))
                    .hasMessageContaining("unknown")
                    .hasRootCauseInstanceOf(
                            selected.backend() == Backend.IO_URING
                                    ? DiskFullException.class
                                    : IOException.class);
            assertThat(durable).isGreaterThan(10);
            assertThatThrownBy(() -> append(log))
                    .isInstanceOfSatisfying(
                            LogFailedException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.POISONED));
            assertThat(log.durableSequenceNumber()).isEqualTo(durable);
        }
    }

    /** Promises blocks that it does not have, as thinly provisioned storage does. */
    private record ThinDisk(Disk disk) implements Disk {
        @Override
        public BlockFile create(Path file, long size) throws IOException {
            try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                sparse.setLength(size);
            }
            return disk.open(file);
        }

        @Override
        public BlockFile open(Path file) throws IOException {
            return disk.open(file);
        }

        @Override
        public BlockWriter writer(long bufferBytes, Executor helper) {
            return disk.writer(bufferBytes, helper);
        }

        @Override
        public MappedFile map(Path file) throws IOException {
            return disk.map(file);
        }

        @Override
        public void publish(Path file, byte[] content) throws IOException {
            disk.publish(file, content);
        }

        @Override
        public byte[] readAll(Path file) throws IOException {
            return disk.readAll(file);
        }

        @Override
        public boolean exists(Path file) throws IOException {
            return disk.exists(file);
        }

        @Override
        public List<String> list(Path parent) throws IOException {
            return disk.list(parent);
        }

        @Override
        public void createDirectories(Path path) throws IOException {
            disk.createDirectories(path);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            disk.rename(from, to);
        }

        @Override
        public void delete(Path file) throws IOException {
            disk.delete(file);
        }

        @Override
        public void deleteTree(Path path) throws IOException {
            disk.deleteTree(path);
        }

        @Override
        public void syncDirectory(Path path) throws IOException {
            disk.syncDirectory(path);
        }

        @Override
        public long usableBytes(Path path) throws IOException {
            return disk.usableBytes(path);
        }

        @Override
        public AutoCloseable lock(Path path) throws IOException {
            return disk.lock(path);
        }
    }
}
