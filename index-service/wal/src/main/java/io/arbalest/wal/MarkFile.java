package io.arbalest.wal;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.Disk;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The file {@code CURRENT} of an open log, whose two blocks are written in turn.
 *
 * <p>Confined to one thread at a time.
 */
final class MarkFile implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = AlignedBuffers.allocate(arena, BlockFile.BLOCK_BYTES);
    private final BlockFile file;
    private DurableMark mark;

    private MarkFile(BlockFile file, DurableMark mark) {
        this.file = file;
        this.mark = mark;
    }

    /**
     * Opens the file, or makes it.
     *
     * @param recovered what it says; null if there is no such file
     */
    static MarkFile open(
            Disk disk, Path directory, LogIdentity identity, @Nullable DurableMark recovered)
            throws IOException {
        Path path = directory.resolve(WalFormat.CURRENT_FILE);
        if (recovered == null) {
            disk.publish(path, DurableMark.initialFile(identity));
        }
        return new MarkFile(
                disk.open(path),
                recovered == null ? new DurableMark(identity, 1, LogPosition.ORIGIN) : recovered);
    }

    /** States durably that everything before the position has been durable, if it does not yet. */
    void write(LogPosition durable) throws IOException {
        if (mark.position().equals(durable)) {
            return;
        }
        DurableMark following = mark.next(durable);
        following.write(block);
        file.write(following.fileOffset(), block);
        mark = following;
    }

    @Override
    public void close() throws IOException {
        if (arena.scope().isAlive()) {
            file.close();
            arena.close();
        }
    }
}
