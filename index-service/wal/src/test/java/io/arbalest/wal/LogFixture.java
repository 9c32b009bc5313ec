package io.arbalest.wal;

import io.arbalest.common.CrashPoints;
import io.arbalest.common.Metrics;
import io.arbalest.io.BlockFile;
import io.arbalest.testkit.SimClock;
import io.arbalest.testkit.SimDisk;
import io.arbalest.testkit.SimScheduler;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** A log on a simulated disk, with bodies that a test can tell apart. */
final class LogFixture {
    static final Path DIRECTORY = Path.of("/data/shard-7/wal");
    static final LogIdentity IDENTITY =
            new LogIdentity(UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"), 7);
    static final int BLOCK = BlockFile.BLOCK_BYTES;
    static final WalOptions SMALL = WalOptions.DEFAULTS.withFileBytes(8L * BLOCK);

    final SimClock clock = new SimClock();
    SimScheduler scheduler = new SimScheduler(clock);
    final SimDisk disk;
    RandomGenerator random;
    WalOptions options = SMALL;
    CrashPoints crashPoints = CrashPoints.NONE;

    LogFixture(long seed) {
        disk = new SimDisk(seed);
        random = new SplittableRandom(seed);
    }

    /** A record as replay gives it. */
    record Replayed(long term, long first, int rows, String body) {}

    /** What became of one append. */
    static final class Fate implements WriteAheadLog.Callback {
        final List<Long> durable = new ArrayList<>();
        final List<Throwable> failed = new ArrayList<>();

        @Override
        public void durable(long firstSequenceNumber) {
            durable.add(firstSequenceNumber);
        }

        @Override
        public void failed(Throwable cause) {
            failed.add(cause);
        }
    }

    /** Files of eight blocks, written in batches of so many. */
    static WalOptions batchesOf(int blocks) {
        return new WalOptions(
                SMALL.fileBytes(),
                blocks * BLOCK,
                SMALL.queueBytes(),
                SMALL.markDelay(),
                SMALL.spaceRetry());
    }

    FileWriteAheadLog open() throws IOException {
        return open(1);
    }

    FileWriteAheadLog open(long term) throws IOException {
        return FileWriteAheadLog.open(
                DIRECTORY,
                IDENTITY,
                term,
                options,
                new LogEnvironment(
                        disk,
                        scheduler,
                        clock,
                        random,
                        Metrics.NONE,
                        List.of("shard", "7"),
                        name -> crashPoints.hit(name)));
    }

    /** Cuts the power: threads end, the disk keeps what was stable and some of the rest. */
    void crash() {
        endThreads();
        disk.crash();
    }

    /** Kills the process: threads end, the disk goes on. */
    void kill() {
        endThreads();
        disk.outliveProcess();
    }

    private void endThreads() {
        crashPoints = CrashPoints.NONE;
        scheduler.close();
        scheduler = new SimScheduler(clock);
    }

    WalRecovery recovery() {
        return new WalRecovery(disk, DIRECTORY, IDENTITY);
    }

    /** Appends a record whose body is this many copies of the salt. */
    static Fate append(WriteAheadLog log, int rows, int bodyBytes, int salt) {
        Fate fate = new Fate();
        log.append(RecordType.ROWS, rows, List.of(body(bodyBytes, salt)), fate);
        return fate;
    }

    static MemorySegment body(int bytes, int salt) {
        byte[] body = new byte[bytes];
        Arrays.fill(body, (byte) salt);
        return MemorySegment.ofArray(body);
    }

    /** Appends and makes durable as a batch of its own. */
    Fate commit(WriteAheadLog log, int rows, int bodyBytes, int salt) {
        Fate fate = append(log, rows, bodyBytes, salt);
        scheduler.runUntilIdle();
        return fate;
    }

    static List<Replayed> replay(WriteAheadLog log, long from) throws IOException {
        List<Replayed> records = new ArrayList<>();
        log.replay(
                from,
                (_, term, first, rows, body) -> records.add(replayed(term, first, rows, body)));
        return records;
    }

    static Replayed replayed(long term, long first, int rows, MemorySegment body) {
        byte[] bytes = body.toArray(ValueLayout.JAVA_BYTE);
        return new Replayed(term, first, rows, new String(bytes, StandardCharsets.ISO_8859_1));
    }

    static Replayed expected(long term, long first, int rows, int bodyBytes, int salt) {
        return replayed(term, first, rows, body(bodyBytes, salt));
    }

    Path file(long number) {
        return DIRECTORY.resolve(WalFormat.fileName(number));
    }
}
