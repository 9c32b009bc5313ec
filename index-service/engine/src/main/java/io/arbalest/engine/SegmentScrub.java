package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.io.FileDamagedException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/**
 * Compares the files of sealed segments with their checksums while they are served, one after
 * another, each about once an interval; and all of them when a reader met what cannot be. Opening
 * and merging check for themselves.
 *
 * <p>Files are read through the page cache, so what is compared is what searches read.
 *
 * <p>Thread-safe. One file is checked at a time.
 */
final class SegmentScrub {
    private static final System.Logger LOG = System.getLogger(SegmentScrub.class.getName());

    /** Least time between two looks because of a reader. */
    private static final Duration LEAST_PAUSE = Duration.ofMinutes(1);

    private final Segments segments;
    private final Env env;
    private final Executor executor;
    private final Lock open;
    private final Duration interval;
    private final ShardMetrics metrics;
    private final Consumer<FileDamagedException> damaged;

    private Scheduler.@Nullable Cancellable timer; // this and what follows: guarded by this
    private int last = -1;
    private boolean lookedForReader;
    private long lookedAt;
    private volatile boolean stopped;

    /**
     * @param executor runs the work, shared by the shards of the node
     * @param open held while memory of segments is in use
     * @param damaged told what is found
     */
    SegmentScrub(
            Segments segments,
            Env env,
            Executor executor,
            Lock open,
            Duration interval,
            ShardMetrics metrics,
            Consumer<FileDamagedException> damaged) {
        this.segments = segments;
        this.env = env;
        this.executor = executor;
        this.open = open;
        this.interval = interval;
        this.metrics = metrics;
        this.damaged = damaged;
    }

    /** Checks the next file after a pause. */
    synchronized void start() {
        if (!stopped) {
            int files = Math.max(1, sealed(segments.view()).size());
            timer = env.scheduler().schedule(interval.dividedBy(files), executor, this::checkNext);
        }
    }

    /** Checks no more. */
    synchronized void stop() {
        stopped = true;
        Scheduler.Cancellable waiting = timer;
        if (waiting != null) {
            waiting.cancel();
        }
    }

    private void checkNext() {
        open.lock();
        try {
            if (!stopped) {
                try (Segments.Lease lease = segments.lease()) {
                    SealedSegment next = next(sealed(lease.view()));
                    if (next != null) {
                        check(next);
                    }
                }
            }
        } finally {
            open.unlock();
        }
        start();
    }

    /** In the order of their numbers, then from the beginning. */
    private synchronized @Nullable SealedSegment next(List<SealedSegment> sealed) {
        if (sealed.isEmpty()) {
            return null;
        }
        SealedSegment next =
                sealed.stream().filter(s -> s.id() > last).findFirst().orElse(sealed.getFirst());
        last = next.id();
        return next;
    }

    /** Whether the file is whole; what is not is told. */
    private boolean check(SealedSegment segment) {
        try {
            segment.verify();
            metrics.scrubbedSegments.add(1);
            return true;
        } catch (FileDamagedException e) {
            damaged.accept(e);
            return false;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "segment " + segment.id() + " cannot be checked", e);
            return true;
        }
    }

    /**
     * Looks whether damage is why a reader failed, unless it was looked for a moment ago; on the
     * reader's thread, which holds what keeps segments open.
     */
    void lookForDamage() {
        synchronized (this) {
            long now = env.clock().monotonicNanos();
            if (lookedForReader && now - lookedAt < LEAST_PAUSE.toNanos()) {
                return;
            }
            lookedForReader = true;
            lookedAt = now;
        }
        try (Segments.Lease lease = segments.lease()) {
            boolean whole = true;
            for (SealedSegment segment : sealed(lease.view())) {
                whole = whole && check(segment);
            }
        }
    }

    private static List<SealedSegment> sealed(Segments.View view) {
        List<SealedSegment> sealed = new ArrayList<>();
        for (Segment segment : view.segments()) {
            if (segment instanceof SealedSegment one) {
                sealed.add(one);
            }
        }
        sealed.sort(Comparator.comparingInt(SealedSegment::id));
        return sealed;
    }
}
