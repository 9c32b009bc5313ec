package io.arbalest.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * The seam for storage: a directory tree whose changes become durable only by the calls that say
 * so. Implementations: the machine's file system ({@code FileChannelDisk}, and {@code UringDisk}
 * that writes through io_uring), and the simulated disk of testkit that loses what was not synced.
 *
 * <p>Thread-safe.
 */
public interface Disk {
    /**
     * Creates a file of exactly {@code size} bytes, all written with zeros and synced (fallocate
     * alone leaves unwritten extents whose first write costs a journal commit). Its directory entry
     * is durable only after {@link #syncDirectory}. Fails if it exists; throws {@link
     * DiskFullException} and leaves nothing behind if there is no space.
     */
    BlockFile create(Path file, long size) throws IOException;

    /** Opens an existing file for reading and writing. */
    BlockFile open(Path file) throws IOException;

    /** Maps a whole file that nobody writes any more. */
    MappedFile map(Path file) throws IOException;

    /**
     * A writer for one thread, with a buffer of {@code bufferBytes} rounded up to whole blocks. Any
     * disk has one; a disk that knows a faster way than {@link BlockFile#write} gives its own.
     *
     * @param helper another thread, given at most one task at a time, for a disk whose writes block
     *     the thread that makes them
     */
    default BlockWriter writer(long bufferBytes, Executor helper) {
        return new PlainBlockWriter(bufferBytes);
    }

    /**
     * Replaces the file's whole content atomically and durably: temporary file, sync, rename,
     * directory sync. The temporary file is the name with {@code .tmp} added; after a crash it may
     * be left over and means nothing. One publisher a file at a time.
     */
    void publish(Path file, byte[] content) throws IOException;

    byte[] readAll(Path file) throws IOException;

    boolean exists(Path file) throws IOException;

    /** Names of the entries of a directory, sorted; empty if there is no such directory. */
    List<String> list(Path directory) throws IOException;

    /** Creates a directory and its parents and makes their entries durable. */
    void createDirectories(Path directory) throws IOException;

    /** Atomic; durable after {@link #syncDirectory} of the parent. */
    void rename(Path from, Path to) throws IOException;

    void delete(Path file) throws IOException;

    /** Removes a directory and everything below it; no error if it does not exist. */
    void deleteTree(Path directory) throws IOException;

    void syncDirectory(Path directory) throws IOException;

    /** Bytes that can still be written. */
    long usableBytes(Path directory) throws IOException;

    /**
     * Takes the directory for this process until closed; throws {@link DirectoryInUseException} if
     * it is held.
     */
    AutoCloseable lock(Path directory) throws IOException;
}
