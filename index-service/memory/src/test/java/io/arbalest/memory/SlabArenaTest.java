package io.arbalest.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

class SlabArenaTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 64, 65, 384, 8192, (2 << 20) + 1})
    void slotsAreAlignedApartAndZero(int slotBytes) {
        int capacity = slotBytes > SlabArena.SLAB_BYTES ? 3 : 20_000_000 / Math.max(slotBytes, 256);
        try (SlabArena slabs = new SlabArena(slotBytes, capacity, MemoryBudget.unlimited("test"))) {
            for (int slot = 0; slot < capacity; slot++) {
                slabs.ensure(slot);
                MemorySegment slab = slabs.memory();
                long offset = slabs.offset(slot);
                assertThat((slab.address() + offset) % SlabArena.ALIGNMENT).isZero();
                assertThat(slab.get(JAVA_BYTE, offset)).isZero();
                slab.asSlice(offset, slotBytes).fill((byte) (slot % 127 + 1));
            }
            for (int slot = 0; slot < capacity; slot++) {
                long offset = slabs.offset(slot);
                assertThat(slabs.memory().get(JAVA_BYTE, offset))
                        .isEqualTo((byte) (slot % 127 + 1));
                assertThat(slabs.memory().get(JAVA_BYTE, offset + slotBytes - 1))
                        .isEqualTo((byte) (slot % 127 + 1));
            }
            assertThat(slabs.allocatedBytes()).isEqualTo((long) capacity * slabs.strideBytes());
        }
    }

    @Test
    void slabsComeOnDemandAndGoBackToTheBudget() {
        MemoryBudget budget = new MemoryBudget("test", 64L << 20);
        try (SlabArena slabs = new SlabArena(1024, 1 << 20, budget)) {
            assertThat(budget.reservedBytes()).isZero();
            slabs.ensure(0);
            slabs.ensure(1);
            slabs.ensure(2047);
            assertThat(slabs.allocatedSlabs()).isEqualTo(1);
            slabs.ensure(1_000_000);
            assertThat(slabs.allocatedSlabs()).isEqualTo(2);
            assertThat(budget.reservedBytes())
                    .isEqualTo(4L << 20)
                    .isEqualTo(slabs.allocatedBytes());
            assertThat(slabs.memory().get(JAVA_INT, slabs.offset(5000))).isZero();
            assertThatThrownBy(() -> slabs.memory().get(JAVA_INT, slabs.offset(1 << 20)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> slabs.ensure(1 << 20))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(budget.reservedBytes()).isZero();
    }

    @Test
    void refusesWithACodeWhatTheBudgetDoesNotHold() {
        MemoryBudget budget = new MemoryBudget("vectors", 3L << 20);
        try (SlabArena slabs = new SlabArena(1024, 1 << 20, budget)) {
            slabs.ensure(0);
            ArbalestException refusal =
                    catchThrowableOfType(ArbalestException.class, () -> slabs.ensure(500_000));
            assertThat(refusal.code()).isEqualTo(ErrorCode.OVERLOADED);
            assertThat(refusal).hasMessageContaining("'vectors'").hasMessageContaining("3145728");
            assertThat(budget.reservedBytes()).isEqualTo(2L << 20);
            slabs.memory().set(JAVA_INT, slabs.offset(0), 7);
        }
        assertThatThrownBy(() -> budget.release(1)).isInstanceOf(IllegalStateException.class);
        assertThat(budget.reservedBytes()).isZero();
    }

    @Test
    void useAfterCloseFails() {
        SlabArena slabs = new SlabArena(64, 10, MemoryBudget.unlimited("test"));
        slabs.ensure(3);
        MemorySegment slab = slabs.memory();
        slabs.close();
        slabs.close();
        assertThatThrownBy(() -> slab.get(JAVA_INT, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> slabs.memory().get(JAVA_INT, 0))
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnabledOnOs(OS.LINUX)
    @ValueSource(booleans = {false, true})
    void creatingAndDroppingLeavesMemoryAsItWas(boolean hugePages) throws IOException {
        createAndDrop(10, hugePages);
        long before = anonymousBytes();
        createAndDrop(100, hugePages);
        assertThat(anonymousBytes() - before).isLessThan(32L << 20);
    }

    private static void createAndDrop(int rounds, boolean hugePages) {
        for (int round = 0; round < rounds; round++) {
            try (SlabArena slabs =
                    new SlabArena(1024, 64, 32 << 10, MemoryBudget.unlimited("test"), hugePages)) {
                for (int slot = 0; slot < slabs.capacity(); slot++) {
                    slabs.ensure(slot); // 32 MB a round, all of it written
                    slabs.memory().set(JAVA_INT, slabs.offset(slot), slot);
                }
            }
        }
    }

    @Test
    void aMillionSlotsATwentiethOfASecond() {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 50; round++) {
            try (SlabArena slabs = new SlabArena(64, 1 << 20, MemoryBudget.unlimited("test"))) {
                long start = System.nanoTime();
                for (int slot = 0; slot < slabs.capacity(); slot++) {
                    slabs.ensure(slot);
                }
                least = Math.min(least, System.nanoTime() - start);
            }
        }
        assertThat(least).as("nanoseconds for 2^20 slots").isLessThan(50_000_000);
    }

    private static long anonymousBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("RssAnon:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("/proc/self/status names no RssAnon");
    }
}
