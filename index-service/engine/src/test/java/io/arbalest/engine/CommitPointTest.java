package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.CrashPoints;
import io.arbalest.common.Crc32c;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardId;
import io.arbalest.testkit.RandomCases;
import io.arbalest.testkit.SimDisk;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** Commit points on disk: their bytes, which one counts, and what damage does. */
final class CommitPointTest {
    private static final ShardId SHARD = new ShardId(new UUID(1, 2), 3);
    private static final Path DIRECTORY = Path.of("/data/shard");
    private static final CommitPoint POINT = point(7);

    private static CommitPoint point(long generation) {
        return new CommitPoint(
                generation,
                1_000_000,
                5,
                12,
                List.of(
                        new CommitPoint.SealedFiles(
                                9,
                                70_000,
                                900_000,
                                List.of(
                                        new CommitPoint.Origin(0, 65_536),
                                        new CommitPoint.Origin(2, 65_536))),
                        new CommitPoint.SealedFiles(
                                11, 65_000, 990_000, List.of(new CommitPoint.Origin(4, 65_536)))));
    }

    private static byte[] golden() throws IOException {
        try (InputStream in = CommitPointTest.class.getResourceAsStream("/golden/commit-v1.bin")) {
            return Objects.requireNonNull(in, "golden/commit-v1.bin").readAllBytes();
        }
    }

    @Test
    void writesAndReadsTheGoldenBytes() throws IOException {
        assertThat(CommitPointFormat.encode(POINT, SHARD)).isEqualTo(golden());
        assertThat(CommitPointFormat.decode(golden(), SHARD)).isEqualTo(POINT);
    }

    @Test
    void everyFlippedBitIsFound() {
        byte[] bytes = CommitPointFormat.encode(POINT, SHARD);
        for (int bit = 0; bit < 8 * bytes.length; bit++) {
            byte[] flipped = bytes.clone();
            flipped[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThatThrownBy(() -> CommitPointFormat.decode(flipped, SHARD))
                    .isInstanceOf(ArbalestException.class);
        }
    }

    @Test
    void everyCutIsFound() {
        byte[] bytes = CommitPointFormat.encode(POINT, SHARD);
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> CommitPointFormat.decode(cut, SHARD))
                    .isInstanceOf(ArbalestException.class);
        }
    }

    @Test
    void anotherShardAndALaterVersionAreRefused() {
        byte[] bytes = CommitPointFormat.encode(POINT, SHARD);
        assertCode(
                ErrorCode.STALE_INCARNATION,
                () -> CommitPointFormat.decode(bytes, new ShardId(new UUID(1, 2), 4)));
        byte[] later = bytes.clone();
        later[4] = 2;
        ByteBuffer.wrap(later)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(later.length - 4, Crc32c.of(Arrays.copyOf(later, later.length - 4)));
        assertCode(
                ErrorCode.UNSUPPORTED_FORMAT_VERSION, () -> CommitPointFormat.decode(later, SHARD));
    }

    private static void assertCode(ErrorCode code, Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private static CommitPointFiles files(SimDisk disk, CrashPoints crashPoints)
            throws IOException {
        disk.createDirectories(DIRECTORY);
        return new CommitPointFiles(disk, DIRECTORY, SHARD, crashPoints);
    }

    @Test
    void theNewestCountsAndOlderOnesGo() throws IOException {
        SimDisk disk = new SimDisk(1);
        CommitPointFiles files = files(disk, CrashPoints.NONE);
        assertThat(files.load()).isNull();
        files.publish(point(1));
        files.publish(point(2));
        assertThat(files.load()).isEqualTo(point(2));
        assertThat(disk.list(DIRECTORY)).containsExactly("commit-0000000000000002");
    }

    @Test
    void anOlderOneStandsInForADamagedOneWhileItIsThere() throws IOException {
        SimDisk disk = new SimDisk(1);
        files(disk, CrashPoints.NONE).publish(point(1));
        CommitPointFiles stopping =
                files(
                        disk,
                        name -> {
                            if (name.equals("commit-point.published")) {
                                throw new IllegalStateException(name);
                            }
                        });
        assertThatThrownBy(() -> stopping.publish(point(2))).hasMessage("commit-point.published");
        disk.flipBit(DIRECTORY.resolve("commit-0000000000000002"), 40, 3);
        assertThat(files(disk, CrashPoints.NONE).load()).isEqualTo(point(1));
        disk.delete(DIRECTORY.resolve("commit-0000000000000001"));
        assertThatThrownBy(() -> files(disk, CrashPoints.NONE).load())
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.STORE_FAILED));
    }

    @Test
    void aPowerCutLeavesTheOldOrTheNewOne() {
        RandomCases.run(
                100,
                (random, _) -> {
                    SimDisk disk = new SimDisk(random.nextLong());
                    files(disk, CrashPoints.NONE).publish(point(1));
                    SimDisk.Operation operation =
                            List.of(
                                            SimDisk.Operation.PUBLISH,
                                            SimDisk.Operation.DELETE,
                                            SimDisk.Operation.SYNC_DIRECTORY)
                                    .get(random.nextInt(3));
                    disk.failAt(operation, 0, SimDisk.Fault.POWER_CUT);
                    boolean published = true;
                    try {
                        files(disk, CrashPoints.NONE).publish(point(2));
                    } catch (IOException _) {
                        published = operation != SimDisk.Operation.PUBLISH;
                    }
                    disk.crash();
                    CommitPoint found = files(disk, CrashPoints.NONE).load();
                    assertThat(found).isEqualTo(point(published ? 2 : 1));
                });
    }
}
