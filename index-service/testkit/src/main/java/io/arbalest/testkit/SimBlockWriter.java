package io.arbalest.testkit;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.BlockWriter;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The writer of a simulated disk. A write that was begun is under way until it is awaited: a crash
 * before that leaves any part of it.
 *
 * <p>Confined to one thread at a time.
 */
final class SimBlockWriter implements BlockWriter {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;
    private @Nullable BegunWrite underWay;

    SimBlockWriter(long bufferBytes) {
        buffer = AlignedBuffers.allocate(arena, bufferBytes);
    }

    /** A write between its beginning and its end. */
    @FunctionalInterface
    interface BegunWrite {
        void end() throws IOException;
    }

    @Override
    public MemorySegment buffer() {
        return buffer;
    }

    @Override
    public void attach() {}

    @Override
    public void begin(BlockFile file, long offset, MemorySegment source) throws IOException {
        if (underWay != null) {
            throw new IllegalStateException("a write is under way");
        }
        if (!(file instanceof SimDisk.Handle handle)) {
            throw new IllegalArgumentException(file + " is of another disk");
        }
        underWay = handle.begin(offset, source);
    }

    @Override
    public void await() throws IOException {
        BegunWrite write = underWay;
        underWay = null;
        if (write != null) {
            write.end();
        }
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
