package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.io.NativeMemory;
import io.arbalest.io.SectionFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What of a sealed segment's file is brought into memory before it is searched. */
class SegmentMemoryTest {
    private static final long MIB = 1 << 20;
    private static final long HOT_BYTES = 12 * MIB;
    private static final long VECTOR_BYTES = 24 * MIB;

    @TempDir Path directory;

    @Test
    void whatIsWalkedIsMappedAtOnceAndVectorsAreLeft() throws IOException {
        assumeTrue(NativeMemory.available());
        Path file = directory.resolve("sections");
        FileChannelDisk disk = new FileChannelDisk();
        SectionFile.write(
                disk,
                file,
                List.of(
                        section(SealedSection.VECTORS, VECTOR_BYTES),
                        section(SealedSection.CODES, HOT_BYTES)));
        try (SectionFile open = SectionFile.open(disk, file)) {
            Map<SealedSection, MemorySegment> parts = SegmentFiles.graphOf(open);
            assertThat(parts).containsOnlyKeys(SealedSection.VECTORS, SealedSection.CODES);
            SegmentMemory.MAPPED.fill(parts);
            assertThat(residentBytes(file)).isZero();
            SegmentMemory.ADVISED.fill(parts);
            assertThat(residentBytes(file)).isBetween(HOT_BYTES, HOT_BYTES + 4 * MIB);
            open.verify();
        }
    }

    @Test
    void vectorsWithoutCodesAreWalked() throws IOException {
        assumeTrue(NativeMemory.available());
        Path file = directory.resolve("sections");
        FileChannelDisk disk = new FileChannelDisk();
        SectionFile.write(disk, file, List.of(section(SealedSection.VECTORS, VECTOR_BYTES)));
        try (SectionFile open = SectionFile.open(disk, file)) {
            SegmentMemory.LOCKED.fill(SegmentFiles.graphOf(open));
            assertThat(residentBytes(file)).isGreaterThanOrEqualTo(VECTOR_BYTES);
        }
    }

    private static SectionFile.Section section(SealedSection section, long bytes) {
        return new SectionFile.Section(section.number(), bytes, target -> target.fill((byte) 7));
    }

    /** Bytes of a file that are mapped into this process and in memory: proc_pid_smaps(5). */
    private static long residentBytes(Path file) throws IOException {
        boolean inside = false;
        long kilobytes = 0;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                inside = line.endsWith(file.toRealPath().toString());
            } else if (inside && line.startsWith("Rss:")) {
                kilobytes += Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        return kilobytes << 10;
    }
}
