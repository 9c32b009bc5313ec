package io.arbalest.engine;

import io.arbalest.hnsw.sealed.CodeChoice;
import io.arbalest.hnsw.sealed.CodeRule;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.io.DiskFullException;
import io.arbalest.io.FileDamagedException;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.IndexCodes;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/**
 * Seals full segments, merges sealed ones, and lets go what commit points no longer need.
 *
 * <p>To seal: the live points of a full, linked segment are packed and written as a file set; a
 * commit point over a flushed store names the files; the applier shows the sealed segment in place
 * of the growing one, whose memory is freed after its last reader; files of the log that are no
 * longer needed are let go. To merge: the same with sealed segments as {@link MergePolicy} chooses
 * them, whose files are removed. A crash before the commit point leaves everything as it was, one
 * after it finds the new segment.
 *
 * <p>If a step fails the segments stay as they are and it is tried again later. While the disk has
 * no room for a sealed segment or for the store, which is told at once, the shard takes no writes:
 * what cannot be sealed would pile up in memory and in the log. Only a merge may wait for room
 * without anybody noticing, and waits while the disk's reserve is broken, unless all it does is to
 * remove a segment. A shard seals one segment and merges one set at a time.
 *
 * <p>Crash points, besides those of {@link SegmentFiles}, {@link CommitPointFiles} and {@link
 * Committer}: {@code seal.packed}, {@code merge.packed}, {@code segment.shown}, {@code
 * segment.files-removed}, {@code log.before-release}, {@code log.released}.
 *
 * <p>Thread-safe.
 */
final class SegmentKeeper {
    private static final System.Logger LOG = System.getLogger(SegmentKeeper.class.getName());
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final String MERGING = "merging";

    /**
     * What it works on.
     *
     * @param applier runs on the applier's thread what must meet no batch that is not published
     * @param reserve no merge begins while it is broken
     */
    record Shard(
            String name,
            CollectionDefinition definition,
            EngineOptions options,
            Env env,
            WriteAheadLog log,
            ShardMetadata metadata,
            Segments segments,
            SegmentFiles files,
            Committer committer,
            Executor applier,
            DiskReserve reserve,
            ShardMetrics metrics) {}

    private final Shard shard;
    private final Executor executor;
    private final Lock open;
    private final Runnable progress;
    private final Consumer<@Nullable ArbalestException> noRoom;
    private final Consumer<FileDamagedException> damaged;
    private final Forgetting forgetting;

    private boolean sealing; // this and what follows: guarded by this
    private boolean merging;
    private long releasedAt;
    private @Nullable SealedSegment unshownSeal;
    private @Nullable SealedSegment unshownMerge;

    private volatile boolean stopped;

    /**
     * @param executor runs the work, shared by the shards of the node
     * @param open held while memory of segments is in use
     * @param progress called when a segment was sealed
     * @param noRoom told when the disk has no room for what must be written, and with null when it
     *     has again
     * @param damaged told when a segment cannot be merged because its file is damaged
     */
    SegmentKeeper(
            Shard shard,
            Executor executor,
            Lock open,
            Runnable progress,
            Consumer<@Nullable ArbalestException> noRoom,
            Consumer<FileDamagedException> damaged) {
        this.shard = shard;
        this.executor = executor;
        this.open = open;
        this.progress = progress;
        this.noRoom = noRoom;
        this.damaged = damaged;
        this.forgetting = new Forgetting(shard.metadata(), shard.applier());
    }

    /** Sees to it that what can be sealed or merged is. */
    synchronized void wake() {
        if (stopped) {
            return;
        }
        if (!sealing && sealable() != null) {
            sealing = true;
            executor.execute(() -> work("sealing", this::seal, this::sealed));
        }
        if (!sealing && wantsRelease()) {
            sealing = true;
            releasedAt = shard.log().sizeBytes();
            executor.execute(() -> work("letting the log go", this::relieve, this::sealed));
        }
        List<SealedSegment> mergeable = merging ? List.of() : mergeable();
        if (!mergeable.isEmpty()) {
            merging = true;
            if (shard.reserve().problem() == null || mergeable.getFirst().live() == 0) {
                executor.execute(() -> work(MERGING, this::merge, this::merged));
            } else {
                shard.env().scheduler().schedule(RETRY, executor, this::mergeLater);
            }
        }
    }

    private void mergeLater() {
        merged();
        wake();
    }

    /**
     * Whether the segment that grows should take no more rows although it is not full, because the
     * log has to be kept from its first row on and has become long; for the applier.
     */
    boolean wantsRoll() {
        return unsealed() == 0 && shard.log().sizeBytes() > shard.options().longLogBytes();
    }

