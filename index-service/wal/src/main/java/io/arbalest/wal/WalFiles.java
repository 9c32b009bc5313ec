package io.arbalest.wal;

import io.arbalest.common.Scheduler.SerialExecutor;
import io.arbalest.io.BlockFile;
import io.arbalest.io.Disk;
import io.arbalest.io.DiskFullException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/**
 * The files of one log: keeps one written with zeros ahead of its use, gives them their names, lets
 * them go and uses them again.
 *
 * <p>Crash points, in the order in which a file meets them: {@code log-file.created} or {@code
 * log-file.reopened}; {@code log-file.header-written}, {@code log-file.named}, {@code
 * log-file.begun}; {@code log-file.let-go} or {@code log-file.deleted}, {@code
 * log-file.let-go-settled}; and when a log is opened {@code log-file.adopted}, {@code
 * log-file.leftover-removed}, {@code log-file.leftovers-settled}.
 *
 * <p>A file is begun in two steps, so that no batch waits for a directory: it takes batches at
 * once, the first of them together with its header, and gets its name when that is durable, while
 * the next batch is being written. What stands in it is acknowledged only when the name is durable.
 *
 * <p>Thread-safe; {@link #begin} belongs to the thread that writes the log.
 */
final class WalFiles implements AutoCloseable {
    /** Released files that are kept to be used again, which saves writing their zeros. */
    static final int MAX_RECYCLED_FILES = 4;

    private static final String SPARE_PREFIX = "spare-";
    private static final Logger LOG = System.getLogger(WalFiles.class.getName());

    private final LogEnvironment environment;
    private final Disk disk;
    private final Path directory;
    private final LogIdentity identity;
    private final WalOptions options;
    private final SerialExecutor preparer;
    private final LogMetrics metrics;
    private final long salt;
    private final Listener listener;
    private final Object releasing = new Object();

    /** Held while a file gets its name; taken before the lock of this object. */
    private final Object naming = new Object();

    private final Deque<Path> recycled = new ArrayDeque<>();
    private final List<Named> named = new ArrayList<>();
    private @Nullable Spare spare;
    private @Nullable Active unnamed;
    private long unfinishedNames;
    private boolean preparing;
    private boolean retryScheduled;
    private boolean diskFull;
    private boolean closed;

    WalFiles(
            Path directory,
            LogIdentity identity,
            WalOptions options,
            LogEnvironment environment,
            LogMetrics metrics,
            RecoveredLog recovered,
            Listener listener) {
        this.environment = environment;
        this.disk = environment.disk();
        this.directory = directory;
        this.identity = identity;
        this.options = options;
        this.metrics = metrics;
        this.listener = listener;
        for (RecoveredLog.ValidFile file : recovered.files()) {
            named.add(new Named(file.path(), file.header()));
        }
        this.salt = environment.random().nextLong();
        this.preparer = environment.scheduler().serial("wal-preparer");
    }

    /** Told, on the preparer's thread, what became of a file that was missing. */
    interface Listener {
        /** A file is ready to be begun. */
        void spareReady();

        /** The file that was begun last has its name. */
        void named();

        /** A file could not be created for another reason than space, or not be named. */
        void spareFailed(Throwable cause);
    }

    /** A file of the log. */
    private record Named(Path path, FileHeader header) {}

    /** A written file without a name of the log. */
    private record Spare(Path path, BlockFile file) {}

    /**
     * A file that takes batches.
     *
     * @param spare its name before it gets its own
     */
    record Active(FileHeader header, BlockFile file, Path spare) {}

    /**
     * Takes over the whole files that a predecessor had prepared or let go, which saves writing
     * their zeros; removes what it left unfinished.
     */
    void adoptUnfinished() throws IOException {
        boolean found = false;
        for (String name : disk.list(directory)) {
            if (!name.endsWith(WalFormat.UNFINISHED_SUFFIX)) {
                continue;
            }
            found = true;
            Path path = directory.resolve(name);
            boolean whole = name.startsWith(SPARE_PREFIX) && isWhole(path);
            synchronized (this) {
                if (whole && recycled.size() < MAX_RECYCLED_FILES) {
                    recycled.add(path);
                    unfinishedNames = Math.max(unfinishedNames, spareNumber(name) + 1);
                }
                whole = recycled.contains(path);
            }
            if (whole) {
                crashPoint("log-file.adopted");
            } else {
                disk.delete(path);
                crashPoint("log-file.leftover-removed");
            }
        }
        if (found) {
            // A name that was let go must be gone for good before its file is written again.
            disk.syncDirectory(directory);
            crashPoint("log-file.leftovers-settled");
        }
    }

    private void crashPoint(String name) {
        environment.crashPoints().hit(name);
    }

    private boolean isWhole(Path path) throws IOException {
        try (BlockFile file = disk.open(path)) {
            return file.size() == options.fileBytes();
        }
    }

    private static long spareNumber(String name) {
        String digits =
                name.substring(
                        SPARE_PREFIX.length(),
                        name.length() - WalFormat.UNFINISHED_SUFFIX.length());
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /**
     * Makes the spare file the next of the log, or says with null that there is none yet; the
     * listener will hear of it. The file is nothing but a spare one on the disk until its header is
     * durable, which is up to the caller, and it has been named.
     */
    @Nullable Active begin(LogPosition end, long term) {
        Spare taken;
        synchronized (this) {
            taken = unnamed == null ? spare : null;
            if (taken != null) {
                spare = null;
            }
        }
        if (taken == null) {
            prepareAhead();
            return null;
        }
        long number = end.fileNumber() + 1;
        FileHeader header =
                new FileHeader(
                        identity,
                        number,
                        WalFormat.generation(identity, number, environment.clock(), salt),
                        end.nextSequenceNumber(),
                        term,
                        end.chain(),
                        end.offset(),
                        taken.file().size(),
                        environment.clock().wallMillis());
        Active begun = new Active(header, taken.file(), taken.path());
        synchronized (this) {
            unnamed = begun;
        }
        return begun;
    }

    /** Whether the begun file's name is durable; before, nothing in it may be acknowledged. */
    synchronized boolean hasName(long number) {
        return unnamed == null || unnamed.header().number() != number;
    }

    /** Gives the begun file, whose header is durable, its name in the background. */
    void nameLater() {
        try {
            preparer.execute(this::name);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "closing the log will name its last file", e);
        }
    }

