package io.arbalest.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A writer of any disk: a buffer, and {@link BlockFile#write}; a write has ended when it has begun.
 * Confined to one thread at a time.
 */
final class PlainBlockWriter implements BlockWriter {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;

    PlainBlockWriter(long bufferBytes) {
        buffer = AlignedBuffers.allocate(arena, bufferBytes);
    }

    @Override
    public MemorySegment buffer() {
        return buffer;
    }

    @Override
    public void attach() {}

    @Override
    public void begin(BlockFile file, long offset, MemorySegment source) throws IOException {
        file.write(offset, source);
    }

    @Override
    public void await() {}

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
