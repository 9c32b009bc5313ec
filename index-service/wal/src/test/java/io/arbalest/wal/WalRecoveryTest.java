package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.BLOCK;
import static io.arbalest.wal.LogFixture.append;
import static io.arbalest.wal.LogFixture.expected;
import static io.arbalest.wal.LogFixture.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.testkit.SimDisk.Fault;
import io.arbalest.testkit.SimDisk.Operation;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/** One test for each row of the decision table of {@link WalRecovery}. */
class WalRecoveryTest {
    private final LogFixture fixture = new LogFixture(5);

    /**
     * Three batches of one record each, in blocks 2, 3 and 4 of file 1; block 1 holds TERM_START.
     * CURRENT marks nothing of it.
     */
    private Path threeBatches() throws IOException {
        FileWriteAheadLog log = fixture.open();
        for (int i = 1; i <= 3; i++) {
            fixture.commit(log, 2, 1000, i);
        }
        // No close: the process dies, and with it the mark that was to come.
        fixture.disk.crash();
        return fixture.file(1);
    }

    @Test
    void row1TheEndIsWhereTheNextFileSaysAndWhatStandsBehindItIsIgnored() throws IOException {
        Path file = threeBatches();
        byte[] third = Arrays.copyOfRange(fixture.disk.dump(file), 4 * BLOCK, 5 * BLOCK);
        fixture.disk.damage(file, 4 * BLOCK, new byte[BLOCK]);
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(log.nextSequenceNumber()).isEqualTo(5);
            assertThat(fixture.commit(log, 1, 10, 9).durable).containsExactly(5L);
        }
        fixture.disk.damage(file, 4 * BLOCK, third);
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 1))
                    .containsExactly(
                            expected(1, 1, 2, 1000, 1),
                            expected(1, 3, 2, 1000, 2),
                            expected(1, 5, 1, 10, 9));
        }
    }

    @Test
    void row2DamageBeforeTheEndThatTheNextFileStatesIsCorruption() throws IOException {
        Path file = threeBatches();
        fixture.open().close();
        fixture.disk.flipBit(file, 4L * BLOCK + 100, 3);
        assertCorrupt(file, 4L * BLOCK, "body checksum");
    }

    @Test
    void row3DamageBelowTheMarkIsCorruption() throws IOException {
        FileWriteAheadLog log = fixture.open();
        fixture.commit(log, 1, 1000, 1);
        fixture.scheduler.advance(fixture.options.markDelay());
        fixture.disk.crash();
        fixture.disk.flipBit(fixture.file(1), 2L * BLOCK + 70, 0);
        assertCorrupt(fixture.file(1), 2L * BLOCK, "as CURRENT marks");
        fixture.disk.damage(fixture.file(1), 2L * BLOCK, new byte[BLOCK]);
        assertCorrupt(fixture.file(1), 2L * BLOCK, "as CURRENT marks");
    }

    @Test
    void row4AnIntactHeaderInTheWrongPlaceIsCorruption() throws IOException {
        Path file = threeBatches();
        byte[] second = Arrays.copyOfRange(fixture.disk.dump(file), 3 * BLOCK, 4 * BLOCK);
        fixture.disk.damage(file, 4L * BLOCK, second);
        assertCorrupt(file, 4L * BLOCK, "chain");
    }

    @Test
    void row5ALaterBatchBehindTheDamageIsCorruption() throws IOException {
        Path file = threeBatches();
        fixture.disk.damage(file, 3L * BLOCK, new byte[BLOCK]);
        assertCorrupt(file, 3L * BLOCK, "a later batch stands at " + 4 * BLOCK);
        fixture.disk.damage(file, 3L * BLOCK, new byte[] {1});
        assertCorrupt(file, 3L * BLOCK, "a later batch");
    }

    @Test
    void row6AHoleInTheLastBatchIsATornTail() throws IOException {
        FileWriteAheadLog log = fixture.open();
        fixture.commit(log, 1, 10, 1);
        for (int i = 2; i <= 5; i++) {
            append(log, 1, 1500, i);
        }
        fixture.scheduler.runUntilIdle();
        fixture.disk.crash();
        Path file = fixture.file(1);
        // The header of the second record of the batch is gone, its body and the records behind it
        // are there.
        fixture.disk.damage(file, 3L * BLOCK + WalFormat.framedBytes(1500), new byte[64]);
        RecoveredLog recovered = fixture.recovery().recover();
        assertThat(recovered.tornTail()).isTrue();
        assertThat(recovered.end().nextSequenceNumber()).isEqualTo(3);
        try (FileWriteAheadLog reopened = fixture.open()) {
            assertThat(replay(reopened, 1))
                    .containsExactly(expected(1, 1, 1, 10, 1), expected(1, 2, 1, 1500, 2));
        }
    }

    @Test
    void row7ZerosAndRecordsOfAnEarlierLifeAreTheEnd() throws IOException {
        FileWriteAheadLog log = fixture.open();
        for (int i = 1; i <= 40; i++) {
            fixture.commit(log, 1, 3000, i);
            log.release(i);
        }
        fixture.disk.crash();
        RecoveredLog recovered = fixture.recovery().recover();
        assertThat(recovered.end().nextSequenceNumber()).isEqualTo(41);
        assertThat(recovered.tornTail()).isFalse();
        byte[] last = fixture.disk.dump(recovered.files().getLast().path());
        assertThat(RecordHeader.read(MemorySegment.ofArray(last), 7L * BLOCK))
                .as("a record of the file's earlier life stands behind the end")
                .isNotNull();
    }

    @Test
    void row8WhatIsMissingOrDamagedAroundTheRecordsIsCorruption() throws IOException {
        FileWriteAheadLog log = fixture.open();
        for (int i = 1; i <= 20; i++) {
            fixture.commit(log, 1, 3000, i);
        }
        log.close();
        byte[] second = fixture.disk.dump(fixture.file(2));
        fixture.disk.delete(fixture.file(2));
        assertCorrupt(LogFixture.DIRECTORY, 0, WalFormat.fileName(2));
        fixture.disk.publish(fixture.file(2), second);
        fixture.recovery().recover();

        fixture.disk.flipBit(fixture.file(2), 50, 1);
        assertCorrupt(fixture.file(2), 0, "file header");
        fixture.disk.publish(fixture.file(2), second);

        long last = fixture.recovery().recover().end().fileNumber();
        byte[] lastFile = fixture.disk.dump(fixture.file(last));
        fixture.disk.delete(fixture.file(last));
        assertCorrupt(LogFixture.DIRECTORY, 0, WalFormat.fileName(last));
        fixture.disk.publish(fixture.file(last), lastFile);

        Path current = LogFixture.DIRECTORY.resolve(WalFormat.CURRENT_FILE);
        fixture.disk.flipBit(current, 40, 0);
        fixture.recovery().recover();
        fixture.disk.flipBit(current, BLOCK + 40, 0);
        assertCorrupt(current, 0, "ARWC");
        fixture.disk.delete(current);
        assertCorrupt(current, 0, "no such file");
    }

    @Test
    void row9LaterVersionsAreRefused() throws IOException {
        Path file = threeBatches();
        byte[] bytes = fixture.disk.dump(file);
        bytes[8] = 2;
        MemorySegment block = MemorySegment.ofArray(bytes);
        WalFormat.seal(block, 0, BLOCK);
        fixture.disk.damage(file, 0, Arrays.copyOf(bytes, BLOCK));
        assertThatThrownBy(() -> fixture.recovery().recover())
                .isInstanceOf(UnsupportedLogFormatException.class)
                .hasMessageContaining("version 2")
                .hasMessageContaining("reads up to 1");
        fixture.disk.flipBit(file, 8, 7);
        assertCorrupt(file, 0, "file header");
    }

    @Test
    void row9ALaterVersionOfTheMarkIsRefusedAndTheWayOutIsNamed() throws IOException {
        threeBatches();
        Path current = LogFixture.DIRECTORY.resolve(WalFormat.CURRENT_FILE);
        byte[] block = Arrays.copyOf(fixture.disk.dump(current), BLOCK);
        block[8] = 2;
        WalFormat.seal(MemorySegment.ofArray(block), 0, BLOCK);
        fixture.disk.damage(current, 0, block);
        assertThatThrownBy(() -> fixture.recovery().recover())
                .isInstanceOf(UnsupportedLogFormatException.class)
                .hasMessageContaining(current + " has log format version 2")
                .hasMessageContaining("at least as new as the one that wrote it");
    }

    @Test
    void anUnknownRecordTypeIsRefusedNotCut() throws IOException {
        Path file = threeBatches();
        byte[] bytes = fixture.disk.dump(file);
        bytes[4 * BLOCK + 48] = 77;
        WalFormat.seal(MemorySegment.ofArray(bytes), 4L * BLOCK, WalFormat.RECORD_HEADER_BYTES);
        fixture.disk.damage(file, 4L * BLOCK, Arrays.copyOfRange(bytes, 4 * BLOCK, 5 * BLOCK));
        assertThatThrownBy(() -> fixture.recovery().recover())
                .isInstanceOf(UnsupportedLogFormatException.class)
                .hasMessageContaining("record type 77");
    }

    @Test
    void aPowerCutWhileTheLogIsMadeLeavesALogThatOpens() throws IOException {
        for (Operation operation : Operation.values()) {
            for (int skip = 0; skip < 6; skip++) {
                LogFixture fresh = new LogFixture(skip);
                fresh.disk.failAt(operation, skip, Fault.POWER_CUT);
                try {
                    FileWriteAheadLog log = fresh.open();
                    fresh.commit(log, 1, 10, 1);
                } catch (IOException e) {
                    assertThat(e).hasMessageContaining("power");
                }
                fresh.disk.crash();
                try (FileWriteAheadLog log = fresh.open()) {
                    assertThat(fresh.commit(log, 1, 10, 2).durable).hasSize(1);
                }
            }
        }
    }

    private void assertCorrupt(Path file, long offset, String message) {
        assertThatThrownBy(() -> fixture.recovery().recover())
                .isInstanceOfSatisfying(
                        LogCorruptException.class,
                        e -> {
                            assertThat(e.file()).isEqualTo(file);
                            assertThat(e.offset()).isEqualTo(offset);
                        })
                .hasMessageContaining(message);
    }
}
