package io.arbalest.io.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.DiskFullException;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** What a write does with what the kernel says. */
class CompleteTransferTest {
    private static final int BLOCK = 4096;
    private static final CompleteTransfer.Target TARGET =
            new CompleteTransfer.Target(Path.of("/log"), Ring.OP_WRITE_FIXED, 2, true);

    /** Offset and length of each request that reached the ring. */
    private final List<String> requests = new ArrayList<>();

    private void write(int blocks, Integer... results) throws IOException {
        Deque<Integer> told = new ArrayDeque<>(List.of(results));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate((long) blocks * BLOCK, BLOCK);
            Transfer ring = new Told(told, source);
            CompleteTransfer.prepare(ring, TARGET, 8L * BLOCK, source);
            CompleteTransfer.finish(ring, TARGET, 8L * BLOCK, source);
        }
        assertThat(told).isEmpty();
    }

    /** A kernel that says what it was told to say. */
    private final class Told implements Transfer {
        private final Deque<Integer> results;
        private final MemorySegment source;

        Told(Deque<Integer> results, MemorySegment source) {
            this.results = results;
            this.source = source;
        }

        @Override
        public void prepare(
                byte operation, int file, boolean registered, long offset, MemorySegment memory) {
            assertThat(operation).isEqualTo(Ring.OP_WRITE_FIXED);
            assertThat(file).isEqualTo(2);
            assertThat(registered).isTrue();
            assertThat(memory.address() - source.address()).isEqualTo(offset - 8L * BLOCK);
            requests.add(offset + "+" + memory.byteSize());
        }

        @Override
        public void start() {}

        @Override
        public int complete() {
            return results.removeFirst();
        }
    }

    @Test
    void aWholeWriteIsOneRequest() throws IOException {
        write(2, 2 * BLOCK);
        assertThat(requests).containsExactly("32768+8192");
    }

    @Test
    void aShortWriteIsContinuedOnce() throws IOException {
        write(3, BLOCK, 2 * BLOCK);
        assertThat(requests).containsExactly("32768+12288", "36864+8192");
    }

    @Test
    void aSecondShortWriteFails() {
        assertThatThrownBy(() -> write(3, BLOCK, BLOCK))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("short write")
                .hasMessageContaining("expected 12288 bytes, got 8192");
    }

    @Test
    void nothingOrPartOfABlockIsNotContinued() {
        assertThatThrownBy(() -> write(3, 0)).hasMessageContaining("got 0");
        assertThatThrownBy(() -> write(3, 512)).hasMessageContaining("got 512");
    }

    @Test
    void whatWasNotBegunIsAskedAgain() throws IOException {
        write(1, -Errno.EAGAIN.number(), -Errno.EINTR.number(), BLOCK);
        assertThat(requests).hasSize(3);
    }

    @Test
    void itIsNotAskedAgainForEver() {
        Integer[] busy = new Integer[CompleteTransfer.RETRIES + 1];
        Arrays.fill(busy, -Errno.EAGAIN.number());
        assertThatThrownBy(() -> write(1, busy)).hasMessageContaining("EAGAIN");
        assertThat(requests).hasSize(CompleteTransfer.RETRIES + 1);
    }

    @Test
    void anErrorIsNeverAskedAgain() {
        for (Errno errno :
                List.of(Errno.EIO, Errno.EROFS, Errno.ENODEV, Errno.ECANCELED, Errno.EBADF)) {
            requests.clear();
            assertThatThrownBy(() -> write(1, -errno.number()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(errno.toString())
                    .hasMessageContaining("/log at 32768");
            assertThat(requests).hasSize(1);
        }
    }

    @Test
    void noSpaceIsToldApart() {
        for (Errno errno : List.of(Errno.ENOSPC, Errno.EDQUOT)) {
            assertThatThrownBy(() -> write(1, -errno.number()))
                    .isInstanceOf(DiskFullException.class);
        }
    }
}
