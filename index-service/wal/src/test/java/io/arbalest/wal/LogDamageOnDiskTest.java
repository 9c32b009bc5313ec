package io.arbalest.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.io.Disk;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.io.uring.DiskSelection.Backend;
import io.arbalest.testkit.RandomCases;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Bits turned over and tails cut on the machine's disk, a sample of one in a hundred; {@code
 * -Dwal.damage.share=1} does them all.
 */
class LogDamageOnDiskTest {
    private static final double SHARE =
            Double.parseDouble(System.getProperty("wal.damage.share", "0.01"));

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @ParameterizedTest
    @EnumSource(names = {"AUTO", "FILECHANNEL"})
    void aSampleOfAllBitsAndCuts(Backend backend) throws IOException {
        Disk disk = DiskSelection.select(backend, directory).disk();
        SampleLog log = new SampleLog();
        Path logDirectory = Files.createDirectory(directory.resolve("wal"));
        Files.write(logDirectory.resolve(WalFormat.CURRENT_FILE), log.disk().dump(log.current()));
        for (Path file : log.files()) {
            Files.write(target(logDirectory, file), log.disk().dump(file));
        }
        assertThat(SampleLog.recordsOrNull(disk, logDirectory)).isEqualTo(log.all());
        RandomCases.run(
                1,
                (random, _) -> {
                    for (Path file : log.files()) {
                        byte[] bytes = log.disk().dump(file);
                        Path target = target(logDirectory, file);
                        int reported = flips(disk, log, target, bytes, random);
                        assertThat(reported).isPositive();
                        if (file.equals(log.files().getLast())) {
                            cuts(disk, log, target, bytes, random);
                        }
                    }
                });
    }

    private static Path directoryOf(Path file) {
        return file.toAbsolutePath().resolve("..").normalize();
    }

    private static Path target(Path directory, Path file) {
        return directory.resolve(file.getFileName().toString());
    }

    private static int flips(
            Disk disk, SampleLog log, Path target, byte[] bytes, RandomGenerator random)
            throws IOException {
        int reported = 0;
        long bits = bytes.length * 8L;
        try (RandomAccessFile file = new RandomAccessFile(target.toFile(), "rw")) {
            for (long bit = 0; bit < bits; bit++) {
                if (random.nextDouble() >= SHARE) {
                    continue;
                }
                int at = (int) (bit / 8);
                file.seek(at);
                file.write(bytes[at] ^ (1 << (bit % 8)));
                List<LogFixture.Replayed> found =
                        SampleLog.recordsOrNull(disk, directoryOf(target));
                assertThat(log.judge(found)).as("bit %s of %s", bit, target).isEmpty();
                reported += found == null ? 1 : 0;
                file.seek(at);
                file.write(bytes[at]);
            }
        }
        return reported;
    }

    private static void cuts(
            Disk disk, SampleLog log, Path target, byte[] bytes, RandomGenerator random)
            throws IOException {
        for (int cut = bytes.length - 1; cut >= 0; cut--) {
            if (random.nextDouble() >= SHARE) {
                continue;
            }
            byte[] left = bytes.clone();
            Arrays.fill(left, cut, left.length, (byte) 0);
            Files.write(target, left);
            List<LogFixture.Replayed> found = SampleLog.recordsOrNull(disk, directoryOf(target));
            if (found != null) {
                assertThat(found)
                        .as("cut at %s", cut)
                        .isEqualTo(log.all().subList(0, found.size()));
            }
        }
        Files.write(target, bytes);
    }
}
