package io.arbalest.io.uring;

import io.arbalest.io.BlockFile;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A block file that a ring can write: beside the plain file it has a descriptor of its own, opened
 * with O_DIRECT at the first write through a ring, or without where the file system refuses that.
 *
 * <p>Confined to one writing thread at a time; reads may run beside it.
 */
final class UringBlockFile implements BlockFile {
    private static final int NONE = -1;

    private final Path path;
    private final BlockFile plain;
    private int descriptor = NONE;
    private boolean closed;

    UringBlockFile(Path path, BlockFile plain) {
        this.path = path;
        this.plain = plain;
    }

    Path path() {
        return path;
    }

    /** The descriptor for rings. */
    int descriptor() throws IOException {
        if (closed) {
            throw new IOException(path + " is closed");
        }
        if (descriptor == NONE) {
            int opened = LinuxCalls.open(path, true);
            if (Errno.EINVAL.is(opened)) {
                opened = LinuxCalls.open(path, false);
            }
            if (opened < 0) {
                throw new IOException("cannot open " + path + ": " + Errno.describe(opened));
            }
            descriptor = opened;
        }
        return descriptor;
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public long size() {
        return plain.size();
    }

    @Override
    public void write(long offset, MemorySegment source) throws IOException {
        plain.write(offset, source);
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        plain.read(offset, target);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        if (descriptor != NONE) {
            LinuxCalls.close(descriptor);
            descriptor = NONE;
        }
        plain.close();
    }
}
