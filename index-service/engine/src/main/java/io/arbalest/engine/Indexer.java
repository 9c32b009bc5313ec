package io.arbalest.engine;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/**
 * Links a shard's published rows into the graphs of their segments, in the order in which they were
 * applied, in small slices on the executor that all shards of the node share.
 *
 * <p>A segment's watermark covers the rows before the first slice that is still running, so that
 * everything below it is found by a walk and everything from it on by the exact scan. A row that
 * ended before its turn comes is left out of the graph: whoever reads the watermark after that sees
 * a snapshot in which the row has ended, provided that it reads the watermark first.
 *
 * <p>Thread-safe.
 */
final class Indexer {
    /** Rows linked before the executor may turn to another shard. */
    static final int SLICE_ROWS = 16;

    private final Segments segments;
    private final Executor executor;
    private final int maxTasks;
    private final Lock open;
    private final Runnable progress;
    private final Consumer<Throwable> failed;

    private final List<Slice> running = new ArrayList<>(); // this and what follows: guarded by this
    private int claimedSegment;
    private int claimedOrdinal;
    private int tasks;
    private boolean stopped;

    private volatile long linkedRows;

    private record Slice(GrowingSegment segment, int from, int to) {}

    /**
     * @param maxTasks slices of this shard at the same time
     * @param open held while memory of segments is in use
     * @param progress called after every slice
     * @param failed called when linking stops for good
     */
    Indexer(
            Segments segments,
            Executor executor,
            int maxTasks,
            Lock open,
            Runnable progress,
            Consumer<Throwable> failed) {
        this.segments = segments;
        this.executor = executor;
        this.maxTasks = maxTasks;
        this.open = open;
        this.progress = progress;
        this.failed = failed;
    }

    /** Sees to it that what is published gets linked. */
    synchronized void wake() {
        while (!stopped && tasks < maxTasks && hasWork(tasks * SLICE_ROWS)) {
            tasks++;
            executor.execute(this::work);
        }
    }

    /** Whether more rows than this are published and not claimed. */
    private boolean hasWork(int rows) {
        long unclaimed = 0;
        for (Segment segment : segments.view().segments()) {
            if (segment instanceof GrowingSegment && segment.id() >= claimedSegment) {
                unclaimed += segment.rows();
                unclaimed -= segment.id() == claimedSegment ? claimedOrdinal : 0;
            }
        }
        return unclaimed > rows;
    }

    /** Rows that are in their graph, or ended before. */
    long linkedRows() {
        return linkedRows;
    }

    /** Starts no more slices; running ones end soon. */
    synchronized void stop() {
        stopped = true;
    }

    private void work() {
        Slice slice = claim();
        if (slice == null) {
            return;
        }
        try {
            if (!link(slice)) {
                return;
            }
        } catch (RuntimeException | Error e) {
            stop();
            failed.accept(e);
            return;
        }
        finish(slice);
        progress.run();
        executor.execute(this::work);
    }

    private synchronized @Nullable Slice claim() {
        for (Segment segment : segments.view().segments()) {
            if (stopped
                    || !(segment instanceof GrowingSegment growing)
                    || segment.id() < claimedSegment) {
                continue;
            }
            if (segment.id() > claimedSegment) { // so the one before is full and published
                claimedSegment = segment.id();
                claimedOrdinal = 0;
            }
            int to = Math.min(segment.rows(), claimedOrdinal + SLICE_ROWS);
            if (to > claimedOrdinal) {
                Slice slice = new Slice(growing, claimedOrdinal, to);
                claimedOrdinal = to;
                running.add(slice);
                return slice;
            }
        }
        tasks--;
        return null;
    }

    private boolean link(Slice slice) {
        open.lock();
        try {
            synchronized (this) {
                if (stopped) {
                    return false;
                }
            }
            long snapshot = segments.view().sequenceNumber();
            for (int ordinal = slice.from(); ordinal < slice.to(); ordinal++) {
                if (!slice.segment().ended(ordinal, snapshot)) {
                    slice.segment().graph().link(ordinal);
                }
            }
            return true;
        } finally {
            open.unlock();
        }
    }

    private synchronized void finish(Slice slice) {
        running.remove(slice);
        GrowingSegment segment = slice.segment();
        int watermark = segment.id() == claimedSegment ? claimedOrdinal : segment.rows();
        for (Slice other : running) {
            if (other.segment() == segment) {
                watermark = Math.min(watermark, other.from());
            }
        }
        long before = linkedRows;
        linkedRows = before + watermark - segment.linked();
        segment.linked(watermark);
    }
}
