package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.BLOCK;
import static io.arbalest.wal.LogFixture.append;

import io.arbalest.io.Disk;
import io.arbalest.testkit.SimDisk;
import io.arbalest.wal.LogFixture.Replayed;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A small log of three files as a killed process leaves it, to be damaged in every way. The last
 * file was recycled: records of its earlier life stand behind its end. CURRENT marks its beginning
 * only, so its last batch, and nothing else, may be lost without a word.
 */
final class SampleLog {
    private static final int FILE_BLOCKS = 6;
    private static final int LAST_BATCH_RECORDS = 2;

    private final LogFixture fixture = new LogFixture(17);
    private final List<Replayed> all;
    private final List<Path> files = new ArrayList<>();

    SampleLog() throws IOException {
        fixture.options = WalOptions.DEFAULTS.withFileBytes((long) FILE_BLOCKS * BLOCK);
        FileWriteAheadLog log = fixture.open();
        int salt = 1;
        // Fill files and let them go, so that the next ones are recycled.
        while (!fixture.disk.exists(fixture.file(5))) {
            fixture.commit(log, 1, 3000, salt++);
            log.release(log.nextSequenceNumber());
            fixture.scheduler.runUntilIdle();
        }
        while (!fixture.disk.exists(fixture.file(7))) {
            fixture.commit(log, 2, 2500, salt++);
        }
        append(log, 3, 200, salt++);
        append(log, 1, 900, salt);
        fixture.scheduler.runUntilIdle();
        fixture.disk.crash();
        for (long number = 5; number <= 7; number++) {
            files.add(fixture.file(number));
        }
        all = records(fixture.disk, LogFixture.DIRECTORY);
    }

    SimDisk disk() {
        return fixture.disk;
    }

    /** The three files, oldest first. */
    List<Path> files() {
        return files;
    }

    Path current() {
        return LogFixture.DIRECTORY.resolve(WalFormat.CURRENT_FILE);
    }

    /** Every record, and so every one that was told durable. */
    List<Replayed> all() {
        return all;
    }

    /**
     * What is wrong with these records, which a recovery gave without an error; empty if nothing.
     */
    String judge(@Nullable List<Replayed> found) {
        if (found == null) {
            return "";
        }
        if (found.size() > all.size() || !found.equals(all.subList(0, found.size()))) {
            return "a wrong record";
        }
        return found.size() < all.size() - LAST_BATCH_RECORDS
                ? "an acknowledged record is missing and nothing was said"
                : "";
    }

    /** The records of a log, or null if its recovery reports damage. */
    static @Nullable List<Replayed> recordsOrNull(Disk disk, Path directory) throws IOException {
        try {
            return records(disk, directory);
        } catch (LogCorruptException | UnsupportedLogFormatException e) {
            return null;
        }
    }

    private static List<Replayed> records(Disk disk, Path directory) throws IOException {
        List<Replayed> records = new ArrayList<>();
        WalRecovery recovery = new WalRecovery(disk, directory, LogFixture.IDENTITY);
        for (RecoveredLog.ValidFile valid : recovery.recover().files()) {
            recovery.replay(
                    valid,
                    1,
                    (_, term, first, rows, body) ->
                            records.add(LogFixture.replayed(term, first, rows, body)));
        }
        return records;
    }
}
