package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.BLOCK;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.testkit.SimDisk;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sectors zeroed, blocks swapped, blocks written to a wrong place, in every combination over a log
 * of recycled files, and every bit and every cut of its last file: never a wrong record, never a
 * ghost of a file's earlier life, never silently short.
 */
class LogSectorsTest {
    private static final int SECTOR = 512;

    private final SampleLog log;
    private final SimDisk disk;
    private final Map<Path, byte[]> intact = new HashMap<>();
    private final List<Place> blocks = new ArrayList<>();
    private int reported;
    private int whole;
    private int shortened;

    LogSectorsTest() throws IOException {
        log = new SampleLog();
        disk = log.disk();
        for (Path file : log.files()) {
            byte[] bytes = disk.dump(file);
            intact.put(file, bytes);
            for (int at = 0; at < bytes.length; at += BLOCK) {
                blocks.add(new Place(file, at));
            }
        }
    }

    private record Place(Path file, int offset) {}

    @Test
    void theSampleHoldsWhatItShould() throws IOException {
        assertThat(log.all()).hasSizeGreaterThan(6);
        assertThat(log.all().getFirst().first()).isGreaterThan(1);
        byte[] last = bytes(log.files().getLast());
        long ghosts = 0;
        FileHeader header = lastHeader();
        for (int at = BLOCK; at < last.length; at += 64) {
            RecordHeader record = RecordHeader.read(MemorySegment.ofArray(last), at);
            if (record != null && record.generation() != header.generation()) {
                ghosts++;
            }
        }
        assertThat(ghosts).as("records of an earlier life").isPositive();
    }

    @Test
    void zeroedSectorsAloneAndInPairs() throws IOException {
        List<Place> sectors = new ArrayList<>();
        for (Path file : log.files()) {
            for (int at = 0; at < bytes(file).length; at += SECTOR) {
                sectors.add(new Place(file, at));
            }
        }
        byte[] zeros = new byte[SECTOR];
        for (int i = 0; i < sectors.size(); i++) {
            for (int j = i; j < sectors.size(); j++) {
                put(sectors.get(i), zeros);
                put(sectors.get(j), zeros);
                judge("zeroed " + sectors.get(i) + " and " + sectors.get(j));
                restore(sectors.get(i), SECTOR);
                restore(sectors.get(j), SECTOR);
            }
        }
        allOutcomesWereSeen();
    }

    @Test
    void swappedBlocks() throws IOException {
        for (Place one : blocks) {
            for (Place other : blocks) {
                put(one, block(other));
                put(other, block(one));
                judge("swapped " + one + " and " + other);
                restore(one, BLOCK);
                restore(other, BLOCK);
            }
        }
        assertThat(reported).isPositive();
    }

    @Test
    void blocksWrittenToAWrongPlace() throws IOException {
        for (Place from : blocks) {
            for (Place to : blocks) {
                put(to, block(from));
                judge(from + " written over " + to);
                restore(to, BLOCK);
            }
        }
        assertThat(reported).isPositive();
    }

    @Test
    void everyBitOfTheLastFile() throws IOException {
        Path file = log.files().getLast();
        byte[] bytes = bytes(file);
        for (int at = 0; at < bytes.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                disk.damage(file, at, (byte) (bytes[at] ^ (1 << bit)));
                judge("bit " + bit + " of byte " + at);
            }
            disk.damage(file, at, bytes[at]);
        }
        allOutcomesWereSeen();
    }

    @Test
    void everyCutOfTheLastFile() throws IOException {
        Path file = log.files().getLast();
        byte[] bytes = bytes(file);
        for (int at = bytes.length - 1; at >= 0; at--) {
            disk.damage(file, at, (byte) 0);
            // A cut takes any number of batches with it, as no power loss does after a sync: what
            // is left must be a prefix, or the cut is reported.
            List<LogFixture.Replayed> found = SampleLog.recordsOrNull(disk, LogFixture.DIRECTORY);
            if (found != null) {
                assertThat(found).as("cut at %s", at).isEqualTo(log.all().subList(0, found.size()));
            }
        }
    }

    private FileHeader lastHeader() throws IOException {
        return new WalRecovery(disk, LogFixture.DIRECTORY, LogFixture.IDENTITY)
                .recover()
                .files()
                .getLast()
                .header();
    }

    private void judge(String damage) throws IOException {
        List<LogFixture.Replayed> found = SampleLog.recordsOrNull(disk, LogFixture.DIRECTORY);
        String wrong = log.judge(found);
        if (!wrong.isEmpty()) {
            throw new AssertionError(damage + ": " + wrong);
        }
        if (found == null) {
            reported++;
        } else if (found.size() == log.all().size()) {
            whole++;
        } else {
            shortened++;
        }
    }

    /** Reported, harmless, and the unmarked last batch taken for torn. */
    private void allOutcomesWereSeen() {
        assertThat(reported).isPositive();
        assertThat(whole).isPositive();
        assertThat(shortened).isPositive();
    }

    private void put(Place place, byte[] content) throws IOException {
        disk.damage(place.file(), place.offset(), content);
    }

    private void restore(Place place, int length) throws IOException {
        byte[] bytes = bytes(place.file());
        put(place, Arrays.copyOfRange(bytes, place.offset(), place.offset() + length));
    }

    private byte[] block(Place place) {
        byte[] bytes = bytes(place.file());
        return Arrays.copyOfRange(bytes, place.offset(), place.offset() + BLOCK);
    }

    private byte[] bytes(Path file) {
        byte[] bytes = intact.get(file);
        if (bytes == null) {
            throw new IllegalStateException("not of the sample: " + file);
        }
        return bytes;
    }
}
