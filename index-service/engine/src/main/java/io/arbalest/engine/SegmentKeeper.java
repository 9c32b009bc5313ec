package io.arbalest.engine;

import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Lock;

/**
 * Seals full segments, merges sealed ones, and lets go what commit points no longer need.
 *
 * <p>To seal: the live points of a full, linked segment are packed and written as a file set; the
 * metadata store is flushed, so that it is as far as the files; a commit point names the files; the
 * applier shows the sealed segment in place of the growing one, whose memory is freed after its
 * last reader; files of the log that are no longer needed are let go. A crash before the commit
 * point leaves everything as it was, one after it finds the sealed segment.
 *
 * <p>If a step fails the segment stays as it is and is tried again later; only a full disk and the
 * like can make that happen again and again, and then the bound on unsealed segments holds writers
 * back.
 *
 * <p>Crash points, besides those of {@link SegmentFiles} and {@link CommitPointFiles}: {@code
 * seal.packed}, {@code store.before-flush}, {@code store.flushed}, {@code seal.shown}, {@code
 * log.before-release}, {@code log.released}.
 *
 * <p>Thread-safe.
 */
final class SegmentKeeper {
    private static final System.Logger LOG = System.getLogger(SegmentKeeper.class.getName());
    private static final Duration RETRY = Duration.ofSeconds(5);

    /** What it works on. */
    record Shard(
            String name,
            Env env,
            WriteAheadLog log,
            ShardMetadata metadata,
            Segments segments,
            CommitPointFiles points,
            SegmentFiles files,
            Executor applier) {}

    private final Shard shard;
    private final Executor executor;
    private final Lock open;
    private final Runnable progress;

    private CommitPoint point; // this and what follows: guarded by this
    private int nextFileSet;
    private boolean working;
    private boolean stopped;
    private @Nullable SealedSegment unshown;

    /**
     * @param point the shard's commit point
     * @param executor runs the work, shared by the shards of the node
     * @param open held while memory of segments is in use
     * @param progress called when a segment was sealed
     */
    SegmentKeeper(
            Shard shard, CommitPoint point, Executor executor, Lock open, Runnable progress) {
        this.shard = shard;
        this.point = point;
        this.nextFileSet = point.nextFileSet();
        this.executor = executor;
        this.open = open;
        this.progress = progress;
    }

    /** Sees to it that what can be sealed gets sealed. */
    synchronized void wake() {
        if (!stopped && !working && sealable() != null) {
            working = true;
            executor.execute(this::work);
        }
    }

    /** Growing segments that take no more rows. */
    int unsealed() {
        int growing = 0;
        for (Segment segment : shard.segments().all()) {
            growing += segment instanceof GrowingSegment ? 1 : 0;
        }
        return Math.max(0, growing - 1);
    }

    /** Starts no more work; what runs ends soon. */
    synchronized void stop() {
        stopped = true;
    }

    /** Frees what was sealed and not shown; nobody may be working. */
    synchronized void close() {
        SealedSegment left = unshown;
        unshown = null;
        if (left != null) {
            left.close();
        }
    }

    /** The oldest segment that takes no more rows and is linked; null: none is. */
    private @Nullable GrowingSegment sealable() {
        GrowingSegment oldest = null;
        for (Segment segment : shard.segments().view().segments()) {
            if (segment instanceof GrowingSegment growing) {
                if (oldest != null) { // a later one is published, so the oldest is whole
                    return oldest.linked() == oldest.rows() ? oldest : null;
                }
                oldest = growing;
            }
        }
        return null;
    }

    private void work() {
        boolean failed = false;
        open.lock();
        try {
            GrowingSegment next;
            synchronized (this) {
                next = stopped ? null : sealable();
            }
            if (next != null) {
                seal(next);
                return; // goes on when the applier has shown the segment
            }
        } catch (IOException | RuntimeException e) {
            failed = true;
            LOG.log(
                    Level.WARNING,
                    "shard " + shard.name() + ": sealing failed and is tried again",
                    e);
        } finally {
            open.unlock();
        }
        if (failed) {
            shard.env().scheduler().schedule(RETRY, executor, this::done);
        } else {
            done();
        }
    }

