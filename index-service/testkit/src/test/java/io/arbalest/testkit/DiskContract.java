package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.SystemScheduler;
import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.BlockWriter;
import io.arbalest.io.DirectoryInUseException;
import io.arbalest.io.Disk;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** What every {@link Disk} and every {@link BlockFile} does. */
abstract class DiskContract {
    private static final int BLOCK = BlockFile.BLOCK_BYTES;

    private @Nullable BlockWriter writer;

    /** Every write of this contract goes through a writer that this thread has attached. */
    private void write(BlockFile file, long offset, MemorySegment source) throws IOException {
        writer().write(file, offset, source);
    }

    private BlockWriter writer() throws IOException {
        BlockWriter present = writer;
        if (present == null) {
            present = disk().writer(2L * BLOCK, Runnable::run);
            present.attach();
            writer = present;
        }
        return present;
    }

    @AfterEach
    void closeWriter() {
        if (writer != null) {
            writer.close();
        }
    }

    /** The disk under test. */
    abstract Disk disk();

    /** An existing empty directory on it. */
    abstract Path directory();

    @Test
    void aCreatedFileIsAllZerosAndHasItsSize() throws IOException {
        long size = (1 << 20) + 3L * BLOCK;
        try (Arena arena = Arena.ofConfined();
                BlockFile file = disk().create(directory().resolve("new"), size)) {
            assertThat(file.size()).isEqualTo(size);
            MemorySegment bytes = AlignedBuffers.allocate(arena, size).fill((byte) 1);
            file.read(0, bytes);
            assertThat(bytes.mismatch(arena.allocate(size))).isEqualTo(-1);
        }
    }

