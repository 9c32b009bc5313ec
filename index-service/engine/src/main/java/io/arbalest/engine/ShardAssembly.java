package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.io.FileDamagedException;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.Lock;

/**
 * Opens a shard: its log, what {@link ShardRecovery} makes of its files, and what works on them.
 *
 * <p>Confined to one thread, but for {@link #progress}.
 */
final class ShardAssembly {
    /** The shard that is put together. */
    interface Owner extends DurableQueue.Owner {
        /** Rows were linked. */
        void indexed();

        /** A segment was sealed. */
        void sealed();

        /** The disk has no room for segments or the store; null: it has. */
        void noRoomForSegments(@Nullable ArbalestException problem);

        /** A file does not hold what was written into it. */
        void damaged(FileDamagedException damage);
    }

    private final ShardSite site;
    private final CollectionDefinition definition;
    private final ShardCondition condition;
    private final ShardMetrics metrics;
    private final TokenGate gate;
    private final Lock memory;
    private final Owner owner;
    private volatile @Nullable ShardRecovery recovery;

    /**
     * @param memory held while memory of segments is in use
     */
    ShardAssembly(
            ShardSite site,
            CollectionDefinition definition,
            ShardCondition condition,
            ShardMetrics metrics,
            TokenGate gate,
            Lock memory,
            Owner owner) {
        this.site = site;
        this.definition = definition;
        this.condition = condition;
        this.metrics = metrics;
        this.gate = gate;
        this.memory = memory;
        this.owner = owner;
    }

    /** What is done just now, for people; any thread. */
    String progress() {
        ShardRecovery now = recovery;
        return now == null ? "" : " and " + now.progress();
    }

    /** Opens; what is open is added to the list, to be closed last to first if this fails. */
    OpenShard open(List<AutoCloseable> opened) throws IOException {
        Env env = site.env();
        env.disk().createDirectories(site.directory());
        WriteAheadLog log =
                site.logs()
                        .open(site.directory().resolve("wal"), site.id(), definition, site.term());
        opened.add(log);
        CommitPointFiles points =
                new CommitPointFiles(env.disk(), site.directory(), site.id(), env.crashPoints());
        SegmentFiles files = new SegmentFiles(env, site.directory(), site.options(), definition);
        ShardRecovery recovering =
                new ShardRecovery(
                        site.id(),
                        definition,
                        site.directory(),
                        site.options(),
                        env,
                        metrics,
                        condition::closing);
        recovery = recovering;
        ShardRecovery.Recovered recovered = recovering.recover(log, points, files, opened);
        Scheduler.SerialExecutor applierThread = env.scheduler().serial("applier");
        opened.add(applierThread);
        Committer committer =
                new Committer(points, recovered.point(), recovered.metadata(), env.crashPoints());
        return join(log, recovered, files, committer, applierThread);
    }

    private OpenShard join(
            WriteAheadLog log,
            ShardRecovery.Recovered recovered,
            SegmentFiles files,
            Committer committer,
            Scheduler.SerialExecutor applierThread) {
        Env env = site.env();
        Segments segments = recovered.segments();
        long recoveredRows = segments.rowsTaken();
        DurableQueue durable =
                new DurableQueue(env.scheduler(), applierThread, condition, gate, owner);
        Indexer indexer =
                new Indexer(
                        segments,
                        site.workers().indexer(),
                        site.options().indexerThreads(),
                        memory,
                        owner::indexed,
                        e -> owner.readOnly(ErrorCode.INTERNAL, "the graph cannot be linked", e));
        SegmentKeeper keeper =
                new SegmentKeeper(
                        new SegmentKeeper.Shard(
                                name(),
                                definition,
                                site.options(),
                                env,
                                log,
                                recovered.metadata(),
                                segments,
                                files,
                                committer,
                                durable::betweenBatches,
                                site.reserve(),
                                metrics),
                        site.workers().merger(),
                        memory,
                        owner::sealed,
                        owner::noRoomForSegments,
                        owner::damaged);
        WriteQueue writes =
                new WriteQueue(
                        log,
                        definition,
                        site.options(),
                        env.scheduler(),
                        applierThread,
                        metrics,
                        () -> keeper.waitingRows(segments, indexer, recoveredRows),
                        condition::refusal,
                        durable);
        return new OpenShard(
                log,
                recovered.metadata(),
                segments,
                recovered.applier(),
                applierThread,
                durable,
                indexer,
                keeper,
                scrub(segments),
                purger(log, recovered, applierThread, durable),
                writes,
                new ShardSearch(definition, segments, recovered.metadata(), env.clock(), metrics),
                recoveredRows);
    }

    private SegmentScrub scrub(Segments segments) {
        return new SegmentScrub(
                segments,
                site.env(),
                site.workers().merger(),
                memory,
                site.options().scrubInterval(),
                metrics,
                owner::damaged);
    }

    private TombstonePurger purger(
            WriteAheadLog log,
            ShardRecovery.Recovered recovered,
            Scheduler.SerialExecutor applierThread,
            DurableQueue durable) {
        return new TombstonePurger(
                recovered.metadata(),
                log,
                site.env(),
                applierThread,
                site.options().tombstoneRetention(),
                durable);
    }

    private String name() {
        return definition.name() + "/" + site.id().number();
    }
}
