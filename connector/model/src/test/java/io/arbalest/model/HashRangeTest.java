package io.arbalest.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HashRangeTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 64, 1000, 1024})
    void equalPartsCoverEveryHashOnce(int count) {
        long expectedFirst = 0;
        for (int number = 0; number < count; number++) {
            HashRange part = HashRange.ofEqualParts(number, count);
            assertThat(part.first()).as("first of %d/%d", number, count).isEqualTo(expectedFirst);
            assertThat(part.contains(part.first())).isTrue();
            assertThat(part.contains(part.last())).isTrue();
            expectedFirst = part.last() + 1;
        }
        assertThat(expectedFirst).as("one past the last hash wraps to zero").isZero();
    }
}
