package io.arbalest.io.uring;

import io.arbalest.io.BlockFile;
import io.arbalest.io.BlockWriter;
import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.io.MappedFile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * The machine's file system with block files that are written through io_uring by the thread that
 * owns a {@link BlockWriter}. Everything else (names, directories, reads) is rare and goes the way
 * of {@link FileChannelDisk}.
 *
 * <p>Thread-safe.
 */
public final class UringDisk implements Disk {
    private final FileChannelDisk files = new FileChannelDisk();

    @Override
    public BlockFile create(Path file, long size) throws IOException {
        return UringBlockFile.open(file, files.create(file, size));
    }

    @Override
    public BlockFile open(Path file) throws IOException {
        return UringBlockFile.open(file, files.open(file));
    }

    @Override
    public BlockWriter writer(long bufferBytes, Executor helper) {
        return new UringWriter(bufferBytes);
    }

    @Override
    public MappedFile map(Path file) throws IOException {
        return files.map(file);
    }

    @Override
    public void publish(Path file, byte[] content) throws IOException {
        files.publish(file, content);
    }

    @Override
    public byte[] readAll(Path file) throws IOException {
        return files.readAll(file);
    }

    @Override
    public boolean exists(Path file) {
        return files.exists(file);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return files.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        files.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        files.rename(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
        files.delete(file);
    }

    @Override
    public void deleteTree(Path directory) throws IOException {
        files.deleteTree(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        files.syncDirectory(directory);
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return files.usableBytes(directory);
    }

    @Override
    public AutoCloseable lock(Path directory) throws IOException {
        return files.lock(directory);
    }
}
