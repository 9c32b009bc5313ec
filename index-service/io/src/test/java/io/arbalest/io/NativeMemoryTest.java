package io.arbalest.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

@EnabledOnOs(OS.LINUX)
class NativeMemoryTest {
    private static final long MIB = 1 << 20;

    @Test
    void callsReachTheKernelHere() {
        assertThat(NativeMemory.available()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void reservedMemoryIsZeroAlignedAndGoneAfterClose(boolean hugePages) throws IOException {
        MemorySegment segment;
        try (Arena arena = Arena.ofShared()) {
            segment = NativeMemory.reserve(arena, 5 * MIB + 8, hugePages);
            assertThat(segment.byteSize()).isEqualTo(5 * MIB + 8);
            assertThat(segment.address() % NativeMemory.HUGE_PAGE_BYTES).isZero();
            assertThat(segment.get(JAVA_LONG, 5 * MIB)).isZero();
            segment.set(JAVA_LONG, 5 * MIB, 42);
            assertThat(segment.get(JAVA_LONG, 5 * MIB)).isEqualTo(42);
            assertThatThrownBy(() -> segment.get(JAVA_LONG, 5 * MIB + 1 + 8))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> segment.get(JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void addressSpaceCostsNothingUntilWrittenAndIsGivenBack() throws IOException {
        long before = status("RssAnon:");
        long addresses = status("VmSize:");
        for (int round = 0; round < 20; round++) {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment segment = NativeMemory.reserve(arena, 4096 * MIB, false);
                assertThat(status("RssAnon:") - before).isLessThan(64 * MIB);
                segment.asSlice(1024 * MIB, 8 * MIB).fill((byte) 1);
            }
        }
        assertThat(status("RssAnon:") - before).isLessThan(64 * MIB);
        assertThat(status("VmSize:") - addresses).isLessThan(4096 * MIB);
    }

    @Test
    void adviceAndLocksAreTakenOrRefusedButNeverFail() throws IOException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment segment = NativeMemory.reserve(arena, 3 * MIB, false);
            for (NativeMemory.Advice advice : NativeMemory.Advice.values()) {
                assertThat(NativeMemory.advise(segment.asSlice(5000, MIB), advice)).isTrue();
            }
            assertThat(NativeMemory.lock(segment.asSlice(0, 8192))).isTrue();
            assertThat(NativeMemory.lock(segment.asSlice(0, 0))).isFalse();
        }
        assertThat(
                        NativeMemory.advise(
                                MemorySegment.ofArray(new byte[8]), NativeMemory.Advice.RANDOM))
                .isFalse();
    }

    @Test
    void refusesWhatCannotBe() {
        try (Arena arena = Arena.ofShared()) {
            assertThatThrownBy(() -> NativeMemory.reserve(arena, 0, false))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> NativeMemory.reserve(arena, 1L << 60, false))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("errno 12");
        }
    }

    private static long status(String key) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(key)) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("no " + key);
    }
}
