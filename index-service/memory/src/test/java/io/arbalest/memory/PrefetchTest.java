package io.arbalest.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.MachineCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A fetch changes nothing and never fails, wherever it points. */
class PrefetchTest {
    private static final int ROWS = 1000;
    private static final int STRIDE = 200;

    private final Prefetch prefetch = new Prefetch();

    @Test
    @EnabledIfSystemProperty(named = "os.arch", matches = MachineCode.X86_64)
    @EnabledIfSystemProperty(named = "os.name", matches = "Linux")
    void theInstructionsAreThere() {
        assertThat(Prefetch.available()).isTrue();
    }

    @Test
    void memoryIsAsItWas() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate((long) ROWS * STRIDE, 64);
            for (int i = 0; i < memory.byteSize(); i++) {
                memory.set(ValueLayout.JAVA_BYTE, i, (byte) (31 * i));
            }
            int[] rows = new int[ROWS];
            for (int i = 0; i < ROWS; i++) {
                rows[i] = i * 7 % ROWS;
            }
            for (int from = 0; from < ROWS; from += 97) {
                prefetch.rows(memory, 0, STRIDE, STRIDE, rows, from, Math.min(97, ROWS - from));
                Prefetch.span(memory, (long) from * STRIDE, STRIDE);
            }
            prefetch.rows(memory, 0, STRIDE, STRIDE, rows, ROWS, 0);
            prefetch.rows(memory, 0, STRIDE, STRIDE, rows, 0, ROWS);
            for (int i = 0; i < memory.byteSize(); i++) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) (31 * i));
            }
            for (int i = 0; i < ROWS; i++) {
                assertThat(rows[i]).isEqualTo(i * 7 % ROWS);
            }
        }
    }

    @Test
    void aListThatIsTooShortIsRefused() {
        int[] rows = {0, 0};
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(STRIDE, 64);
            assertThatThrownBy(() -> prefetch.rows(memory, 0, 8, 8, rows, 1, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> prefetch.rows(memory, 0, 8, 8, rows, -1, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "os.arch", matches = MachineCode.X86_64)
    @EnabledIfSystemProperty(named = "os.name", matches = "Linux")
    void addressesThatAreNotMappedAreNoFault() {
        MemorySegment memory;
        try (Arena arena = Arena.ofShared()) {
            memory = arena.allocate(64 << 20, 64);
        }
        assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
        int[] rows = {0, 1, 1 << 20, Integer.MAX_VALUE, -1};
        assertThatCode(
                        () -> {
                            for (int i = 0; i < 100_000; i++) { // compiled, too
                                Prefetch.span(memory, (long) i << 20, 128);
                                prefetch.rows(memory, 0, 1 << 20, 64, rows, 0, rows.length);
                            }
                        })
                .doesNotThrowAnyException();
    }
}