    private void done() {
        synchronized (this) {
            working = false;
        }
        wake();
    }

    private void seal(GrowingSegment growing) throws IOException {
        long snapshot = shard.segments().view().sequenceNumber();
        PackedGraph packed =
                SealedGraphPacker.pack(
                        growing.vectors(),
                        growing.graph().source(),
                        ordinal -> !growing.ended(ordinal, snapshot),
                        growing.rows());
        shard.env().crashPoints().hit("seal.packed");
        List<CommitPoint.SealedFiles> segments = new ArrayList<>(committed().segments());
        SealedSegment sealed = null;
        if (packed.points() > 0) {
            int[] ordinals = packed.newToOld();
            long[] names = new long[ordinals.length];
            for (int i = 0; i < names.length; i++) {
                names[i] = growing.name(ordinals[i]);
            }
            CommitPoint.SealedFiles files =
                    shard.files().write(takeFileSet(), packed, names, growing.origins());
            segments.add(files);
            sealed = shard.files().open(files, growing.origins());
        }
        try {
            commit(growing.id() + 1, segments);
        } catch (IOException | RuntimeException | Error e) {
            if (sealed != null) {
                sealed.close();
            }
            throw e;
        }
        show(List.of(growing), sealed);
    }

    private synchronized CommitPoint committed() {
        return point;
    }

    /** A number is used once, whatever becomes of its files. */
    private synchronized int takeFileSet() {
        return nextFileSet++;
    }

    /** Publishes a commit point over a flushed store. */
    private void commit(int firstUnsealed, List<CommitPoint.SealedFiles> segments)
            throws IOException {
        shard.env().crashPoints().hit("store.before-flush");
        shard.metadata().flush();
        shard.env().crashPoints().hit("store.flushed");
        CommitPoint next;
        synchronized (this) {
            // The number is used up even if publishing fails: nobody knows then whether it is there.
            point =
                    new CommitPoint(
                            point.generation() + 1,
                            point.appliedSequenceNumber(),
                            point.firstUnsealed(),
                            point.nextFileSet(),
                            point.segments());
            next =
                    new CommitPoint(
                            point.generation(),
                            shard.metadata().durableSequenceNumber(),
                            firstUnsealed,
                            nextFileSet,
                            List.copyOf(segments));
        }
        shard.points().publish(next);
        synchronized (this) {
            point = next;
        }
    }

    private void show(List<? extends Segment> replaced, @Nullable SealedSegment with) {
        synchronized (this) {
            unshown = with;
        }
        try {
            shard.applier()
                    .execute(() -> {
                        synchronized (this) {
                            unshown = null;
                        }
                        shard.segments().replace(replaced, with == null ? List.of() : List.of(with));
                        shard.env().crashPoints().hit("seal.shown");
                        executor.execute(this::release);
                    });
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the shard closes; the next start finds what was sealed", e);
        }
    }

    /** Lets go of what lies durably in both the store and the segments. */
    private void release() {
        open.lock();
        try {
            synchronized (this) {
                if (stopped) {
                    return;
                }
            }
            long needed = shard.metadata().durableSequenceNumber() + 1;
            for (Segment segment : shard.segments().all()) {
                if (segment instanceof GrowingSegment growing && growing.rows() > 0) {
                    needed = Math.min(needed, growing.stamps().from(0));
                }
            }
            shard.env().crashPoints().hit("log.before-release");
            shard.log().release(needed);
            shard.env().crashPoints().hit("log.released");
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    Level.WARNING,
                    "shard " + shard.name() + ": files of the log stay for now",
                    e);
        } finally {
            open.unlock();
        }
        progress.run();
        done();
    }
}
