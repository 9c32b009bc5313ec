package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * Room that is kept free on the data directory's disk for what was acknowledged and has yet to be
 * written: memtables, the next file of a log, segments to be sealed. With less the shards take no
 * writes and begin no merge; sealing and flushing go on. That makes it unlikely that the store or
 * the log meets a full disk, and no more: it is one number for all shards, others may write to the
 * disk, and it is looked at twice a second, not with each write. Who meets one nevertheless waits
 * ({@link DurableQueue}, {@link SegmentKeeper}). Writes are taken again when there is an eighth
 * more than the reserve, or a disk at the edge would go back and forth; and while nobody can tell
 * how much room there is.
 *
 * <p>Thread-safe.
 */
final class DiskReserve implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(DiskReserve.class.getName());
    private static final Duration PAUSE = Duration.ofMillis(500);

    /** Share of the reserve that must be free beyond it until writes are taken again. */
    private static final int MARGIN = 8;

    private final Env env;
    private final Path directory;
    private final long bytes;
    private final Executor executor;
    private volatile @Nullable ArbalestException problem;
    private volatile boolean closed;
    private boolean unknown; // confined to the executor

    /**
     * Looks for the first time before it returns, and from then on on a thread of its own, so that
     * nothing that takes long is in its way.
     */
    DiskReserve(Env env, Path directory, long bytes) {
        this.env = env;
        this.directory = directory;
        this.bytes = bytes;
        this.executor = env.scheduler().serial("disk-reserve");
        env.metrics()
                .gauge(
                        "arbalest_engine_disk_reserve_broken",
                        "1 while the disk has less room than "
                                + EngineOptions.DISK_RESERVE_KEY
                                + ": no writes.",
                        () -> problem == null ? 0 : 1);
        look();
    }

    /** Why no write is taken; null: there is room. */
    @Nullable ArbalestException problem() {
        return problem;
    }

    /** Whether so many bytes are free, reserved or not; also where nobody can tell. Looks now. */
    boolean diskHas(long least) {
        try {
            return env.disk().usableBytes(directory) >= least;
        } catch (IOException _) {
            return true;
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    private void look() {
        if (closed || bytes == 0) {
            return;
        }
        try {
            found(env.disk().usableBytes(directory));
            unknown = false;
        } catch (IOException e) {
            if (!unknown) {
                LOG.log(Level.WARNING, "cannot tell how much room " + directory + " has", e);
            }
            unknown = true;
            problem = null; // what is written will tell
        }
        Scheduler.Cancellable _ = env.scheduler().schedule(PAUSE, executor, this::look);
    }

    private void found(long usable) {
        if (problem == null && usable < bytes) {
            ArbalestException broken =
                    new ArbalestException(
                            ErrorCode.DISK_FULL,
                            "no writes are taken: the disk of "
                                    + directory
                                    + " has "
                                    + usable
                                    + " bytes left, "
                                    + EngineOptions.DISK_RESERVE_KEY
                                    + " keeps "
                                    + bytes
                                    + " for what was acknowledged before",
                            ShardFailure.FREE_SPACE);
            problem = broken;
            LOG.log(Level.WARNING, broken.getMessage());
        } else if (problem != null && usable - bytes >= bytes / MARGIN) {
            problem = null;
            LOG.log(
                    Level.INFO,
                    "the disk of {0} has {1} bytes left: writes are taken again",
                    directory,
                    Long.toString(usable));
        }
    }
}
