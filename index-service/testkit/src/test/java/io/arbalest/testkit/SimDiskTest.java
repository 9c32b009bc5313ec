package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.Disk;
import io.arbalest.io.DiskFullException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

class SimDiskTest extends DiskContract {
    private static final int BLOCK = BlockFile.BLOCK_BYTES;

    private final SimDisk disk = new SimDisk(1);
    private final Path directory = Path.of("/data");

    @BeforeEach
    void createDirectory() throws IOException {
        disk.createDirectories(directory);
    }

    @Override
    Disk disk() {
        return disk;
    }

    @Override
    Path directory() {
        return directory;
    }

    @Test
    void aCompletedWriteInASyncedFileSurvivesACrash() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            BlockFile file = disk.create(directory.resolve("f"), BLOCK);
            disk.syncDirectory(directory);
            file.write(0, AlignedBuffers.allocate(arena, BLOCK).fill((byte) 9));
            disk.crash();
            assertThat(disk.dump(directory.resolve("f"))).containsOnly(9);
            assertThatThrownBy(() -> file.write(0, AlignedBuffers.allocate(arena, BLOCK)))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void anEntryThatWasNotSyncedMayBeLost() throws IOException {
        Set<Boolean> outcomes = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
            SimDisk fresh = new SimDisk(seed);
            fresh.createDirectories(directory);
            fresh.create(directory.resolve("f"), BLOCK).close();
            fresh.crash();
            outcomes.add(fresh.exists(directory.resolve("f")));
        }
        assertThat(outcomes).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void aSyncOfOneDirectoryMakesNoOthersEntriesStable() throws IOException {
        Set<Integer> outcomes = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
            SimDisk fresh = new SimDisk(seed);
            Path made = directory.resolve("made");
            Path moved = directory.resolve("moved");
            fresh.createDirectories(made);
            fresh.create(made.resolve("synced"), BLOCK).close();
            fresh.syncDirectory(made);
            fresh.create(made.resolve("not-synced"), BLOCK).close();
            fresh.rename(made, moved);
            fresh.syncDirectory(directory);
            fresh.crash();
            assertThat(fresh.list(directory)).containsExactly("moved");
            assertThat(fresh.list(moved)).contains("synced");
            outcomes.add(fresh.list(moved).size());
        }
        assertThat(outcomes).containsExactlyInAnyOrder(1, 2);
    }

    @Test
    void nothingIsLeftOfADirectoryThatIsGone() throws IOException {
        for (int seed = 0; seed < 50; seed++) {
            SimDisk fresh = new SimDisk(seed);
            Path made = directory.resolve("made");
            fresh.createDirectories(made);
            fresh.create(made.resolve("file"), BLOCK).close();
            fresh.deleteTree(made);
            fresh.syncDirectory(directory);
            fresh.crash();
            assertThat(fresh.list(directory)).isEmpty();
            assertThat(fresh.exists(made.resolve("file"))).isFalse();
        }
    }

    @Test
    void aPowerCutTearsAWriteBySectors() throws IOException {
        Set<Integer> written = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
            SimDisk fresh = new SimDisk(seed);
            fresh.createDirectories(directory);
            BlockFile file = fresh.create(directory.resolve("f"), BLOCK);
            fresh.syncDirectory(directory);
            fresh.failAt(SimDisk.Operation.WRITE, 0, SimDisk.Fault.POWER_CUT);
            assertThatThrownBy(() -> writeOnes(file)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> fresh.exists(directory)).hasMessageContaining("power");
            fresh.crash();
            int sectors = 0;
            byte[] bytes = fresh.dump(directory.resolve("f"));
            for (int sector = 0; sector < BLOCK / SimFile.SECTOR_BYTES; sector++) {
                byte first = bytes[sector * SimFile.SECTOR_BYTES];
                for (int i = 0; i < SimFile.SECTOR_BYTES; i++) {
                    assertThat(bytes[sector * SimFile.SECTOR_BYTES + i]).isEqualTo(first);
                }
                sectors += first;
            }
            written.add(sectors);
        }
        assertThat(written).hasSizeGreaterThan(3);
    }

    @Test
    void anIoErrorLeavesWhatReadsSeeAndACrashMayLose() throws IOException {
        BlockFile file = disk.create(directory.resolve("f"), BLOCK);
        disk.syncDirectory(directory);
        disk.failAt(SimDisk.Operation.WRITE, 1, SimDisk.Fault.IO_ERROR);
        writeOnes(file);
        disk.damage(directory.resolve("f"), 0, new byte[BLOCK]);
        assertThatThrownBy(() -> writeOnes(file)).hasMessageContaining("input/output");
        assertThat(disk.dump(directory.resolve("f"))).containsOnly(1);
        disk.crash();
        assertThat(disk.dump(directory.resolve("f"))).contains(0);
    }

    @Test
    void aFullDiskRefusesCreationUntilSpaceReturns() throws IOException {
        disk.capacity(3L * BLOCK);
        disk.create(directory.resolve("a"), 2L * BLOCK).close();
        assertThatThrownBy(() -> disk.create(directory.resolve("b"), 2L * BLOCK))
                .isInstanceOf(DiskFullException.class);
        assertThat(disk.exists(directory.resolve("b"))).isFalse();
        disk.delete(directory.resolve("a"));
        disk.create(directory.resolve("b"), 2L * BLOCK).close();
    }

    @Test
    void aDiskThatIgnoresFlushesLosesAcknowledgedWrites() throws IOException {
        BlockFile file = disk.create(directory.resolve("f"), 64L * BLOCK);
        disk.syncDirectory(directory);
        disk.loseSyncs(true);
        try (Arena arena = Arena.ofConfined()) {
            file.write(0, AlignedBuffers.allocate(arena, 64L * BLOCK).fill((byte) 1));
        }
        disk.crash();
        assertThat(disk.dump(directory.resolve("f"))).contains(0);
    }

    private static void writeOnes(BlockFile file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ones = AlignedBuffers.allocate(arena, BLOCK).fill((byte) 1);
            file.write(0, ones);
        }
    }
}
