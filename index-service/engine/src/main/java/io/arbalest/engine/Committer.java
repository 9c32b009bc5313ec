package io.arbalest.engine;

import io.arbalest.common.CrashPoints;
import io.arbalest.metadata.ShardMetadata;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves a shard's commit point along: flushes the metadata store, so that it is at least as far as
 * the files, then publishes.
 *
 * <p>Crash points: {@code store.before-flush}, {@code store.flushed}.
 *
 * <p>Thread-safe; one change at a time.
 */
final class Committer {
    private final CommitPointFiles files;
    private final ShardMetadata metadata;
    private final CrashPoints crashPoints;
    private final Object order = new Object(); // held while a commit point is published

    private CommitPoint point; // this and what follows: guarded by this
    private long generation;
    private int nextFileSet;

    Committer(
            CommitPointFiles files,
            CommitPoint point,
            ShardMetadata metadata,
            CrashPoints crashPoints) {
        this.files = files;
        this.point = point;
        this.generation = point.generation();
        this.nextFileSet = point.nextFileSet();
        this.metadata = metadata;
        this.crashPoints = crashPoints;
    }

    /** The number for a new file set; used once, whatever becomes of the files. */
    synchronized int takeFileSet() {
        return nextFileSet++;
    }

    /**
     * Publishes another commit point.
     *
     * @param removed file sets that are no longer named
     * @param added file sets that are, from now on
     * @param firstUnsealed rows appended to segments from this number on are in no file set; not
     *     lowered
     */
    void commit(
            List<CommitPoint.SealedFiles> removed,
            List<CommitPoint.SealedFiles> added,
            int firstUnsealed)
            throws IOException {
        synchronized (order) {
            crashPoints.hit("store.before-flush");
            metadata.flush();
            crashPoints.hit("store.flushed");
            CommitPoint next = next(removed, added, firstUnsealed);
            files.publish(next);
            synchronized (this) {
                point = next;
            }
        }
    }

    private synchronized CommitPoint next(
            List<CommitPoint.SealedFiles> removed,
            List<CommitPoint.SealedFiles> added,
            int firstUnsealed) {
        List<CommitPoint.SealedFiles> segments = new ArrayList<>(point.segments());
        segments.removeAll(removed);
        segments.addAll(added);
        // A generation is used once: if publishing it fails, nobody knows whether it is there.
        generation++;
        return new CommitPoint(
                generation,
                metadata.durableSequenceNumber(),
                Math.max(point.firstUnsealed(), firstUnsealed),
                nextFileSet,
                List.copyOf(segments));
    }
}
