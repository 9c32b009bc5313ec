package io.arbalest.jobs.demo;

import io.arbalest.jobs.local.DirectoryTree;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The directories of a demo: its home, which only one demo at a time may use, and its data, which
 * is temporary unless the user named it. The lock is the operating system's, so it is free again
 * however the last demo ended.
 *
 * <p>Confined to one thread, apart from {@link #close}.
 */
final class Workplace implements AutoCloseable {
    /** What a full run needs at its peak: three logs, three stores, the topic. */
    static final long LEAST_USABLE_BYTES = 1_500L << 20;

    private static final String TEMPORARY_PREFIX = "arbalest-demo-";
    private static final String OWNER_LOCK = "owner.lock";

    private final Path home;
    private final Path data;
    private final boolean temporary;
    private final Lock homeLock;
    private final Lock dataLock;

    private record Lock(FileChannel channel, FileLock lock) {
        void release() throws IOException {
            channel.close();
        }
    }

    private Workplace(Path home, Path data, boolean temporary, Lock homeLock, Lock dataLock) {
        this.home = home;
        this.data = data;
        this.temporary = temporary;
        this.homeLock = homeLock;
        this.dataLock = dataLock;
    }

    /**
     * Takes the home and the data directory.
     *
     * @param named the data directory to keep; empty: a temporary one
     */
    static Workplace open(Path home, Optional<Path> named) {
        try {
            Files.createDirectories(home);
            Lock homeLock =
                    lock(home.resolve("demo.lock"))
                            .orElseThrow(() ->
                                    new ArbalestException(
                                            ErrorCode.DIRECTORY_IN_USE,
                                            "another demo is running with " + home,
                                            "stop it with Ctrl-C, or set ARBALEST_HOME to another"
                                                    + " directory"));
            try {
                return open(home, homeLock, named);
            } catch (IOException | RuntimeException e) {
                homeLock.release();
                throw e;
            }
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "the demo cannot use its directories: " + e,
                    "make "
                            + home
                            + " and the temporary directory writable, or name another with"
                            + " --data-dir",
                    e);
        }
    }

    private static Workplace open(Path home, Lock homeLock, Optional<Path> named)
            throws IOException {
        Files.deleteIfExists(home.resolve("cluster.json")); // left by a demo that was killed
        removeAbandoned();
        Path data =
                named.isPresent()
                        ? empty(named.get())
                        : Files.createTempDirectory(TEMPORARY_PREFIX);
        Lock dataLock = lock(data.resolve(OWNER_LOCK)).orElseThrow();
        Workplace workplace =
                new Workplace(
                        home,
                        data.toAbsolutePath().normalize(),
                        named.isEmpty(),
                        homeLock,
                        dataLock);
        workplace.checkSpace();
        return workplace;
    }

    Path data() {
        return data;
    }

    Path clusterFile() {
        return home.resolve("cluster.json");
    }

    boolean temporary() {
        return temporary;
    }

    /** Copies the logs to where they outlive a temporary directory; returns that place. */
    Path keepLogs() throws IOException {
        if (!temporary) {
            return data;
        }
        Path kept = home.resolve("failed-demo");
        DirectoryTree.delete(kept);
        Files.createDirectories(kept);
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file :
                    (Iterable<Path>) files.filter(f -> f.toString().endsWith(".log"))::iterator) {
                if (Files.isRegularFile(file) && !file.toString().contains("/data/")) {
                    Files.copy(
                            file,
                            kept.resolve(file.getFileName()),
                            StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        return kept;
    }

    private void checkSpace() throws IOException {
        long usable = Files.getFileStore(data).getUsableSpace();
        if (usable < LEAST_USABLE_BYTES) {
            close();
            throw new ArbalestException(
                    ErrorCode.DISK_FULL,
                    String.format(
                            Locale.ROOT,
                            "%s has %d MB left, the demo needs %d MB",
                            data,
                            usable >> 20,
                            LEAST_USABLE_BYTES >> 20),
                    "free some space, or name a directory on another disk with --data-dir");
        }
    }

    private static Path empty(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> entries = Files.list(directory)) {
            if (entries.findAny().isPresent()) {
                throw new ArbalestException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "data directory " + directory + " is not empty",
                        "remove what is in it, or name another one");
            }
        }
        return directory;
    }

    private static Optional<Lock> lock(Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return Optional.of(new Lock(channel, lock));
            }
        } catch (OverlappingFileLockException e) {
            // held by this JVM: as good as held by another
        }
        channel.close();
        return Optional.empty();
    }

    /** Removes temporary directories of demos that were killed and could not do it themselves. */
    private static void removeAbandoned() throws IOException {
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        List<Path> found;
        try (Stream<Path> entries = Files.list(parent)) {
            found =
                    entries.filter(entry ->
                                    String.valueOf(entry.getFileName())
                                            .startsWith(TEMPORARY_PREFIX))
                            .toList();
        }
        for (Path directory : found) {
            Path owner = directory.resolve(OWNER_LOCK);
            if (Files.isWritable(owner)) {
                Optional<Lock> lock = lock(owner);
                if (lock.isPresent()) {
                    DirectoryTree.delete(directory);
                    lock.get().release();
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(clusterFile());
        if (temporary) {
            DirectoryTree.delete(data);
        } else {
            Files.deleteIfExists(data.resolve(OWNER_LOCK));
        }
        dataLock.release();
        homeLock.release();
    }
}
