package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.concurrent.atomic.AtomicLong;

class RandomCasesTest {
    @Test
    void aFailureNamesTheSeedThatReplaysIt() {
        AtomicLong failing = new AtomicLong();
        assertThatThrownBy(() ->
                        RandomCases.run(
                                3,
                                (_, seed) -> {
                                    failing.set(seed);
                                    throw new IllegalStateException("found");
                                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("-Dseed=")
                .hasRootCauseMessage("found")
                .satisfies(e -> assertThat(e.getMessage()).contains(Long.toString(failing.get())));
    }

    @Test
    void theSameSeedGivesTheSameNumbers() {
        assertThat(RandomCases.random(42).nextLong()).isEqualTo(RandomCases.random(42).nextLong());
    }
}
