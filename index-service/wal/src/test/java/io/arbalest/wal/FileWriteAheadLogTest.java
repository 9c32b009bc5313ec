package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.append;
import static io.arbalest.wal.LogFixture.expected;
import static io.arbalest.wal.LogFixture.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.DiskFullException;
import io.arbalest.testkit.SimDisk.Fault;
import io.arbalest.testkit.SimDisk.Operation;
import io.arbalest.wal.LogFailedException.Reason;
import io.arbalest.wal.LogFixture.Fate;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

class FileWriteAheadLogTest {
    private final LogFixture fixture = new LogFixture(11);

    @Test
    void aNewLogIsEmptyAndBeginsAtOne() throws IOException {
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(log.nextSequenceNumber()).isEqualTo(1);
            assertThat(log.durableSequenceNumber()).isZero();
            assertThat(log.failure()).isNull();
            assertThat(replay(log, 0)).isEmpty();
        }
    }

    @Test
    void whatWasDurableIsReplayedAfterReopening() throws IOException {
        try (FileWriteAheadLog log = fixture.open(3)) {
            assertThat(fixture.commit(log, 5, 100, 1).durable).containsExactly(1L);
            assertThat(fixture.commit(log, 1, 0, 2).durable).containsExactly(6L);
            assertThat(fixture.commit(log, 2, 5000, 3).durable).containsExactly(7L);
            assertThat(log.durableSequenceNumber()).isEqualTo(8);
        }
        try (FileWriteAheadLog log = fixture.open(4)) {
            assertThat(log.nextSequenceNumber()).isEqualTo(9);
            assertThat(log.durableSequenceNumber()).isEqualTo(8);
            assertThat(replay(log, 1))
                    .containsExactly(
                            expected(3, 1, 5, 100, 1),
                            expected(3, 6, 1, 0, 2),
                            expected(3, 7, 2, 5000, 3));
            assertThat(replay(log, 5)).hasSize(3);
            assertThat(replay(log, 6)).hasSize(2);
            assertThat(replay(log, 9)).isEmpty();
            assertThat(fixture.commit(log, 1, 10, 4).durable).containsExactly(9L);
            assertThatThrownBy(() -> replay(log, 1)).isInstanceOf(IllegalStateException.class);
        }
        try (FileWriteAheadLog log = fixture.open(4)) {
            assertThat(replay(log, 8))
                    .containsExactly(expected(3, 7, 2, 5000, 3), expected(4, 9, 1, 10, 4));
        }
    }

    @Test
    void aBodyInPiecesIsOneBody() throws IOException {
        try (FileWriteAheadLog log = fixture.open()) {
            Fate fate = new Fate();
            log.append(
                    RecordType.ROWS,
                    1,
                    List.of(
                            LogFixture.body(3, 9),
                            MemorySegment.ofArray(new byte[0]),
                            LogFixture.body(70, 9)),
                    fate);
            fixture.scheduler.runUntilIdle();
        }
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 1)).containsExactly(expected(1, 1, 1, 73, 9));
        }
    }

    @Test
    void allThatWaitsIsOneBatch() throws IOException {
        try (FileWriteAheadLog log = fixture.open()) {
            long before = fixture.disk.writes();
            List<Fate> fates = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                fates.add(append(log, 1, 100, i));
            }
            assertThat(log.durableSequenceNumber()).isZero();
            fixture.scheduler.runUntilIdle();
            assertThat(fates).allSatisfy(fate -> assertThat(fate.durable).hasSize(1));
            assertThat(fixture.disk.writes() - before).isEqualTo(1);
        }
    }

    @Test
    void whatWaitsBeyondABatchGoesInFurtherOnesInOrder() throws IOException {
        fixture.options = LogFixture.batchesOf(2);
        List<Long> told = new ArrayList<>();
        try (FileWriteAheadLog log = fixture.open()) {
            long before = fixture.disk.writes();
            for (int i = 1; i <= 30; i++) {
                log.append(RecordType.ROWS, 1, List.of(LogFixture.body(2000, i)), order(told));
            }
            fixture.scheduler.runUntilIdle();
            assertThat(told).isEqualTo(LongStream.rangeClosed(1, 30).boxed().toList());
            // Three records a batch; the first batch of a file carries the file's header.
            assertThat(fixture.disk.writes() - before).isBetween(10L, 14L);
        }
        try (FileWriteAheadLog log = fixture.open()) {
            List<LogFixture.Replayed> records = replay(log, 1);
            for (int i = 1; i <= 30; i++) {
                assertThat(records.get(i - 1)).isEqualTo(expected(1, i, 1, 2000, i));
            }
        }
    }

    private static WriteAheadLog.Callback order(List<Long> told) {
        return new WriteAheadLog.Callback() {
            @Override
            public void durable(long firstSequenceNumber) {
                told.add(firstSequenceNumber);
            }

            @Override
            public void failed(Throwable cause) {
                throw new AssertionError(cause);
            }
        };
    }

    @Test
    void nothingInAFileIsToldDurableBeforeItsNameIs() throws IOException {
        fixture.options = LogFixture.batchesOf(2);
        try (FileWriteAheadLog log = fixture.open()) {
            List<Long> durable = new ArrayList<>();
            fixture.crashPoints =
                    name -> {
                        if (name.equals("log-file.named")) {
                            durable.add(log.durableSequenceNumber());
                        }
                    };
            for (int i = 1; i <= 40; i++) {
                append(log, 1, 3000, i);
            }
            fixture.scheduler.runUntilIdle();
            assertThat(log.durableSequenceNumber()).isEqualTo(40);
            assertThat(durable).hasSizeGreaterThan(3);
            for (int i = 0; i < durable.size(); i++) {
                assertThat(durable.get(i))
                        .isEqualTo(fixture.recovery().header(i + 2).firstSequenceNumber() - 1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RENAME", "SYNC_DIRECTORY"})
    void aFileThatCannotBeNamedFailsWhatStandsInIt(Operation operation) throws IOException {
        fixture.options = LogFixture.batchesOf(2);
        FileWriteAheadLog log = fixture.open();
        List<Fate> fates = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            fates.add(append(log, 1, 3000, i));
        }
        fixture.disk.failAt(operation, 0, Fault.IO_ERROR);
        fixture.scheduler.runUntilIdle();
        assertThat(log.failure()).isNotNull();
        assertThat(log.durableSequenceNumber()).isBetween(1L, 19L);
        for (int i = 1; i <= 20; i++) {
            Fate fate = fates.get(i - 1);
            assertThat(fate.durable).hasSize(i <= log.durableSequenceNumber() ? 1 : 0);
            assertThat(fate.failed).hasSize(i <= log.durableSequenceNumber() ? 0 : 1);
        }
        log.close();
        try (FileWriteAheadLog reopened = fixture.open()) {
            if (operation == Operation.RENAME) {
                assertThat(reopened.durableSequenceNumber()).isEqualTo(log.durableSequenceNumber());
            } else { // the name may be there: what stands in the file was never refuted
                assertThat(reopened.durableSequenceNumber())
                        .isGreaterThanOrEqualTo(log.durableSequenceNumber());
            }
        }
    }

    @Test
    void aMarkThatCannotBeWrittenPoisonsTheLog() throws IOException {
        FileWriteAheadLog log = fixture.open();
        fixture.commit(log, 1, 10, 1);
        fixture.disk.failAt(Operation.WRITE, 0, Fault.IO_ERROR);
        fixture.scheduler.advance(fixture.options.markDelay());
        assertThat(fixture.disk.faultPending()).isFalse();
        assertThat(log.failure()).hasMessageContaining("input/output");
        assertThatThrownBy(() -> append(log, 1, 10, 2))
                .isInstanceOfSatisfying(
                        LogFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.POISONED))
                .hasMessageContaining("input/output");
        log.close();
        fixture.disk.crash();
        try (FileWriteAheadLog reopened = fixture.open()) {
            assertThat(replay(reopened, 1)).containsExactly(expected(1, 1, 1, 10, 1));
        }
    }

    @Test
    void theLogGoesOnInNewFilesAndReleasesOldOnes() throws IOException {
        try (FileWriteAheadLog log = fixture.open()) {
            for (int i = 1; i <= 60; i++) {
                assertThat(fixture.commit(log, 1, 3000, i).durable).containsExactly((long) i);
            }
            assertThat(fixture.disk.exists(fixture.file(8))).isTrue();
            log.release(31);
            assertThat(fixture.disk.exists(fixture.file(1))).isFalse();
            for (int i = 61; i <= 80; i++) {
                fixture.commit(log, 1, 3000, i);
            }
        }
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(log.nextSequenceNumber()).isEqualTo(81);
            List<LogFixture.Replayed> records = replay(log, 31);
            assertThat(records).hasSize(50);
            for (int i = 0; i < 50; i++) {
                assertThat(records.get(i)).isEqualTo(expected(1, 31 + i, 1, 3000, 31 + i));
            }
            assertThat(log.sizeBytes()).isPositive();
        }
    }

    @Test
    void aRecordLongerThanTheBatchBufferIsWrittenAlone() throws IOException {
        fixture.options =
                new WalOptions(
                        64L * LogFixture.BLOCK,
                        LogFixture.BLOCK,
                        64L * LogFixture.BLOCK,
                        Duration.ofMillis(100),
                        Duration.ofMillis(500));
        int longest = (int) fixture.options.maxBodyBytes();
        try (FileWriteAheadLog log = fixture.open()) {
            append(log, 1, 10, 1);
            append(log, 1, 100_000, 2);
            fixture.scheduler.runUntilIdle();
            fixture.commit(log, 1, longest, 3);
            assertThatThrownBy(() -> append(log, 1, longest + 1, 4))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at most " + longest);
            assertThat(log.durableSequenceNumber()).isEqualTo(3);
        }
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 2))
                    .containsExactly(expected(1, 2, 1, 100_000, 2), expected(1, 3, 1, longest, 3));
        }
    }

    @Test
    void moreThanTheQueueHoldsIsRefused() throws IOException {
        int file = 8 * LogFixture.BLOCK;
        fixture.options =
                new WalOptions(
                        file,
                        4 * LogFixture.BLOCK,
                        file,
                        Duration.ofMillis(100),
                        Duration.ofMillis(500));
        try (FileWriteAheadLog log = fixture.open()) {
            for (int i = 0; i < 8; i++) {
                append(log, 1, LogFixture.BLOCK - 64, i);
            }
            assertThatThrownBy(() -> append(log, 1, 0, 1))
                    .isInstanceOfSatisfying(
                            LogFailedException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.QUEUE_FULL));
            fixture.scheduler.runUntilIdle();
            assertThat(log.durableSequenceNumber()).isEqualTo(8);
            assertThat(fixture.commit(log, 1, 10, 1).durable).containsExactly(9L);
        }
    }

    @Test
    void theFirstFailedWritePoisonsTheLog() throws IOException {
        FileWriteAheadLog log = fixture.open();
        fixture.commit(log, 1, 10, 1);
        fixture.disk.failAt(Operation.WRITE, 0, Fault.IO_ERROR);
        Fate first = append(log, 1, 10, 2);
        Fate second = append(log, 1, 20_000, 3);
        fixture.scheduler.runUntilIdle();
        for (Fate fate : List.of(first, second)) {
            assertThat(fate.durable).isEmpty();
            assertThat(fate.failed).hasSize(1);
            assertThat(fate.failed.getFirst())
                    .isInstanceOfSatisfying(
                            LogFailedException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.POISONED))
                    .hasMessageContaining("unknown");
        }
        assertThat(log.failure()).hasMessageContaining("input/output");
        assertThat(log.durableSequenceNumber()).isEqualTo(1);
        long writes = fixture.disk.writes();
        assertThatThrownBy(() -> append(log, 1, 10, 4))
                .isInstanceOfSatisfying(
                        LogFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.POISONED));
        fixture.scheduler.advance(Duration.ofSeconds(10));
        log.close();
        assertThat(fixture.disk.writes()).isEqualTo(writes);
        fixture.disk.crash();
        try (FileWriteAheadLog reopened = fixture.open()) {
            assertThat(replay(reopened, 1)).startsWith(expected(1, 1, 1, 10, 1));
        }
    }

    @Test
    void aFullDiskRefusesNewRecordsKeepsTakenOnesAndRecovers() throws IOException {
        try (FileWriteAheadLog log = fixture.open()) {
            fixture.scheduler.runUntilIdle();
            fixture.disk.capacity(0);
            List<Fate> fates = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                fates.add(append(log, 1, 4000, i));
            }
            fixture.scheduler.runUntilIdle();
            assertThat(log.failure()).isNull();
            assertThat(log.durableSequenceNumber()).isPositive().isLessThan(20);
            assertThatThrownBy(() -> append(log, 1, 10, 1))
                    .isInstanceOfSatisfying(
                            LogFailedException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.DISK_FULL));
            fixture.scheduler.advance(Duration.ofSeconds(5));
            assertThat(fates.getLast().durable).isEmpty();
            assertThat(fates.getLast().failed).isEmpty();

            fixture.disk.capacity(Long.MAX_VALUE);
            fixture.scheduler.advance(fixture.options.spaceRetry());
            assertThat(fates).allSatisfy(fate -> assertThat(fate.durable).hasSize(1));
            assertThat(fixture.commit(log, 1, 10, 1).durable).containsExactly(21L);
        }
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 1)).hasSize(21);
        }
    }

    @Test
    void openingOnAFullDiskSaysSo() throws IOException {
        fixture.disk.capacity(10_000);
        assertThatThrownBy(fixture::open).isInstanceOf(DiskFullException.class);
        fixture.disk.capacity(Long.MAX_VALUE);
        fixture.open().close();
    }

    @Test
    void openingUsesTheFilesThatItsPredecessorPrepared() throws IOException {
        FileWriteAheadLog first = fixture.open();
        fixture.scheduler.runUntilIdle();
        first.close();
        fixture.disk.publish(LogFixture.DIRECTORY.resolve("spare-7.tmp"), new byte[100 * 4096]);
        fixture.disk.publish(LogFixture.DIRECTORY.resolve("CURRENT.tmp"), new byte[1]);
        fixture.disk.capacity(0);
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(fixture.disk.exists(fixture.file(2))).isTrue();
            assertThat(fixture.disk.list(LogFixture.DIRECTORY))
                    .doesNotContain("spare-7.tmp", "CURRENT.tmp");
            assertThat(log.failure()).isNull();
        }
        fixture.disk.crash();
        assertThat(fixture.recovery().recover().files()).hasSize(2);
    }

    @Test
    void closingWritesWhatWaitsAndRefusesWhatComes() throws IOException {
        FileWriteAheadLog log = fixture.open();
        List<Fate> fates = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            fates.add(append(log, 1, 4000, i));
        }
        log.close();
        log.close();
        assertThat(fates).allSatisfy(fate -> assertThat(fate.durable).hasSize(1));
        assertThatThrownBy(() -> append(log, 1, 10, 1))
                .isInstanceOfSatisfying(
                        LogFailedException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.CLOSED));
        try (FileWriteAheadLog reopened = fixture.open()) {
            assertThat(replay(reopened, 1)).hasSize(20);
        }
    }

    @Test
    void aLowerTermAndAnotherShardsLogAreRefused() throws IOException {
        fixture.open(5).close();
        assertThatThrownBy(() -> fixture.open(4)).isInstanceOf(IllegalArgumentException.class);
        WalRecovery other =
                new WalRecovery(
                        fixture.disk,
                        LogFixture.DIRECTORY,
                        new LogIdentity(LogFixture.IDENTITY.incarnation(), 8));
        assertThatThrownBy(other::recover).isInstanceOf(LogCorruptException.class);
    }

    @Test
    void typesThatAreNotOfferedAreRefused() throws IOException {
        try (FileWriteAheadLog log = fixture.open()) {
            for (RecordType type : RecordType.values()) {
                if (type != RecordType.ROWS && type != RecordType.HORIZON) {
                    assertThatThrownBy(() -> log.append(type, 1, List.of(), new Fate()))
                            .isInstanceOf(IllegalArgumentException.class);
                }
            }
            assertThatThrownBy(() -> log.append(RecordType.ROWS, 0, List.of(), new Fate()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
