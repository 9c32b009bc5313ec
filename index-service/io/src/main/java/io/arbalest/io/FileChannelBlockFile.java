package io.arbalest.io;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A block file over a {@link FileChannel} opened with O_DSYNC, and with O_DIRECT where the file
 * system takes it. A thread that is interrupted inside a transfer closes the channel: whoever
 * writes must not be interrupted.
 *
 * <p>Confined to one writing thread at a time; reads may run beside it.
 */
final class FileChannelBlockFile implements BlockFile {
    /**
     * Linux moves at most 2 GiB - 4 KiB in one call (write(2), NOTES); larger transfers are not
     * offered.
     */
    private static final long MAX_TRANSFER_BYTES = 1L << 30;

    private final Path file;
    private final FileChannel channel;
    private final long size;

    FileChannelBlockFile(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.size = channel.size();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void write(long offset, MemorySegment source) throws IOException {
        ByteBuffer bytes = checked(offset, source);
        int written = transferWritten(bytes, offset);
        if (bytes.hasRemaining()) {
            // A short write may be continued once from the unchanged buffer; a second one means a
            // device in trouble.
            if ((written & (BLOCK_BYTES - 1)) == 0) {
                transferWritten(bytes, offset + written);
            }
            if (bytes.hasRemaining()) {
                throw new IOException(
                        "short write to "
                                + file
                                + " at "
                                + offset
                                + ": expected "
                                + source.byteSize()
                                + " bytes, got "
                                + bytes.position());
            }
        }
    }

    @Override
    public void sync() throws IOException {
        channel.force(false);
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        ByteBuffer bytes = checked(offset, target);
        while (bytes.hasRemaining()) {
            int read = channel.read(bytes, offset + bytes.position());
            if (read < 0) {
                throw new EOFException(
                        file
                                + " ends at "
                                + (offset + bytes.position())
                                + ", expected "
                                + size
                                + " bytes");
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private int transferWritten(ByteBuffer bytes, long offset) throws IOException {
        try {
            return channel.write(bytes, offset);
        } catch (IOException e) {
            throw DiskErrors.translated(
                    "write " + bytes.capacity() + " bytes to " + file + " at " + offset, e);
        }
    }

    private ByteBuffer checked(long offset, MemorySegment memory) {
        AlignedBuffers.checkTransfer(offset, memory, size);
        if (memory.byteSize() > MAX_TRANSFER_BYTES) {
            throw new IllegalArgumentException(
                    "a transfer moves at most "
                            + MAX_TRANSFER_BYTES
                            + " bytes, got "
                            + memory.byteSize());
        }
        return memory.asByteBuffer();
    }
}