    private void name() {
        try {
            nameNow();
            listener.named();
        } catch (IOException | RuntimeException e) {
            listener.spareFailed(e);
        }
    }

    /** The same on this thread; returns when it has its name, whoever gave it. */
    void nameNow() throws IOException {
        synchronized (naming) {
            Active begun;
            synchronized (this) {
                begun = unnamed;
            }
            if (begun == null) {
                return;
            }
            crashPoint("log-file.header-written");
            Path path = directory.resolve(WalFormat.fileName(begun.header().number()));
            disk.rename(begun.spare(), path);
            crashPoint("log-file.named");
            disk.syncDirectory(directory);
            crashPoint("log-file.begun");
            synchronized (this) {
                named.add(new Named(path, begun.header()));
                unnamed = null;
            }
        }
        prepareAhead();
    }

    /** Makes a spare file on this thread if there is none. */
    void prepareNow() throws IOException {
        Path reused;
        synchronized (this) {
            if (spare != null) {
                return;
            }
            reused = recycled.poll();
        }
        Spare made;
        if (reused != null) {
            made = new Spare(reused, disk.open(reused));
            crashPoint("log-file.reopened");
        } else {
            Path path = unfinishedPath();
            made = new Spare(path, disk.create(path, options.fileBytes()));
            crashPoint("log-file.created");
        }
        metrics.prepared(reused != null);
        synchronized (this) {
            diskFull = false;
            if (spare == null && !closed) {
                spare = made;
                return;
            }
        }
        made.file().close();
        synchronized (this) {
            recycled.add(made.path());
        }
    }

    /** Makes a spare file in the background if there is none. */
    void prepareAhead() {
        synchronized (this) {
            if (spare != null || preparing || retryScheduled || closed) {
                return;
            }
            preparing = true;
        }
        try {
            preparer.execute(this::prepare);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "no file is prepared: the log is closing", e);
        }
    }

    /** Whether the disk had no space for the last file. */
    synchronized boolean diskFull() {
        return diskFull;
    }

    /** Bytes of all files, the spare ones included. */
    synchronized long sizeBytes() {
        int ready = recycled.size() + (spare == null ? 0 : 1) + (unnamed == null ? 0 : 1);
        long size = ready * options.fileBytes();
        for (Named file : named) {
            size += file.header.fileBytes();
        }
        return size;
    }

    /**
     * Lets go every file, but the last, whose rows all lie below the number; the lowest first, each
     * durably.
     */
    void release(long belowSequenceNumber) throws IOException {
        synchronized (releasing) {
            for (Named oldest = releasable(belowSequenceNumber);
                    oldest != null;
                    oldest = releasable(belowSequenceNumber)) {
                letGo(oldest);
            }
        }
    }

    private synchronized @Nullable Named releasable(long belowSequenceNumber) {
        return named.size() >= 2
                        && named.get(1).header().firstSequenceNumber() <= belowSequenceNumber
                ? named.getFirst()
                : null;
    }

    private void letGo(Named file) throws IOException {
        boolean reuse;
        synchronized (this) {
            reuse =
                    recycled.size() < MAX_RECYCLED_FILES
                            && file.header().fileBytes() == options.fileBytes()
                            && !closed;
        }
        Path unfinished = unfinishedPath();
        if (reuse) {
            disk.rename(file.path(), unfinished);
            crashPoint("log-file.let-go");
        } else {
            disk.delete(file.path());
            crashPoint("log-file.deleted");
        }
        synchronized (this) {
            named.remove(file);
        }
        // The old name must be gone for good before the file's header may say something else, or
        // the next file goes.
        disk.syncDirectory(directory);
        crashPoint("log-file.let-go-settled");
        if (reuse) {
            synchronized (this) {
                recycled.add(unfinished);
            }
        }
    }

    /** Waits for a file that is being made, and closes the spare one. */
    @Override
    public void close() throws IOException {
        preparer.close();
        Spare left;
        synchronized (this) {
            closed = true;
            left = spare;
            spare = null;
        }
        if (left != null) {
            left.file().close();
        }
    }

    private void prepare() {
        synchronized (this) {
            preparing = false;
            retryScheduled = false;
        }
        try {
            prepareNow();
            listener.spareReady();
        } catch (DiskFullException e) {
            boolean first;
            synchronized (this) {
                first = !diskFull;
                diskFull = true;
                retryScheduled = true;
            }
            if (first) {
                LOG.log(
                        Level.WARNING,
                        "no space for another file of {0} bytes in {1}: the log takes no more"
                                + " records until there is",
                        Long.toString(options.fileBytes()),
                        directory);
            }
            environment.scheduler().schedule(options.spaceRetry(), preparer, this::prepare);
        } catch (IOException | RuntimeException e) {
            listener.spareFailed(e);
        }
    }

    private synchronized Path unfinishedPath() {
        return directory.resolve(SPARE_PREFIX + unfinishedNames++ + WalFormat.UNFINISHED_SUFFIX);
    }
}
