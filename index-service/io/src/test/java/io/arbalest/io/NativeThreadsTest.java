package io.arbalest.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

class NativeThreadsTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void changesTheCallingThreadOnly() throws Exception {
        int before = NativeThreads.nice();
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            int nicer = Math.min(NativeThreads.MOST_NICE, before + 3);
            assertThat(other.submit(() -> NativeThreads.nice(nicer)).get()).isTrue();
            assertThat(other.submit(() -> NativeThreads.nice()).get()).isEqualTo(nicer);
        }
        assertThat(NativeThreads.nice()).isEqualTo(before);
    }

    @Test
    void refusesWhatWouldRaiseAThreadAboveOthers() {
        assertThatThrownBy(() -> NativeThreads.nice(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NativeThreads.nice(20))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
