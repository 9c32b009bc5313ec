package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Objects;

/** How long a delete is remembered, and what happens to older writes afterwards. */
final class TombstoneRetentionTest {
    private static final PointKey KEY = SimulatedShard.key("deleted");
    private static final PointKey OTHER = SimulatedShard.key("other");
    private static final Version OLD = new Version(0, 5, 0);
    private static final Version DELETED = new Version(0, 7, 0);
    private static final Version NEW = new Version(0, 8, 0);

    private final SimulatedShard sim =
            new SimulatedShard(
                    EngineOptions.DEFAULT.withTombstoneRetention(Duration.ofDays(7)),
                    Metric.IP,
                    null,
                    false);

    private WriteResult upsert(PointKey key, Version version, boolean acceptOlder) {
        Batches batch = sim.batch();
        batch.upsert(key, version, new float[SimulatedShard.DIMENSION], "red", 1L);
        return sim.write(acceptOlder ? batch.acceptOlder() : batch);
    }

    private void deleteAndWait(Duration wait) {
        Batches batch = sim.batch();
        batch.delete(KEY, DELETED);
        sim.write(batch);
        sim.scheduler.advance(wait);
    }

    @Test
    void withinTheRetentionAnOlderWriteIsStale() {
        deleteAndWait(Duration.ofDays(6));
        assertThat(sim.shard.statistics().tombstones()).isEqualTo(1);
        assertThat(upsert(KEY, OLD, false).statuses()).containsExactly(RowStatus.STALE);
        assertThat(sim.get(KEY)).isNull();
    }

    @Test
    void afterTheRetentionAnOlderWriteOfAnUnknownKeyIsRefused() {
        deleteAndWait(Duration.ofDays(8));
        assertThat(sim.shard.statistics().tombstones()).isZero();
        for (int round = 0; round < 2; round++) {
            WriteResult refused = upsert(KEY, OLD, false);
            assertThat(refused.statuses()).containsExactly(RowStatus.REJECTED);
            assertThat(Objects.requireNonNull(refused.errors().get(0)).code())
                    .isEqualTo(ErrorCode.VERSION_BELOW_HORIZON);
            assertThat(upsert(KEY, DELETED, false).statuses()).containsExactly(RowStatus.REJECTED);
            assertThat(sim.get(KEY)).isNull();
            if (round == 0) {
                sim.flushStore();
            }
            sim.crash();
        }
    }

    @Test
    void newerWritesAndKnownKeysAreNotAffected() {
        upsert(OTHER, new Version(0, 1, 0), false);
        deleteAndWait(Duration.ofDays(8));
        assertThat(upsert(KEY, NEW, false).statuses()).containsExactly(RowStatus.APPLIED);
        assertThat(upsert(OTHER, new Version(0, 2, 0), false).statuses())
                .containsExactly(RowStatus.APPLIED);
    }

    @Test
    void aWriterMayAcceptOlderRows() {
        deleteAndWait(Duration.ofDays(8));
        assertThat(upsert(KEY, OLD, true).statuses()).containsExactly(RowStatus.APPLIED);
        sim.crash();
        assertThat(sim.require(KEY).version()).isEqualTo(OLD);
    }
}