    /**
     * Rows that wait for the graph, without those that were recovered; more than any limit while
     * too many segments wait to be sealed.
     */
    long waitingRows(Segments segments, Indexer indexer, long recovered) {
        if (unsealed() > ShardCore.MAX_UNSEALED_SEGMENTS && segments.rowsTaken() > recovered) {
            return Integer.MAX_VALUE;
        }
        return Math.max(0, segments.rowsTaken() - Math.max(indexer.linkedRows(), recovered));
    }

    /** Growing segments that take no more rows. */
    int unsealed() {
        int growing = 0;
        for (Segment segment : shard.segments().all()) {
            growing += segment instanceof GrowingSegment ? 1 : 0;
        }
        return Math.max(0, growing - 1);
    }

    /** Points in sealed segments whose walks score by these codes. */
    long sealedPoints(IndexCodes.Kind codes) {
        long points = 0;
        for (Segment segment : shard.segments().all()) {
            if (segment instanceof SealedSegment sealed && sealed.codes() == codes) {
                points += sealed.rows();
            }
        }
        return points;
    }

    /** Whether a segment is on its way from memory to files, or waits to be shown. */
    synchronized boolean sealing() {
        return sealing;
    }

    /** Whether segments are on their way into one, it waits to be shown, or they wait for room. */
    synchronized boolean merging() {
        return merging;
    }

    /** Starts no more work; what runs ends soon. */
    void stop() {
        stopped = true;
    }

    /** Frees what was written and not shown; nobody may be working. */
    synchronized void close() {
        if (unshownSeal != null) {
            unshownSeal.close();
            unshownSeal = null;
        }
        if (unshownMerge != null) {
            unshownMerge.close();
            unshownMerge = null;
        }
    }

    private synchronized void sealed() {
        sealing = false;
        unshownSeal = null;
    }