    @Test
    void creatingOverAnExistingFileFails() throws IOException {
        Path path = directory().resolve("twice");
        disk().create(path, BLOCK).close();
        assertThatThrownBy(() -> disk().create(path, BLOCK))
                .isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void openingAMissingFileFails() {
        assertThatThrownBy(() -> disk().open(directory().resolve("missing")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> disk().readAll(directory().resolve("missing")))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void writtenBlocksAreReadBackByThisAndByALaterHandle() throws IOException {
        Path path = directory().resolve("blocks");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = pattern(AlignedBuffers.allocate(arena, 2L * BLOCK), 7);
            MemorySegment target = AlignedBuffers.allocate(arena, 2L * BLOCK);
            try (BlockFile file = disk().create(path, 5L * BLOCK)) {
                write(file, BLOCK, source);
                file.read(BLOCK, target);
                assertThat(target.mismatch(source)).isEqualTo(-1);
            }
            target.fill((byte) 0);
            try (BlockFile file = disk().open(path)) {
                assertThat(file.size()).isEqualTo(5L * BLOCK);
                file.read(BLOCK, target);
                assertThat(target.mismatch(source)).isEqualTo(-1);
            }
            byte[] whole = disk().readAll(path);
            assertThat(whole).hasSize(5 * BLOCK);
            assertThat(MemorySegment.ofArray(whole).asSlice(BLOCK, 2L * BLOCK).mismatch(source))
                    .isEqualTo(-1);
            assertThat(whole[0]).isZero();
            assertThat(whole[3 * BLOCK]).isZero();
        }
    }

    @Test
    void aWritersOwnBufferIsWrittenByItsThreadAndPlainlyByOthers() throws Exception {
        Path path = directory().resolve("own-buffer");
        try (Arena arena = Arena.ofShared();
                BlockFile file = disk().create(path, 4L * BLOCK);
                BlockWriter own = disk().writer(2L * BLOCK - 100, Runnable::run)) {
            MemorySegment buffer = own.buffer();
            assertThat(buffer.byteSize()).isEqualTo(2L * BLOCK);
            pattern(buffer, 5);
            own.write(file, 0, buffer);
            own.attach();
            own.write(file, 2L * BLOCK, buffer.asSlice(BLOCK, BLOCK));
            try (SystemScheduler scheduler = new SystemScheduler()) {
                CompletableFuture.runAsync(
                                () -> {
                                    try {
                                        own.write(file, 3L * BLOCK, buffer.asSlice(0, BLOCK));
                                    } catch (IOException e) {
                                        throw new UncheckedIOException(e);
                                    }
                                },
                                scheduler.parallel("other-writer", 1))
                        .get(30, TimeUnit.SECONDS);
            }
            MemorySegment whole = AlignedBuffers.allocate(arena, 4L * BLOCK);
            file.read(0, whole);
            assertThat(whole.asSlice(0, 2L * BLOCK).mismatch(buffer)).isEqualTo(-1);
            assertThat(whole.asSlice(2L * BLOCK, BLOCK).mismatch(buffer.asSlice(BLOCK, BLOCK)))
                    .isEqualTo(-1);
            assertThat(whole.asSlice(3L * BLOCK).mismatch(buffer.asSlice(0, BLOCK))).isEqualTo(-1);
        }
    }

    @Test
    void aBegunWriteIsThereWhenItHasBeenAwaitedWhateverTheHelperDoes() throws Exception {
        int bytes = 1 << 20;
        try (Arena arena = Arena.ofShared();
                SystemScheduler scheduler = new SystemScheduler();
                BlockFile file = disk().create(directory().resolve("begun"), bytes)) {
            Executor refuses =
                    _ -> {
                        throw new RejectedExecutionException("closed");
                    };
            List<Executor> helpers =
                    List.of(scheduler.serial("helper"), Runnable::run, _ -> {}, refuses);
            for (int i = 0; i < helpers.size(); i++) {
                try (BlockWriter own = disk().writer(bytes, helpers.get(i))) {
                    own.attach();
                    pattern(own.buffer(), i);
                    own.begin(file, 0, own.buffer().asSlice(0, bytes / 2));
                    own.buffer().asSlice(bytes / 2).fill((byte) i);
                    own.await();
                    own.await();
                    own.write(file, bytes / 2, own.buffer().asSlice(bytes / 2));
                    MemorySegment whole = AlignedBuffers.allocate(arena, bytes);
                    file.read(0, whole);
                    assertThat(whole.mismatch(own.buffer())).isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void aBegunWriteThatFailsSaysSo() throws Exception {
        try (SystemScheduler scheduler = new SystemScheduler();
                BlockWriter own = disk().writer(1 << 20, scheduler.serial("helper"))) {
            own.attach();
            BlockFile file = disk().create(directory().resolve("closed"), 1 << 20);
            file.close();
            assertThatThrownBy(
                            () -> {
                                own.begin(file, 0, own.buffer());
                                own.await();
                            })
                    .isInstanceOf(IOException.class);
            own.await();
        }
    }

    @Test
    void anOpenFileIsWrittenWhateverItsNameHasBecome() throws IOException {
        Path path = directory().resolve("early");
        Path renamed = directory().resolve("late");
        try (Arena arena = Arena.ofConfined();
                BlockFile file = disk().create(path, 2L * BLOCK)) {
            disk().rename(path, renamed);
            disk().create(path, 2L * BLOCK).close();
            MemorySegment source = pattern(AlignedBuffers.allocate(arena, BLOCK), 1);
            write(file, BLOCK, source);
            MemorySegment whole = MemorySegment.ofArray(disk().readAll(renamed));
            assertThat(whole.asSlice(BLOCK).mismatch(source)).isEqualTo(-1);
            assertThat(disk().readAll(path)).containsOnly(0);
        }
    }

    @Test
    void aLongWriteArrivesWholeAndInPlace() throws IOException {
        long bytes = (3L << 20) + 5L * BLOCK;
        try (Arena arena = Arena.ofConfined();
                BlockFile file = disk().create(directory().resolve("long"), bytes + 2L * BLOCK)) {
            MemorySegment source = pattern(AlignedBuffers.allocate(arena, bytes), 9);
            for (long at = 0; at < bytes; at += BLOCK) {
                source.set(ValueLayout.JAVA_LONG, at, at);
            }
            write(file, BLOCK, source);
            MemorySegment whole = AlignedBuffers.allocate(arena, bytes + 2L * BLOCK);
            file.read(0, whole);
            assertThat(whole.asSlice(BLOCK, bytes).mismatch(source)).isEqualTo(-1);
            assertThat(whole.get(ValueLayout.JAVA_LONG, 0)).isZero();
            assertThat(whole.get(ValueLayout.JAVA_LONG, bytes + BLOCK)).isZero();
        }
    }

    @Test
    void oneWriterTakesMoreFilesThanItKeepsInMind() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = AlignedBuffers.allocate(arena, BLOCK);
            MemorySegment target = AlignedBuffers.allocate(arena, BLOCK);
            List<BlockFile> files = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                files.add(disk().create(directory().resolve("many-" + i), 2L * BLOCK));
            }
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < files.size(); i++) {
                    write(files.get(i), BLOCK, pattern(source, 10 * round + i));
                }
                for (int i = 0; i < files.size(); i++) {
                    files.get(i).read(BLOCK, target);
                    assertThat(target.mismatch(pattern(source, 10 * round + i))).isEqualTo(-1);
                }
                files.removeFirst().close();
            }
            for (BlockFile file : files) {
                file.close();
            }
        }
    }

    @Test
    void sharedMemoryMayBeWrittenAndRead() throws IOException {
        try (Arena arena = Arena.ofShared();
                BlockFile file = disk().create(directory().resolve("shared"), BLOCK)) {
            MemorySegment source = pattern(AlignedBuffers.allocate(arena, BLOCK), 3);
            write(file, 0, source);
            MemorySegment target = AlignedBuffers.allocate(arena, BLOCK);
            file.read(0, target);
            assertThat(target.mismatch(source)).isEqualTo(-1);
        }
    }

    @Test
    void misalignedAndOutlyingTransfersAreRefused() throws IOException {
        try (Arena arena = Arena.ofConfined();
                BlockFile file = disk().create(directory().resolve("aligned"), 2L * BLOCK)) {
            MemorySegment memory = AlignedBuffers.allocate(arena, 4L * BLOCK);
            refused(() -> write(file, 1, memory.asSlice(0, BLOCK)));
            refused(() -> write(file, 0, memory.asSlice(8, BLOCK)));
            refused(() -> write(file, 0, memory.asSlice(0, 512)));
            refused(() -> write(file, 0, memory.asSlice(0, 0)));
            refused(() -> write(file, BLOCK, memory.asSlice(0, 2L * BLOCK)));
            refused(() -> write(file, -BLOCK, memory.asSlice(0, BLOCK)));
            refused(() -> write(file, 0, MemorySegment.ofArray(new byte[BLOCK])));
            refused(() -> file.read(2L * BLOCK, memory.asSlice(0, BLOCK)));
            refused(() -> file.read(0, memory));
            refused(() -> disk().create(directory().resolve("odd"), 100));
            assertThat(disk().exists(directory().resolve("odd"))).isFalse();
        }
    }

    @Test
    void aClosedFileTakesNoMore() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            BlockFile file = disk().create(directory().resolve("closed"), BLOCK);
            file.close();
            file.close();
            assertThatThrownBy(() -> write(file, 0, AlignedBuffers.allocate(arena, BLOCK)))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void publishReplacesTheWholeContentAndLeavesNothingElse() throws IOException {
        Path path = directory().resolve("manifest");
        disk().publish(path, bytes("first and longer"));
        assertThat(disk().readAll(path)).isEqualTo(bytes("first and longer"));
        disk().publish(path, bytes("second"));
        assertThat(disk().readAll(path)).isEqualTo(bytes("second"));
        disk().publish(path, new byte[0]);
        assertThat(disk().readAll(path)).isEmpty();
        assertThat(disk().list(directory())).containsExactly("manifest");
    }

    @Test
    void namesAreListedSortedAndOnlyOfThisDirectory() throws IOException {
        disk().createDirectories(directory().resolve("b/c"));
        disk().publish(directory().resolve("d"), bytes("x"));
        disk().publish(directory().resolve("b/x"), bytes("x"));
        disk().publish(directory().resolve("a"), bytes("x"));
        assertThat(disk().list(directory())).containsExactly("a", "b", "d");
        assertThat(disk().list(directory().resolve("b"))).containsExactly("c", "x");
        assertThat(disk().list(directory().resolve("missing"))).isEmpty();
    }

    @Test
    void createDirectoriesMayBeRepeated() throws IOException {
        disk().createDirectories(directory().resolve("x/y/z"));
        disk().createDirectories(directory().resolve("x/y/z"));
        disk().publish(directory().resolve("x/file"), bytes("x"));
        assertThat(disk().exists(directory().resolve("x/y/z"))).isTrue();
        assertThatThrownBy(() -> disk().createDirectories(directory().resolve("x/file")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void renameMovesAndReplaces() throws IOException {
        Path from = directory().resolve("from");
        Path to = directory().resolve("to");
        disk().publish(from, bytes("new"));
        disk().publish(to, bytes("old"));
        disk().rename(from, to);
        disk().syncDirectory(directory());
        assertThat(disk().exists(from)).isFalse();
        assertThat(disk().readAll(to)).isEqualTo(bytes("new"));
        assertThatThrownBy(() -> disk().rename(from, to)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aDirectoryMovesWithItsContent() throws IOException {
        disk().createDirectories(directory().resolve("tree/below"));
        disk().publish(directory().resolve("tree/below/leaf"), bytes("leaf"));
        disk().rename(directory().resolve("tree"), directory().resolve("moved"));
        assertThat(disk().readAll(directory().resolve("moved/below/leaf")))
                .isEqualTo(bytes("leaf"));
        assertThat(disk().exists(directory().resolve("tree"))).isFalse();
    }

    @Test
    void deleteRemovesOneAndDeleteTreeRemovesAll() throws IOException {
        Path path = directory().resolve("gone");
        disk().publish(path, bytes("x"));
        disk().delete(path);
        assertThat(disk().exists(path)).isFalse();
        assertThatThrownBy(() -> disk().delete(path)).isInstanceOf(NoSuchFileException.class);

        disk().createDirectories(directory().resolve("t/u"));
        disk().publish(directory().resolve("t/u/v"), bytes("x"));
        disk().publish(directory().resolve("t2"), bytes("stays"));
        assertThatThrownBy(() -> disk().delete(directory().resolve("t")))
                .isInstanceOf(IOException.class);
        disk().deleteTree(directory().resolve("t"));
        disk().deleteTree(directory().resolve("t"));
        assertThat(disk().list(directory())).containsExactly("t2");
    }

    @Test
    void aDirectoryIsLockedByOneAtATime() throws Exception {
        AutoCloseable lock = disk().lock(directory());
        assertThatThrownBy(() -> disk().lock(directory()))
                .isInstanceOf(DirectoryInUseException.class)
                .hasMessageContaining("in use");
        lock.close();
        disk().lock(directory()).close();
    }

    @Test
    void thereIsUsableSpace() throws IOException {
        assertThat(disk().usableBytes(directory())).isPositive();
    }

    private static void refused(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class);
    }

    private static MemorySegment pattern(MemorySegment memory, int salt) {
        for (long i = 0; i < memory.byteSize(); i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + salt));
        }
        return memory;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
