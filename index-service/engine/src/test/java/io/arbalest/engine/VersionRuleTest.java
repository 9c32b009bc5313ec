package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.VersionRule.Outcome;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class VersionRuleTest {
    private static final Location ROW = Location.ofRow(new Version(1, 5, 3), 40, 0, 0);
    private static final Location TOMBSTONE = Location.ofTombstone(new Version(1, 5, 3), 40);

    @Test
    void theTripleIsComparedFromTheLeft() {
        assertThat(outcome(ROW, new Version(2, 0, 0))).isEqualTo(Outcome.APPLY);
        assertThat(outcome(ROW, new Version(1, 6, 0))).isEqualTo(Outcome.APPLY);
        assertThat(outcome(ROW, new Version(1, 5, 4))).isEqualTo(Outcome.APPLY);
        assertThat(outcome(ROW, new Version(1, 5, 3))).isEqualTo(Outcome.DUPLICATE);
        assertThat(outcome(ROW, new Version(1, 5, 2))).isEqualTo(Outcome.STALE);
        assertThat(outcome(ROW, new Version(1, 4, 9))).isEqualTo(Outcome.STALE);
        assertThat(outcome(ROW, new Version(0, 9, 9))).isEqualTo(Outcome.STALE);
    }

    @Test
    void aTombstoneCountsLikeARow() {
        assertThat(outcome(TOMBSTONE, new Version(1, 5, 2))).isEqualTo(Outcome.STALE);
        assertThat(outcome(TOMBSTONE, new Version(1, 5, 3))).isEqualTo(Outcome.DUPLICATE);
        assertThat(outcome(TOMBSTONE, new Version(1, 5, 4))).isEqualTo(Outcome.APPLY);
    }

    @Test
    void anUnknownKeyTakesAnyVersion() {
        assertThat(outcome(null, new Version(Integer.MIN_VALUE, Long.MIN_VALUE, Long.MIN_VALUE)))
                .isEqualTo(Outcome.APPLY);
    }

    @Test
    void aRowWithoutAVersionAlwaysWins() {
        assertThat(VersionRule.decide(ROW, null, 41).version()).isEqualTo(new Version(1, 5, 4));
        assertThat(VersionRule.decide(TOMBSTONE, null, 41).version())
                .isEqualTo(new Version(1, 5, 4));
        assertThat(VersionRule.decide(null, null, 41).version()).isEqualTo(new Version(0, 0, 41));
        assertThat(outcome(ROW, null)).isEqualTo(Outcome.APPLY);
    }

    @Test
    void theNextVersionIsHigherAtEveryEdge() {
        Version[] edges = {
            new Version(0, 0, 0),
            new Version(0, 0, Long.MAX_VALUE),
            new Version(0, Long.MAX_VALUE, Long.MAX_VALUE),
            new Version(-1, Long.MAX_VALUE, Long.MAX_VALUE),
        };
        for (Version edge : edges) {
            assertThat(VersionRule.after(edge)).isGreaterThan(edge);
        }
        Version highest = new Version(Integer.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
        assertThat(VersionRule.after(highest)).isEqualTo(highest);
    }

    private static Outcome outcome(@Nullable Location current, @Nullable Version given) {
        return VersionRule.decide(current, given, 41).outcome();
    }
}