    private synchronized void merged() {
        merging = false;
        unshownMerge = null;
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

    private List<SealedSegment> mergeable() {
        List<SealedSegment> sealed = new ArrayList<>();
        for (Segment segment : shard.segments().view().segments()) {
            if (segment instanceof SealedSegment one) {
                sealed.add(one);
            }
        }
        return MergePolicy.choose(sealed, shard.options().growingSegmentRows());
    }

    @FunctionalInterface
    private interface Work {
        /** Does it; false: there is nothing to do. Once shown, {@code over} is called. */
        boolean run(Runnable over) throws IOException;
    }

    private void work(String what, Work work, Runnable over) {
        Runnable next =
                () -> {
                    over.run();
                    wake();
                };
        open.lock();
        try {
            if (!stopped && !work.run(next)) {
                over.run();
            }
        } catch (CancellationException e) {
            LOG.log(Level.DEBUG, what, e);
        } catch (IOException | RuntimeException e) {
            failed(what, e);
            shard.env().scheduler().schedule(RETRY, executor, next);
        } finally {
            open.unlock();
        }
    }

    private void failed(String what, Exception cause) {
        synchronized (this) {
            releasedAt = 0; // or a log that does not grow any more would not be let go again
        }
        String message = "shard " + shard.name() + ": " + what + " failed and is tried again";
        boolean storeFull =
                cause instanceof ArbalestException coded && coded.code() == ErrorCode.DISK_FULL;
        if (!storeFull && !(cause instanceof DiskFullException)) {
            LOG.log(Level.WARNING, message, cause);
            return;
        }
        LOG.log(Level.WARNING, message + ": " + cause.getMessage());
        if (storeFull || !what.equals(MERGING)) {
            noRoom.accept(ShardFailure.noRoom(shard.name(), cause));
        }
    }

    /** Whether the log is long, and has become a file longer since somebody looked. */
    private synchronized boolean wantsRelease() {
        long size = shard.log().sizeBytes();
        releasedAt = Math.min(releasedAt, size);
        return size > shard.options().longLogBytes()
                && size >= releasedAt + shard.options().walFileBytes();
    }

    /** For a log of rows that are in no segment: deletes, and what was dropped. */
    private boolean relieve(Runnable over) {
        shard.metadata().flush();
        noRoom.accept(null);
        release();
        return false;
    }

    private boolean seal(Runnable over) throws IOException {
        GrowingSegment growing = sealable();
        if (growing == null) {
            return false;
        }
        long snapshot = shard.segments().view().sequenceNumber();
        growing.graph().releaseCodes();
        PackedGraph packed =
                SealedGraphPacker.pack(
                        growing.vectors(),
                        growing.graph().source(),
                        ordinal -> !growing.ended(ordinal, snapshot),
                        growing.rows(),
                        CodeRule.of(
                                shard.definition().hnsw().codes(), shard.definition().hnsw().ef()));
        shard.env().crashPoints().hit("seal.packed");
        int[] ordinals = packed.newToOld();
        long[] names = new long[ordinals.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = growing.name(ordinals[i]);
        }
        SealedSegment with = write(packed, names, growing.origins());
        commit(List.of(), with, growing.id() + 1);
        synchronized (this) {
            unshownSeal = with;
        }
        show(
                List.of(growing),
                with,
                () -> {
                    shard.metrics().sealedSegments.add(1);
                    release();
                    progress.run();
                    over.run();
                });
        return true;
    }

    private boolean merge(Runnable over) throws IOException {
        List<SealedSegment> sources = mergeable();
        if (sources.isEmpty() || !whole(sources)) {
            return false;
        }
        SealedSegment with = null;
        if (sources.getFirst().live() > 0) {
            long snapshot = shard.segments().view().sequenceNumber();
            try (SegmentMerge merge =
                    new SegmentMerge(
                            shard.definition(),
                            sources,
                            snapshot,
                            sources.getFirst().files().fileSet(),
                            () -> stopped)) {
                PackedGraph packed = merge.pack();
                shard.env().crashPoints().hit("merge.packed");
                long[] names = merge.names(packed);
                with = write(packed, names, merge.origins(names));
            }
        }
        List<CommitPoint.SealedFiles> replaced =
                sources.stream().map(SealedSegment::files).toList();
        commit(replaced, with, 0);
        synchronized (this) {
            unshownMerge = with;
        }
        show(
                sources,
                with,
                () -> {
                    shard.metrics().merges.add(1);
                    remove(replaced);
                    over.run();
                });
        return true;
    }

    /** Damage must not be copied into a file with fresh checksums. */
    private boolean whole(List<SealedSegment> sources) throws IOException {
        try {
            for (SealedSegment source : sources) {
                source.verify();
            }
            return true;
        } catch (FileDamagedException e) {
            damaged.accept(e);
            return false;
        }
    }

    private @Nullable SealedSegment write(PackedGraph packed, long[] names, List<RowStamps> origins)
            throws IOException {
        if (packed.points() == 0) {
            return null;
        }
        CodeChoice choice = packed.choice();
        LOG.log(
                Level.INFO,
                "shard {0}: index.codes of {1} points: {2} ({3})",
                shard.name(),
                Integer.toString(packed.points()),
                choice.codes().kind().label(),
                choice.reason());
        CommitPoint.SealedFiles files =
                shard.files()
                        .write(
                                shard.committer().takeFileSet(),
                                packed,
                                names,
                                new RowHeads(shard.metadata(), names),
                                origins);
        return shard.files().open(files, origins);
    }

    private void commit(
            List<CommitPoint.SealedFiles> replaced, @Nullable SealedSegment with, int firstUnsealed)
            throws IOException {
        try {
            shard.committer()
                    .commit(
                            replaced,
                            with == null ? List.of() : List.of(with.files()),
                            firstUnsealed);
        } catch (IOException | RuntimeException | Error e) {
            if (with != null) {
                with.close();
            }
            throw e;
        }
        noRoom.accept(null);
    }

    /** Lets the applier show what was committed, then goes on. */
    private void show(
            List<? extends Segment> replaced, @Nullable SealedSegment with, Runnable then) {
        LOG.log(
                Level.INFO,
                "shard {0}: {1} segments became {2} points in {3} bytes",
                shard.name(),
                replaced.size(),
                Integer.toString(with == null ? 0 : with.rows()),
                Long.toString(with == null ? 0 : with.sizeBytes()));
        forgetting.afterLastReader(replaced, with);
        List<SealedSegment> shown = with == null ? List.of() : List.of(with);
        try {
            shard.applier()
                    .execute(() -> {
                        shard.segments().replace(replaced, shown);
                        shard.env().crashPoints().hit("segment.shown");
                        executor.execute(() -> afterwards(then));
                    });
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the shard closes; its next start finds the segment", e);
        }
    }

    private void afterwards(Runnable then) {
        open.lock();
        try {
            if (!stopped) {
                then.run();
            }
        } finally {
            open.unlock();
        }
    }

    private void remove(List<CommitPoint.SealedFiles> replaced) {
        try {
            shard.files().remove(replaced);
            shard.env().crashPoints().hit("segment.files-removed");
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "shard " + shard.name() + ": files of merged segments stay until the restart",
                    e);
        }
    }

    /** Lets the log go as far as store and segments hold its rows durably. */
    private void release() {
        try {
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
            LOG.log(Level.WARNING, "shard " + shard.name() + ": files of the log stay for now", e);
        }
    }
}
