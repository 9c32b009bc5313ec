package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.BLOCK;
import static io.arbalest.wal.LogFixture.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.testkit.SimDisk.Fault;
import io.arbalest.testkit.SimDisk.Operation;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.List;
import java.util.Objects;

/** A damaged log is cut only when told, at the place that was told, and says what is lost. */
class LogCutTest {
    private static final int ROWS = 20;

    private final LogFixture fixture = new LogFixture(3);
    private List<LogFixture.Replayed> all = List.of();

    /** Rows 1 to 20, one a batch, two batches a file; closed, so that CURRENT marks all of them. */
    private void twentyRows() throws IOException {
        try (FileWriteAheadLog log = fixture.open()) {
            for (int i = 1; i <= ROWS; i++) {
                fixture.commit(log, 1, 9000, i);
            }
        }
        try (FileWriteAheadLog log = fixture.open()) {
            all = replay(log, 1);
        }
        assertThat(all).hasSize(ROWS);
    }

    private LogCut cut() {
        return new LogCut(fixture.disk, LogFixture.DIRECTORY, LogFixture.IDENTITY);
    }

    private @Nullable LogLoss lossOfOpening() {
        try {
            fixture.open().close();
            throw new AssertionError("opened");
        } catch (LogCorruptException e) {
            return e.loss();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Turns a bit over in the record of a row. */
    private void damage(int row) throws IOException {
        for (RecoveredLog.ValidFile file : fixture.recovery().recover().files()) {
            long first = file.header().firstSequenceNumber();
            long offset = BLOCK;
            byte[] bytes = fixture.disk.dump(file.path());
            var segment = java.lang.foreign.MemorySegment.ofArray(bytes);
            while (offset < file.end()) {
                RecordHeader header = Objects.requireNonNull(RecordHeader.read(segment, offset));
                if (header.rowCount() == 1 && header.firstSequenceNumber() == row) {
                    fixture.disk.flipBit(file.path(), offset + 100, 2);
                    return;
                }
                offset += WalFormat.framedBytes(header.bodyBytes());
            }
            assertThat(first).isLessThanOrEqualTo(row);
        }
        throw new AssertionError("no row " + row);
    }

    @Test
    void theErrorSaysWhereAndWhatACutWouldLoseAndNothingIsTouched() throws IOException {
        twentyRows();
        damage(9);
        List<String> before = fixture.disk.list(LogFixture.DIRECTORY);
        LogLoss loss = Objects.requireNonNull(lossOfOpening());
        assertThat(loss.firstLost()).isEqualTo(9);
        assertThat(loss.lastKnown()).isEqualTo(ROWS);
        assertThat(loss.intactRecords()).isBetween(11, 12);
        assertThat(loss.bytes()).isGreaterThan(11 * 9000L);
        assertThat(loss.toString()).contains("rows 9 to 20 (12 sequence numbers");
        assertThat(fixture.disk.list(LogFixture.DIRECTORY)).isEqualTo(before);
    }

    @Test
    void aCutLogHoldsWhatWasBeforeTheDamageAndGoesOn() throws IOException {
        twentyRows();
        damage(9);
        assertThat(cut().cut(9, fixture.options.fileBytes(), fixture.clock).lastKnown())
                .isEqualTo(ROWS);
        fixture.crash();
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 1)).isEqualTo(all.subList(0, 8));
            assertThat(fixture.commit(log, 1, 10, 77).durable).containsExactly(9L);
        }
        fixture.crash();
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 1)).hasSize(9).startsWith(all.getFirst(), all.get(1));
        }
        assertThat(fixture.disk.list(LogFixture.DIRECTORY))
                .anyMatch(name -> name.endsWith(LogCut.LOST_SUFFIX));
    }

    @Test
    void aNumberThatIsNotTheFirstLostIsRefused() throws IOException {
        twentyRows();
        damage(9);
        List<String> before = fixture.disk.list(LogFixture.DIRECTORY);
        for (long wrong : List.of(8L, 10L)) {
            assertThatThrownBy(() -> cut().cut(wrong, fixture.options.fileBytes(), fixture.clock))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(fixture.disk.list(LogFixture.DIRECTORY)).isEqualTo(before);
    }

    @Test
    void withoutCurrentNoRowNeedBeLost() throws IOException {
        twentyRows();
        fixture.disk.delete(LogFixture.DIRECTORY.resolve(WalFormat.CURRENT_FILE));
        LogLoss loss = Objects.requireNonNull(lossOfOpening());
        assertThat(loss.lastKnown()).isEqualTo(loss.firstLost() - 1).isEqualTo(ROWS);
        assertThat(loss.toString()).startsWith("no row that is known");
        cut().cut(loss.firstLost(), fixture.options.fileBytes(), fixture.clock);
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 1)).isEqualTo(all);
        }
    }

    @Test
    void aMissingFileLosesWhatWasInItAndBehindIt() throws IOException {
        twentyRows();
        fixture.disk.delete(fixture.file(3));
        LogLoss loss = Objects.requireNonNull(lossOfOpening());
        assertThat(loss.lastKnown()).isEqualTo(ROWS);
        cut().cut(loss.firstLost(), fixture.options.fileBytes(), fixture.clock);
        try (FileWriteAheadLog log = fixture.open()) {
            assertThat(replay(log, 1)).isEqualTo(all.subList(0, (int) loss.firstLost() - 1));
        }
    }

    @Test
    void aLogWithoutABeginningOffersNoCut() throws IOException {
        twentyRows();
        fixture.disk.flipBit(fixture.file(1), 50, 1);
        assertThat(lossOfOpening()).isNull();
    }

    @Test
    void aPowerCutOnTheWayLeavesALogThatIsStillDamagedThereOrCut() throws IOException {
        for (Operation operation : Operation.values()) {
            for (int skip = 0; skip < 12; skip++) {
                LogCutTest fresh = new LogCutTest();
                fresh.twentyRows();
                fresh.damage(9);
                fresh.fixture.disk.failAt(operation, skip, Fault.POWER_CUT);
                boolean done = false;
                try {
                    fresh.cut().cut(9, fresh.fixture.options.fileBytes(), fresh.fixture.clock);
                    done = true;
                } catch (IOException e) {
                    assertThat(e).hasMessageContaining("power");
                }
                fresh.fixture.crash();
                try {
                    fresh.fixture.recovery().recover();
                } catch (LogCorruptException e) {
                    assertThat(done).isFalse();
                    assertThat(Objects.requireNonNull(e.loss()).firstLost()).isEqualTo(9);
                    fresh.cut().cut(9, fresh.fixture.options.fileBytes(), fresh.fixture.clock);
                }
                try (FileWriteAheadLog log = fresh.fixture.open()) {
                    assertThat(replay(log, 1)).isEqualTo(fresh.all.subList(0, 8));
                }
            }
        }
    }
}
