package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.append;
import static io.arbalest.wal.LogFixture.expected;
import static io.arbalest.wal.LogFixture.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The files under {@code golden} were written by the first version of format 1. They are read by
 * every later one, and the same records still give the same bytes. {@code -Dgolden.write=DIRECTORY}
 * writes them anew, for a new format version only.
 */
class GoldenFormatTest {
    private static final String LOG = "wal-v1.log";
    private static final String CURRENT = "wal-v1.current";

    private final LogFixture fixture = new LogFixture(1);

    @Test
    void theSameRecordsGiveTheSameBytes() throws IOException {
        fixture.options = WalOptions.DEFAULTS.withFileBytes(4L * LogFixture.BLOCK);
        fixture.clock.advance(Duration.ofMillis(1234));
        fixture.random = () -> 0;
        FileWriteAheadLog log = fixture.open(6);
        append(log, 3, 200, 'a');
        append(log, 1, 0, 'b');
        fixture.scheduler.runUntilIdle();
        fixture.commit(log, 1000, 1000, 'c');
        log.close();
        byte[] written = fixture.disk.dump(fixture.file(1));
        byte[] mark = fixture.disk.dump(LogFixture.DIRECTORY.resolve(WalFormat.CURRENT_FILE));
        String target = System.getProperty("golden.write", "");
        if (!target.isBlank()) {
            Files.write(Path.of(target, LOG), written);
            Files.write(Path.of(target, CURRENT), mark);
        }
        assertThat(written).isEqualTo(golden(LOG));
        assertThat(mark).isEqualTo(golden(CURRENT));
    }

    @Test
    void theGoldenLogIsRead() throws IOException {
        fixture.disk.createDirectories(LogFixture.DIRECTORY);
        fixture.disk.publish(fixture.file(1), golden(LOG));
        fixture.disk.publish(LogFixture.DIRECTORY.resolve(WalFormat.CURRENT_FILE), golden(CURRENT));
        try (FileWriteAheadLog log = fixture.open(7)) {
            assertThat(replay(log, 1))
                    .containsExactly(
                            expected(6, 1, 3, 200, 'a'),
                            expected(6, 4, 1, 0, 'b'),
                            expected(6, 5, 1000, 1000, 'c'));
            assertThat(log.nextSequenceNumber()).isEqualTo(1005);
        }
    }

    private static byte[] golden(String name) throws IOException {
        try (InputStream stream = GoldenFormatTest.class.getResourceAsStream("/golden/" + name)) {
            if (stream == null) {
                throw new IOException("no golden file " + name);
            }
            return stream.readAllBytes();
        }
    }
}
