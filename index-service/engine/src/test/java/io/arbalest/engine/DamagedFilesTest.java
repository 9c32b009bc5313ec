package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;
import io.arbalest.model.Version;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What a shard says whose files do not hold what was written into them. It must not answer: a
 * result that lacks rows looks like any other.
 */
final class DamagedFilesTest {
    private static final int UNIT = 50;
    private static final Path SEGMENTS = SimulatedShard.DIRECTORY.resolve("segments");
    private static final Path FIRST = SEGMENTS.resolve("1").resolve("sections");
    private static final Duration INTERVAL = Duration.ofMinutes(10);

    /** A byte of the first section. */
    private static final long IN_A_SECTION = 5000;

    private final SimulatedShard sim =
            new SimulatedShard(
                    EngineOptions.DEFAULT.withGrowingSegmentRows(UNIT).withScrubInterval(INTERVAL),
                    Metric.L2,
                    null,
                    false);

    private void write(int from, int to) {
        for (int i = from; i < to; i++) {
            CompletableFuture<WriteResult> written = begin(i);
            sim.scheduler.runUntil(written::isDone, Duration.ofMinutes(1));
            if (sim.shard.state() != ShardState.SERVING) {
                return;
            }
            written.join();
        }
        sim.scheduler.runUntilIdle();
    }

    private CompletableFuture<WriteResult> begin(int i) {
        Batches batch = sim.batch();
        batch.upsert(SimulatedShard.key(i), new Version(0, 1, 0), vector(i), "red", 1L);
        return sim.shard.write(0, batch.build());
    }

    private static float[] vector(int i) {
        float[] vector = new float[SimulatedShard.DIMENSION];
        vector[i % vector.length] = 1 + i / vector.length;
        return vector;
    }

    private void assertRefusesEverything(String... words) {
        assertThat(sim.shard.state()).isEqualTo(ShardState.FAILED);
        assertThat(sim.shard.statistics().error()).contains("ARB-3007").contains(words);
        assertRefused(() -> sim.search(vector(1), 1, false, null), words);
        assertRefused(() -> sim.search(vector(1), 1, true, null), words);
        assertRefused(() -> sim.get(SimulatedShard.key(1)), words);
        assertRefused(() -> sim.deleteWhere(null, false), words);
        assertThat(begin(0))
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withMessageContaining("ARB-3007");
    }

    private static void assertRefused(ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.SEGMENT_CORRUPT);
                            assertThat(e.detail()).contains(words);
                            assertThat(e.fix()).isNotEmpty();
                        });
    }

    @Test
    void damageThatOpeningFindsIsNamed() throws IOException {
        write(0, UNIT + 10);
        sim.disk.flipBit(FIRST, IN_A_SECTION, 1);
        sim.crash();
        assertRefusesEverything(
                FIRST.toString(), "section ", "from byte 0", "has checksum", "expected");
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        write(0, UNIT + 10);
        sim.disk.delete(FIRST);
        sim.disk.syncDirectory(FIRST.resolveSibling("."));
        sim.crash();
        assertRefusesEverything(FIRST.toString(), "is missing", "expected 50 rows");
    }

    @Test
    void damageThatComesLaterIsFoundWithinTheInterval() throws IOException {
        write(0, 2 * UNIT + 10);
        sim.scheduler.advance(INTERVAL);
        sim.scheduler.runUntilIdle();
        assertThat(sim.search(vector(1), 1, false, null)).hasSize(1);
        Path second = SEGMENTS.resolve("2").resolve("sections");
        sim.disk.flipBit(second, IN_A_SECTION, 1);
        sim.scheduler.advance(INTERVAL.multipliedBy(2));
        sim.scheduler.runUntilIdle();
        assertRefusesEverything(second.toString(), "has checksum", "expected");
        sim.restart();
        assertRefusesEverything(second.toString());
    }

    @Test
    void damageIsNotMergedIntoAFileWithFreshChecksums() throws IOException {
        write(0, UNIT + 10);
        sim.disk.flipBit(FIRST, IN_A_SECTION, 1);
        write(UNIT + 10, 2 * MergePolicy.FACTOR * UNIT);
        assertRefusesEverything(FIRST.toString(), "has checksum", "expected");
        assertThat(sim.disk.list(SEGMENTS)).contains("1");
    }

    @Test
    void whatWasUnderWayIsRefusedTooAndNothingGoesOn() throws IOException {
        write(0, UNIT + 10);
        sim.disk.flipBit(FIRST, IN_A_SECTION, 1);
        List<CompletableFuture<WriteResult>> underWay = List.of(begin(1000), begin(1001));
        sim.scheduler.advance(INTERVAL.multipliedBy(2));
        sim.scheduler.runUntilIdle();
        underWay.forEach(write -> assertThat(write).isDone());
        List<String> before = sim.disk.list(SEGMENTS);
        sim.scheduler.advance(INTERVAL.multipliedBy(2));
        sim.scheduler.runUntilIdle();
        assertThat(sim.disk.list(SEGMENTS)).isEqualTo(before);
    }

    @Test
    void aDamagedCommitPointIsNamed() throws IOException {
        write(0, UNIT + 10);
        Path point =
                SimulatedShard.DIRECTORY.resolve(
                        sim.disk.list(SimulatedShard.DIRECTORY).stream()
                                .filter(name -> name.startsWith("commit-"))
                                .findFirst()
                                .orElseThrow());
        sim.disk.flipBit(point, 40, 3);
        sim.crash();
        assertThat(sim.shard.state()).isEqualTo(ShardState.FAILED);
        assertThat(sim.shard.statistics().error())
                .contains("ARB-3005", point.toString(), "checksum", "expected", "Fix:");
    }
}
