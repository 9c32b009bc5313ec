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
            CompleteTransfer.write(
                    (operation, file, registered, offset, memory) -> {
                        assertThat(operation).isEqualTo(Ring.OP_WRITE_FIXED);
                        assertThat(file).isEqualTo(2);
                        assertThat(registered).isTrue();
                        assertThat(memory.address() - source.address())
                                .isEqualTo(offset - 8L * BLOCK);
                        requests.add(offset + "+" + memory.byteSize());
                        return told.removeFirst();
                    },
                    TARGET,
                    8L * BLOCK,
                    source);
        }
        assertThat(told).isEmpty();
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
    void aLongWriteGoesInPartsAndEachMayBeContinued() throws IOException {
        int part = (int) CompleteTransfer.PART_BYTES;
        int blocks = 2 * part / BLOCK + 1;
        write(blocks, part, -Errno.EAGAIN.number(), BLOCK, part);
        assertThat(requests)
                .containsExactly(
                        "32768+" + part,
                        32768 + part + "+" + part,
                        32768 + 2 * part + "+" + BLOCK,
                        32768 + part + "+" + part);
        requests.clear();
        write(blocks, part - BLOCK, part, BLOCK, BLOCK);
        assertThat(requests).hasSize(4).endsWith(32768 + part - BLOCK + "+" + BLOCK);
    }

    @Test
    void aFailedPartFailsTheWriteBeforeAnyIsContinued() {
        int part = (int) CompleteTransfer.PART_BYTES;
        assertThatThrownBy(() -> write(3 * part / BLOCK, BLOCK, part, -Errno.ENOSPC.number()))
                .isInstanceOf(DiskFullException.class);
        assertThat(requests).hasSize(3);
    }

    @Test
    void aVeryLongWriteIsStillOneRoundOfParts() throws IOException {
        int bytes = 32 << 20;
        Integer[] results = new Integer[Ring.ENTRIES];
        Arrays.fill(results, bytes / Ring.ENTRIES);
        write(bytes / BLOCK, results);
        assertThat(requests).hasSize(Ring.ENTRIES);
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
