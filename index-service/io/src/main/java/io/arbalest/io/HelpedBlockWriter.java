package io.arbalest.io;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A writer whose writes block the thread that makes them: one that is begun is made by a helper, if
 * it is long enough to be worth waking one. A helper that has not come to it by the time it is
 * awaited (it is busy, or was closed and has dropped its tasks) leaves it to the waiting thread.
 *
 * <p>Confined to one thread at a time, beside the helper's.
 */
final class HelpedBlockWriter implements BlockWriter {
    /** Shorter writes take about as long as waking a thread twice. */
    static final long LEAST_HELPED_BYTES = 256 << 10;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;
    private final Executor helper;
    private @Nullable Handed underWay;

    HelpedBlockWriter(long bufferBytes, Executor helper) {
        this.buffer = AlignedBuffers.allocateLong(arena, bufferBytes);
        this.helper = helper;
    }

    @Override
    public MemorySegment buffer() {
        return buffer;
    }

    @Override
    public void attach() {}

    @Override
    public void begin(BlockFile file, long offset, MemorySegment source) throws IOException {
        requireNone();
        if (source.byteSize() < LEAST_HELPED_BYTES) {
            file.write(offset, source);
            return;
        }
        Handed handed = new Handed(file, offset, source);
        underWay = handed;
        try {
            helper.execute(handed);
        } catch (RejectedExecutionException e) {
            underWay = null;
            file.write(offset, source);
        }
    }

    @Override
    public void await() throws IOException {
        Handed handed = underWay;
        if (handed != null) {
            underWay = null;
            handed.run();
            handed.join();
        }
    }

    @Override
    public void write(BlockFile file, long offset, MemorySegment source) throws IOException {
        requireNone();
        file.write(offset, source);
    }

    private void requireNone() {
        if (underWay != null) {
            throw new IllegalStateException("a write is under way");
        }
    }

    @Override
    public void close() {
        Handed handed = underWay;
        underWay = null;
        if (handed != null && !handed.taken.compareAndSet(false, true)) {
            handed.ended.handle((_, _) -> null).join(); // the helper reads the memory
        }
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    /** One write, made by whoever takes it first. */
    private static final class Handed implements Runnable {
        private final BlockFile file;
        private final long offset;
        private final MemorySegment source;
        private final AtomicBoolean taken = new AtomicBoolean();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        Handed(BlockFile file, long offset, MemorySegment source) {
            this.file = file;
            this.offset = offset;
            this.source = source;
        }

        @Override
        public void run() {
            if (!taken.compareAndSet(false, true)) {
                return;
            }
            try {
                file.write(offset, source);
                ended.complete(null);
            } catch (Throwable e) {
                ended.completeExceptionally(e); // told to the thread that waits
            }
        }

        void join() throws IOException {
            try {
                ended.join();
            } catch (CompletionException e) {
                Throwable cause = e.getCause();
                if (cause instanceof IOException failed) {
                    throw failed;
                }
                throw cause instanceof RuntimeException failed ? failed : e;
            }
        }
    }
}
