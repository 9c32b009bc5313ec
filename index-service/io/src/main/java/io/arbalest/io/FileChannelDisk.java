package io.arbalest.io;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * The machine's file system through {@link FileChannel}. Block files are opened with O_DIRECT and
 * O_DSYNC: writes to blocks that were written before then need no journal commit, and reads after a
 * failed sync see the device instead of a page cache that forgot the failure. Where O_DIRECT is
 * refused (some tmpfs and overlay file systems) they are buffered with O_DSYNC, which is said once
 * in the log.
 *
 * <p>Sources: open(2), fsync(2), rename(2); "Can Applications Recover from fsync Failures?"
 * (Rebello et al., 2020).
 *
 * <p>Thread-safe.
 */
public final class FileChannelDisk implements Disk {
    /**
     * Name of the file that {@link #lock} creates in a directory; it holds the owner's process id
     * as text.
     */
    public static final String LOCK_FILE = "LOCK";

    private static final Logger LOG = System.getLogger(FileChannelDisk.class.getName());
    private static final int ZERO_CHUNK_BYTES = 1 << 20;
    private static final String UNFINISHED_SUFFIX = ".tmp";

    /**
     * Of jdk.unsupported, without a standard twin; by name, because javac warns of any mention and
     * cannot be told not to.
     */
    private static final String DIRECT_OPTION_CLASS = "com.sun.nio.file.ExtendedOpenOption";

    private final @Nullable OpenOption direct;
    private final AtomicBoolean refusalLogged = new AtomicBoolean();

    /** Uses O_DIRECT wherever the file system takes it. */
    public FileChannelDisk() {
        this(true);
    }

    /**
     * @param direct false opens everything through the page cache, as on a file system that refuses
     *     O_DIRECT
     */
    public FileChannelDisk(boolean direct) {
        this.direct = direct ? directOption() : null;
    }

    @Override
    public BlockFile create(Path file, long size) throws IOException {
        AlignedBuffers.checkFileSize(size);
        // Two steps, because open(2) with O_CREAT and a refused O_DIRECT may fail and leave the
        // file behind.
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            throw DiskErrors.translated("create " + file, e);
        }
        try {
            writeZeros(file, size);
            return open(file);
        } catch (IOException e) {
            long usable = Math.max(0, usableBytes(directoryOf(file)));
            Files.deleteIfExists(file);
            if (DiskErrors.saysDiskFull(e) || usable == 0) {
                throw new DiskFullException(
                        "no space for "
                                + file
                                + ": expected "
                                + size
                                + " bytes, "
                                + usable
                                + " usable",
                        e);
            }
            throw e;
        }
    }

    @Override
    public BlockFile open(Path file) throws IOException {
        FileChannel channel =
                openChannel(
                        file,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DSYNC);
        try {
            return new FileChannelBlockFile(file, channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public BlockWriter writer(long bufferBytes, Executor helper) {
        return new HelpedBlockWriter(bufferBytes, helper);
    }

    @Override
    public MappedFile map(Path file) throws IOException {
        return new FileChannelMappedFile(file);
    }

    @Override
    public void publish(Path file, byte[] content) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + UNFINISHED_SUFFIX);
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            unfinished,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            rename(unfinished, file);
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw DiskErrors.translated("publish " + file, e);
        }
        syncDirectory(directoryOf(file));
    }

    @Override
    public byte[] readAll(Path file) throws IOException {
        return Files.readAllBytes(file);
    }

    @Override
    public boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        Path at = directory.toAbsolutePath();
        while (at != null && !Files.isDirectory(at)) {
            missing.push(at);
            at = at.getParent();
        }
        for (Path path : missing) {
            try {
                Files.createDirectory(path);
            } catch (FileAlreadyExistsException e) {
                if (!Files.isDirectory(path)) {
                    throw new NotDirectoryException(path.toString());
                }
            } catch (IOException e) {
                throw DiskErrors.translated("create " + path, e);
            }
        }
        // The last entry is synced even if it was there: a killed predecessor may have made it and
        // not got this far.
        List<Path> parents = new ArrayList<>();
        for (Path path : missing) {
            parents.add(directoryOf(path));
        }
        if (parents.isEmpty()) {
            parents.add(directoryOf(directory));
        }
        for (Path parent : parents) {
            syncDirectory(parent);
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void delete(Path file) throws IOException {
        Files.delete(file);
    }

    @Override
    public void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public AutoCloseable lock(Path directory) throws IOException {
        FileChannel channel = lockFile(directory);
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new DirectoryInUseException(
                        directory + " is in use by process " + ownerOf(channel));
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(
                            Long.toString(ProcessHandle.current().pid())
                                    .getBytes(StandardCharsets.US_ASCII)),
                    0);
            return channel;
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new DirectoryInUseException(directory + " is in use by this process");
        } catch (DirectoryInUseException e) {
            channel.close();
            throw e;
        } catch (IOException e) {
            channel.close();
            throw DiskErrors.translated("lock " + directory, e);
        }
    }

    private static FileChannel lockFile(Path directory) throws IOException {
        try {
            return FileChannel.open(
                    directory.resolve(LOCK_FILE),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw DiskErrors.translated("lock " + directory, e);
        }
    }

    private static String ownerOf(FileChannel lockFile) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(32);
        lockFile.read(bytes, 0);
        String owner = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
        return owner.isBlank() ? "(unknown)" : owner;
    }

    private void writeZeros(Path file, long size) throws IOException {
        // O_DIRECT without O_DSYNC: one sync at the end instead of one per chunk.
        try (Arena arena = Arena.ofConfined();
                FileChannel channel = openChannel(file, StandardOpenOption.WRITE)) {
            MemorySegment zeros = AlignedBuffers.allocate(arena, Math.min(size, ZERO_CHUNK_BYTES));
            for (long at = 0; at < size; ) {
                long length = Math.min(zeros.byteSize(), size - at);
                at += channel.write(zeros.asSlice(0, length).asByteBuffer(), at);
            }
            channel.force(true);
        }
    }

    private FileChannel openChannel(Path file, OpenOption... options) throws IOException {
        if (direct != null) {
            OpenOption[] withDirect = Arrays.copyOf(options, options.length + 1);
            withDirect[options.length] = direct;
            try {
                return FileChannel.open(file, withDirect);
            } catch (NoSuchFileException e) {
                throw e;
            } catch (IOException | UnsupportedOperationException e) {
                FileChannel buffered = FileChannel.open(file, options);
                if (refusalLogged.compareAndSet(false, true)) {
                    LOG.log(
                            Level.INFO,
                            "O_DIRECT is refused for {0} ({1}); using the page cache with O_DSYNC",
                            file,
                            e.getMessage());
                }
                return buffered;
            }
        }
        return FileChannel.open(file, options);
    }

    private static @Nullable OpenOption directOption() {
        try {
            for (Object option : Class.forName(DIRECT_OPTION_CLASS).getEnumConstants()) {
                if (option.toString().equals("DIRECT")) {
                    return (OpenOption) option;
                }
            }
        } catch (ClassNotFoundException e) {
            LOG.log(
                    Level.INFO,
                    "this Java runtime has no {0}; using the page cache with O_DSYNC",
                    DIRECT_OPTION_CLASS);
        }
        return null;
    }

    private static Path directoryOf(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        return parent == null ? file : parent;
    }
}
