package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.model.ShardId;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongPredicate;

/**
 * Runs again what found no room on the disk, once there is some: one step at a time for each shard,
 * after a pause that doubles with each failure. A step that fails may leave files behind, so it is
 * not tried for nothing.
 *
 * <p>Thread-safe.
 */
final class RoomRetries implements AutoCloseable {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(32);

    private final Scheduler scheduler;
    private final Executor executor;
    private final LongPredicate room;
    private final Map<ShardId, Duration> pauses = new HashMap<>(); // guarded by this
    private final Set<ShardId> waiting = new HashSet<>(); // guarded by this
    private boolean closed; // guarded by this

    /**
     * @param executor looks for room and runs the steps
     * @param room whether the disk has so many bytes
     */
    RoomRetries(Scheduler scheduler, Executor executor, LongPredicate room) {
        this.scheduler = scheduler;
        this.executor = executor;
        this.room = room;
    }

    /**
     * Runs a step of a shard later, unless one of the same shard waits already.
     *
     * @param bytes not before the disk has so many
     */
    synchronized void later(ShardId shard, long bytes, Runnable step) {
        if (waiting.add(shard)) {
            Duration before = pauses.getOrDefault(shard, Duration.ZERO);
            Duration doubled = before.isZero() ? FIRST_PAUSE : before.multipliedBy(2);
            Duration pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
            pauses.put(shard, pause);
            lookAfter(pause, shard, bytes, step);
        }
    }

    /** Whether a step of the shard waits. */
    synchronized boolean waits(ShardId shard) {
        return waiting.contains(shard);
    }

    /** The next failure of the shard is its first one again. */
    synchronized void forget(ShardId shard) {
        pauses.remove(shard);
    }

    /** Ends the looking; a step that runs goes on. */
    @Override
    public synchronized void close() {
        closed = true;
    }

    private void lookAfter(Duration pause, ShardId shard, long bytes, Runnable step) {
        Scheduler.Cancellable _ =
                scheduler.schedule(pause, executor, () -> look(shard, bytes, step));
    }

    private void look(ShardId shard, long bytes, Runnable step) {
        boolean go = room.test(bytes);
        synchronized (this) {
            if (closed) {
                return;
            }
            if (!go) {
                lookAfter(FIRST_PAUSE, shard, bytes, step);
                return;
            }
            waiting.remove(shard);
        }
        step.run();
    }
}
