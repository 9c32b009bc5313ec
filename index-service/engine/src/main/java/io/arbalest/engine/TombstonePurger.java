package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.common.Scheduler;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.wal.LogFailedException;
import io.arbalest.wal.RecordType;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Lets a shard forget deletes that are older than the retention: looks at the oldest tombstones now
 * and then and logs up to which sequence number they go. What is in the log decides, so a replay
 * forgets the same ones at the same place.
 *
 * <p>Runs on the applier; one record is under way at a time: whoever applies it calls {@link
 * #start} again. While the shard applies nothing none is logged.
 */
final class TombstonePurger {
    private static final System.Logger LOG = System.getLogger(TombstonePurger.class.getName());

    /** Tombstones forgotten by one record, at most. */
    static final int MAX_PURGED = 4096;

    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    private static final int PAUSES_PER_RETENTION = 10;

    /** Told that a horizon is durable; on the log's thread. Once applied, the next one may come. */
    @FunctionalInterface
    interface Listener {
        void durable(long upToSequenceNumber, long sequenceNumber);
    }

    private final ShardMetadata metadata;
    private final WriteAheadLog log;
    private final Clock clock;
    private final Scheduler scheduler;
    private final Executor applier;
    private final Duration retention;
    private final Listener listener;
    private Scheduler.@Nullable Cancellable timer;
    private boolean stopped;

    TombstonePurger(
            ShardMetadata metadata,
            WriteAheadLog log,
            Env env,
            Executor applier,
            Duration retention,
            Listener listener) {
        this.metadata = metadata;
        this.log = log;
        this.clock = env.clock();
        this.scheduler = env.scheduler();
        this.applier = applier;
        this.retention = retention;
        this.listener = listener;
    }

    /** Looks again after a pause. */
    synchronized void start() {
        if (stopped) {
            return;
        }
        Duration pause = retention.dividedBy(PAUSES_PER_RETENTION);
        if (pause.compareTo(LONGEST_PAUSE) > 0) {
            pause = LONGEST_PAUSE;
        }
        timer = scheduler.schedule(pause, applier, this::look);
    }

    /** Looks no more. */
    synchronized void stop() {
        stopped = true;
        Scheduler.Cancellable waiting = timer;
        if (waiting != null) {
            waiting.cancel();
        }
    }

    private void look() {
        long newest = clock.wallMillis() - retention.toMillis();
        long upTo = 0;
        List<ShardMetadata.Tombstone> oldest = metadata.oldestTombstones(MAX_PURGED);
        for (ShardMetadata.Tombstone tombstone : oldest) {
            if (tombstone.wallMillis() > newest) {
                break;
            }
            upTo = tombstone.sequenceNumber();
        }
        if (upTo == 0) {
            start();
            return;
        }
        try {
            append(upTo);
        } catch (LogFailedException e) {
            LOG.log(Level.DEBUG, "no horizon logged", e);
            start();
        }
    }

    private void append(long upTo) {
        log.append(
                RecordType.HORIZON,
                1,
                HorizonFormat.encode(upTo),
                new WriteAheadLog.Callback() {
                    @Override
                    public void durable(long sequenceNumber) {
                        listener.durable(upTo, sequenceNumber);
                    }

                    @Override
                    public void failed(Throwable cause) {
                        LOG.log(Level.DEBUG, "a horizon was not logged", cause);
                        start();
                    }
                });
    }
}
