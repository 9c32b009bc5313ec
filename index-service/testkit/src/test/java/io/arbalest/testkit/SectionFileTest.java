package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.io.FileDamagedException;
import io.arbalest.io.SectionFile;
import io.arbalest.io.UnsupportedFileFormatException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of sections on the simulated disk and on the machine's. */
final class SectionFileTest {
    private static final Path DIRECTORY = Path.of("/data");
    private static final Path FILE = DIRECTORY.resolve("sections");

    private static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        RandomCases.random(seed).nextBytes(bytes);
        return bytes;
    }

    private static SectionFile.Section section(int number, byte[] content) {
        return new SectionFile.Section(
                number, content.length, target -> target.copyFrom(MemorySegment.ofArray(content)));
    }

    private static void roundTrip(Disk disk, Path file) throws IOException {
        byte[] small = bytes(5, 1);
        byte[] large = bytes((4 << 20) + 4097, 2);
        SectionFile.write(
                disk, file, List.of(section(7, small), section(1, large), section(3, new byte[0])));
        try (SectionFile open = SectionFile.open(disk, file)) {
            open.verify();
            assertThat(open.section(7).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(small);
            assertThat(open.section(1).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(large);
            assertThat(open.section(1).address() % 4096).isZero();
            assertThat(open.section(3).byteSize()).isZero();
            assertThat(open.section(99).byteSize()).isZero();
        }
    }

    @Test
    void givesBackWhatWasWritten(@TempDir Path directory) throws IOException {
        SimDisk disk = new SimDisk(1);
        disk.createDirectories(DIRECTORY);
        roundTrip(disk, FILE);
        roundTrip(new FileChannelDisk(), directory.resolve("sections"));
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 192, 1536, 8192})
    void aSectionThatIsFilledInPiecesGivesTheSameFile(int unit) throws IOException {
        SimDisk disk = new SimDisk(1);
        disk.createDirectories(DIRECTORY);
        byte[] content = bytes((9 << 20) / unit * unit + unit, 5);
        Path other = DIRECTORY.resolve("pieces");
        SectionFile.write(disk, FILE, List.of(section(1, content), section(2, bytes(5, 1))));
        List<Long> pieces = new ArrayList<>();
        SectionFile.Section pieced =
                new SectionFile.Section(
                        1,
                        content.length,
                        unit,
                        (offset, piece) -> {
                            assertThat(offset).isEqualTo(pieces.stream().mapToLong(p -> p).sum());
                            pieces.add(piece.byteSize());
                            MemorySegment all = MemorySegment.ofArray(content);
                            piece.copyFrom(all.asSlice(offset, piece.byteSize()));
                        });
        SectionFile.write(disk, other, List.of(pieced, section(2, bytes(5, 1))));
        assertThat(disk.dump(other)).isEqualTo(disk.dump(FILE));
        assertThat(pieces)
                .hasSizeGreaterThan(2)
                .allMatch(bytes -> bytes <= 4 << 20 && bytes % unit == 0);
    }

    @Test
    void findsAFlippedBitAnywhere() throws IOException {
        SimDisk disk = new SimDisk(1);
        disk.createDirectories(DIRECTORY);
        SectionFile.write(disk, FILE, List.of(section(1, bytes(4096, 3)), section(2, bytes(9, 4))));
        int length = disk.dump(FILE).length;
        for (int at = 0; at < length; at++) {
            boolean used = at < 4096 + 4096 + 9 || (at >= 4096 * 3 && at < 4096 * 3 + 8);
            disk.flipBit(FILE, at, at % 8);
            if (used) {
                assertThatThrownBy(() -> check(disk)).isInstanceOf(IOException.class);
            }
            disk.flipBit(FILE, at, at % 8);
        }
        check(disk);
    }

    private static void check(Disk disk) throws IOException {
        try (SectionFile open = SectionFile.open(disk, FILE)) {
            open.verify();
        }
    }

    @Test
    void anUnfinishedFileIsNotTakenForOne() throws IOException {
        SimDisk disk = new SimDisk(1);
        disk.createDirectories(DIRECTORY);
        for (int writes = 0; writes < 3; writes++) {
            disk.failAt(SimDisk.Operation.WRITE, writes, SimDisk.Fault.NO_SPACE);
            assertThatThrownBy(() ->
                            SectionFile.write(disk, FILE, List.of(section(1, bytes(4096, 3)))))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> check(disk)).isInstanceOf(FileDamagedException.class);
            disk.delete(FILE);
        }
    }

    @Test
    void aLaterVersionIsRefused() throws IOException {
        SimDisk disk = new SimDisk(1);
        disk.createDirectories(DIRECTORY);
        SectionFile.write(disk, FILE, List.of(section(1, bytes(10, 3))));
        disk.damage(FILE, 4, (byte) 2);
        assertThatThrownBy(() -> check(disk)).isInstanceOf(UnsupportedFileFormatException.class);
    }
}
