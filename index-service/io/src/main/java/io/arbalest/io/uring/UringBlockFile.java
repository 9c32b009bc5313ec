package io.arbalest.io.uring;

import io.arbalest.io.BlockFile;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A block file that a ring can write: beside the plain file it has a descriptor of its own, opened
 * with O_DIRECT, or without where the file system refuses that.
 *
 * <p>Confined to one writing thread at a time; reads may run beside it.
 */
final class UringBlockFile implements BlockFile {
    private final Path path;
    private final BlockFile plain;
    private final int descriptor;
    private boolean closed;

    private UringBlockFile(Path path, BlockFile plain, int descriptor) {
        this.path = path;
        this.plain = plain;
        this.descriptor = descriptor;
    }

    /** Opens the descriptor now, for the name may change; takes over the plain file. */
    static UringBlockFile open(Path path, BlockFile plain) throws IOException {
        int descriptor = LinuxCalls.open(path, true);
        if (Errno.EINVAL.is(descriptor)) {
            descriptor = LinuxCalls.open(path, false);
        }
        if (descriptor < 0) {
            plain.close();
            throw new IOException("cannot open " + path + ": " + Errno.describe(descriptor));
        }
        return new UringBlockFile(path, plain, descriptor);
    }

    Path path() {
        return path;
    }

    /** The descriptor for rings. */
    int descriptor() throws IOException {
        if (closed) {
            throw new IOException(path + " is closed");
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
    public void sync() throws IOException {
        plain.sync();
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        plain.read(offset, target);
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            LinuxCalls.close(descriptor);
        }
        plain.close();
    }
}
