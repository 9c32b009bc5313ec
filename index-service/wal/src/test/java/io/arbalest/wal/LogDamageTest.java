package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.BLOCK;
import static io.arbalest.wal.LogFixture.append;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.wal.LogFixture.Replayed;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Every cut and every bit flip of a small log: what recovery gives is never wrong and never
 * silently short.
 */
class LogDamageTest {
    /** Records of the batches before the last one. */
    private static final int EARLIER_RECORDS = 3;

    private static final int FILE_BLOCKS = 5;

    private final LogFixture fixture = new LogFixture(3);
    private final Path file = fixture.file(1);
    private List<Replayed> all = List.of();
    private byte[] intact = new byte[0];

    /** Block 1 TERM_START; block 2 two records; block 3 one; block 4 the last batch with two. */
    private void makeLog(boolean marked) throws IOException {
        fixture.options = WalOptions.DEFAULTS.withFileBytes((long) FILE_BLOCKS * BLOCK);
        FileWriteAheadLog log = fixture.open();
        append(log, 2, 300, 1);
        append(log, 1, 500, 2);
        fixture.scheduler.runUntilIdle();
        fixture.commit(log, 1, 3900, 3);
        append(log, 3, 700, 4);
        append(log, 1, 1100, 5);
        fixture.scheduler.runUntilIdle();
        if (marked) {
            fixture.scheduler.advance(fixture.options.markDelay());
        }
        fixture.disk.crash();
        intact = fixture.disk.dump(file);
        all = records();
        assertThat(all).hasSize(EARLIER_RECORDS + 2);
    }

    @Test
    void aCutAtEveryByteLeavesTheRecordsBeforeIt() throws IOException {
        makeLog(false);
        byte[] zero = new byte[1];
        for (int cut = intact.length - 1; cut >= 0; cut--) {
            fixture.disk.damage(file, cut, zero);
            if (cut < BLOCK) {
                // The file header was durable before the file had its name: no tearing does this.
                if (cut < 96 && intact[cut] != 0) {
                    assertThat(recoveredOrNull()).isNull();
                }
                continue;
            }
            List<Replayed> records = recoveredOrNull();
            if (cut < 2 * BLOCK && records == null) {
                continue; // TERM_START was marked durable when the log was opened
            }
            assertThat(records)
                    .as("cut at %s", cut)
                    .isEqualTo(all.subList(0, wholeRecordsBefore(cut)));
        }
    }

    @Test
    void aFlippedBitIsHarmlessOrFoundOrTakesTheUnmarkedLastBatch() throws IOException {
        makeLog(false);
        int torn = 0;
        for (int at = 0; at < intact.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                fixture.disk.damage(file, at, (byte) (intact[at] ^ (1 << bit)));
                List<Replayed> records = recoveredOrNull();
                if (records != null) {
                    boolean whole = records.equals(all);
                    boolean inLastBatch = at >= 4 * BLOCK && at < 5 * BLOCK;
                    boolean prefix =
                            records.size() >= EARLIER_RECORDS
                                    && records.equals(all.subList(0, records.size()));
                    assertThat(whole || (inLastBatch && prefix))
                            .as("bit %s of byte %s", bit, at)
                            .isTrue();
                    torn += whole ? 0 : 1;
                }
            }
            fixture.disk.damage(file, at, intact[at]);
        }
        assertThat(torn).isPositive();
    }

    @Test
    void onceMarkedNoFlippedBitTakesARecord() throws IOException {
        makeLog(true);
        for (int at = 0; at < intact.length; at++) {
            // One bit a byte: the other test turns them all.
            fixture.disk.flipBit(file, at, at % 8);
            List<Replayed> records = recoveredOrNull();
            if (records != null) {
                assertThat(records).as("byte %s", at).isEqualTo(all);
            }
            fixture.disk.damage(file, at, intact[at]);
        }
    }

    private @Nullable List<Replayed> recoveredOrNull() throws IOException {
        try {
            return records();
        } catch (LogCorruptException e) {
            return null;
        }
    }

    private List<Replayed> records() throws IOException {
        List<Replayed> records = new ArrayList<>();
        WalRecovery recovery = fixture.recovery();
        for (RecoveredLog.ValidFile valid : recovery.recover().files()) {
            recovery.replay(
                    valid,
                    1,
                    (_, term, first, rows, body) ->
                            records.add(LogFixture.replayed(term, first, rows, body)));
        }
        return records;
    }

    /** Records of which no byte that matters is at or behind the cut. */
    private int wholeRecordsBefore(int cut) {
        int[] ends = {
            2 * BLOCK + 64 + 300,
            2 * BLOCK + 384 + 64 + 500,
            3 * BLOCK + 64 + 3900,
            4 * BLOCK + 64 + 700,
            4 * BLOCK + 768 + 64 + 1100
        };
        int whole = 0;
        for (int end : ends) {
            whole += cut >= end ? 1 : 0;
        }
        return whole;
    }
}
