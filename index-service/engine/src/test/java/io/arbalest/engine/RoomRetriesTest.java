package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.ShardId;
import io.arbalest.testkit.SimClock;
import io.arbalest.testkit.SimScheduler;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.UUID;

class RoomRetriesTest {
    private static final ShardId SHARD = new ShardId(new UUID(1, 1), 0);
    private static final ShardId OTHER = new ShardId(new UUID(1, 1), 1);

    private final SimScheduler scheduler = new SimScheduler(new SimClock());
    private long room = 10;
    private int runs;
    private final RoomRetries retries =
            new RoomRetries(scheduler, scheduler.parallel("opener", 1), bytes -> bytes <= room);

    private void failing() {
        runs++;
        retries.later(SHARD, 10, this::failing);
    }

    @Test
    void pausesDoubleUpToABound() {
        retries.later(SHARD, 10, this::failing); // after 1 s, then 2, 4, 8, 16, 32, 32 ...
        scheduler.advance(Duration.ofSeconds(1 + 2 + 4 + 8 + 16));
        assertThat(runs).isEqualTo(5);
        scheduler.advance(Duration.ofSeconds(31));
        assertThat(runs).isEqualTo(5);
        scheduler.advance(Duration.ofSeconds(1 + 32));
        assertThat(runs).isEqualTo(7);
    }

    @Test
    void whatSucceededBeginsWithAShortPauseAgain() {
        retries.later(SHARD, 10, () -> runs++);
        scheduler.advance(Duration.ofSeconds(1));
        retries.forget(SHARD);
        retries.later(SHARD, 10, () -> runs++);
        scheduler.advance(Duration.ofSeconds(1));
        assertThat(runs).isEqualTo(2);
    }

    @Test
    void nothingRunsWhileThereIsNoRoomAndThenAtOnce() {
        room = 9;
        retries.later(SHARD, 10, this::failing);
        scheduler.advance(Duration.ofMinutes(10));
        assertThat(runs).isZero();
        room = 10;
        scheduler.advance(Duration.ofSeconds(1));
        assertThat(runs).isEqualTo(1);
    }

    @Test
    void oneStepOfAShardWaits() {
        for (int i = 0; i < 10; i++) {
            retries.later(SHARD, 10, () -> runs++);
        }
        retries.later(OTHER, 10, () -> runs += 100);
        scheduler.advance(Duration.ofMinutes(10));
        assertThat(runs).isEqualTo(101);
    }

    @Test
    void nothingRunsAfterTheEnd() {
        retries.later(SHARD, 10, this::failing);
        retries.close();
        scheduler.advance(Duration.ofMinutes(10));
        assertThat(runs).isZero();
    }
}
