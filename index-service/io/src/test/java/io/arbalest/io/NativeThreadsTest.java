package io.arbalest.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** Pages of a file that were let go have to be read again, and the thread waits for them. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void countsWaitsForPages(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("file");
        Files.write(file, new byte[1 << 20]);
        try (FileChannel channel = FileChannel.open(file, READ, WRITE);
                Arena arena = Arena.ofConfined()) {
            channel.force(true);
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, 1 << 20, arena);
            assertThat(read(bytes)).isZero();
            long before = NativeThreads.majorFaults();
            assertThat(read(bytes)).isZero();
            assertThat(NativeThreads.majorFaults()).isEqualTo(before);
            assumeTrue(NativeMemory.advise(bytes, NativeMemory.Advice.PAGE_OUT));
            assumeTrue(Files.getFileStore(directory).name().startsWith("/dev/"));
            assertThat(read(bytes)).isZero();
            assertThat(NativeThreads.majorFaults()).isGreaterThan(before);
        }
    }

    private static int read(MemorySegment bytes) {
        int sum = 0;
        for (long at = 0; at < bytes.byteSize(); at += 4096) {
            sum += bytes.get(JAVA_BYTE, at);
        }
        return sum;
    }

    @Test
    void refusesWhatWouldRaiseAThreadAboveOthers() {
        assertThatThrownBy(() -> NativeThreads.nice(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NativeThreads.nice(20))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
