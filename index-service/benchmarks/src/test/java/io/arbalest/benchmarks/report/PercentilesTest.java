package io.arbalest.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.stream.LongStream;

class PercentilesTest {
    @Test
    void areOfTheNearestRank() {
        long[] hundred = LongStream.rangeClosed(1, 100).toArray();
        assertThat(Percentiles.of(hundred, 0.5)).isEqualTo(50);
        assertThat(Percentiles.of(hundred, 0.99)).isEqualTo(99);
        assertThat(Percentiles.of(hundred, 0.991)).isEqualTo(100);
        assertThat(Percentiles.of(hundred, 1)).isEqualTo(100);
        assertThat(Percentiles.of(new long[] {7}, 0.01)).isEqualTo(7);
        assertThat(Percentiles.of(new double[] {1.5, 2.5, 9}, 0.5)).isEqualTo(2.5);
    }

    @Test
    void ofNothingIsNotANumber() {
        assertThat(Percentiles.of(new long[0], 0.5)).isNaN();
    }

    @Test
    void aShareIsAboveNoughtAndAtMostOne() {
        assertThatThrownBy(() -> Percentiles.of(new long[] {1}, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Percentiles.of(new long[] {1}, 1.01))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
