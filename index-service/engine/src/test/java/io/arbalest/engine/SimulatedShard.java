package io.arbalest.engine;

import io.arbalest.common.CrashPoints;
import io.arbalest.common.Metrics;
import io.arbalest.metadata.InMemoryStore;
import io.arbalest.metadata.KeyValueStore;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardId;
import io.arbalest.testkit.RandomCases;
import io.arbalest.testkit.SimClock;
import io.arbalest.testkit.SimDisk;
import io.arbalest.testkit.SimScheduler;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** A shard on one simulated thread, that can be restarted. */
final class SimulatedShard {
    static final int DIMENSION = 8;

    /** The end of a process between two writes of its store. */
    static final String STORE_WRITTEN = "store.written";

    static final Path DIRECTORY = Path.of("/data/shards/x/0");
    static final UUID INCARNATION = new UUID(7, 11);
    static final List<Field> FIELDS =
            List.of(new Field("color", FieldType.STRING), new Field("size", FieldType.LONG, false));

    /** With which the next shard is opened. */
    CollectionDefinition definition;

    final EngineOptions options;
    final MemoryLog.Medium medium = new MemoryLog.Medium();
    final SimClock clock = new SimClock();
    final SimDisk disk;
    private final boolean onDisk;
    private final @Nullable RandomGenerator random;

    /** What the store of the next shard has from the one before; null: opened without one. */
    private @Nullable InMemoryStore store;

    /** Makes the stores of shards that open from now on; null: they keep what was flushed. */
    @Nullable Supplier<KeyValueStore> stores;

    /** Of shards that open from now on. */
    Metrics metrics = Metrics.NONE;

    /** Told at every crash point. */
    CrashPoints crashPoints = CrashPoints.NONE;

    /** Called each time that the store has been flushed. */
    Runnable flushed = () -> {};

    private final Set<String> met = new TreeSet<>();
    private int writesLeft;
    private boolean endedInStore;

    SimScheduler scheduler;
    ShardCore shard;
    @Nullable MemoryLog log;

    SimulatedShard(EngineOptions options, Metric metric, @Nullable RandomGenerator random) {
        this(options, metric, random, false);
    }

    /**
     * Starts the first shard.
     *
     * @param onDisk with the real log on the simulated disk, else with {@link MemoryLog}
     */
    SimulatedShard(
            EngineOptions options,
            Metric metric,
            @Nullable RandomGenerator random,
            boolean onDisk) {
        this(options, metric, random, onDisk, FIELDS, anyCodes(random));
    }

    private SimulatedShard(
            EngineOptions options,
            Metric metric,
            @Nullable RandomGenerator random,
            boolean onDisk,
            List<Field> fields,
            IndexCodes codes) {
        this.options = options;
        this.onDisk = onDisk;
        this.disk = new SimDisk(random == null ? 1 : random.nextLong());
        this.random = random;
        this.definition =
                new CollectionDefinition(
                        "things",
                        INCARNATION,
                        KeyType.STRING,
                        DIMENSION,
                        metric,
                        new HnswParams(4, 32, 16, codes),
                        fields,
                        1,
                        1);
        this.scheduler = new SimScheduler(clock, random);
        this.shard = newShard();
        shard.open();
    }

    SimulatedShard() {
        this(EngineOptions.DEFAULT, Metric.IP, null);
    }

    /** A shard of a collection with other fields. */
    static SimulatedShard ofFields(
            EngineOptions options, List<Field> fields, @Nullable RandomGenerator random) {
        return new SimulatedShard(options, Metric.L2, random, false, fields, anyCodes(random));
    }

    /** A shard of a collection with these codes. */
    static SimulatedShard ofCodes(EngineOptions options, IndexCodes codes) {
        return new SimulatedShard(options, Metric.L2, null, false, FIELDS, codes);
    }

    /** Bytes if nothing is left to chance. */
    private static IndexCodes anyCodes(@Nullable RandomGenerator random) {
        IndexCodes.Kind[] kinds = IndexCodes.Kind.values();
        return new IndexCodes(
                random == null ? IndexCodes.Kind.BYTES : kinds[random.nextInt(kinds.length)],
                IndexCodes.Layout.AUTO);
    }

    private ShardCore newShard() {
        Env env =
                new Env(
                        clock,
                        scheduler,
                        RandomCases.random(1),
                        disk,
                        ReplicaTransport.NONE,
                        _ -> openStore(),
                        metrics,
                        this::hit);
        LogOpener logs =
                onDisk
                        ? (directory, id, collection, term) ->
                                new RecordingLog(
                                        new FileLogs(options, env)
                                                .open(directory, id, collection, term),
                                        medium)
                        : (_, _, _, _) -> log = new MemoryLog(medium, scheduler);
        return new ShardCore(
                definition,
                new ShardSite(
                        new ShardId(INCARNATION, 0),
                        1,
                        DIRECTORY,
                        options,
                        env,
                        logs,
                        new ShardWorkers(
                                scheduler.parallel("indexer", options.indexerThreads()),
                                scheduler.parallel("merger", 2)),
                        new DiskReserve(env, DIRECTORY, options.diskReserveBytes())));
    }

    private void hit(String crashPoint) {
        if (!crashPoint.startsWith("log-")) { // those of the log have a test of their own
            met.add(crashPoint);
        }
        crashPoints.hit(crashPoint);
    }

    /** Every crash point that the engine has come to. */
    Set<String> crashPointsMet() {
        return met;
    }

    private KeyValueStore openStore() {
        if (stores != null) {
            return stores.get();
        }
        InMemoryStore kept = store == null ? new InMemoryStore() : store.afterCrash();
        store = kept;
        return new WatchedStore(kept);
    }

    /** A store that chooses to flush in the very moment in which the process ends. */
    private final class WatchedStore extends ForwardingStore {
        WatchedStore(InMemoryStore store) {
            super(store);
        }

        @Override
        void before(List<Change> changes) {
            if (endedInStore) {
                throw new Crash(STORE_WRITTEN);
            }
        }

        @Override
        public void write(List<Change> changes) {
            super.write(changes);
            if (writesLeft > 0 && --writesLeft == 0) {
                super.flush();
                endedInStore = true;
                throw new Crash(STORE_WRITTEN);
            }
        }

        @Override
        public void flush() {
            if (!endedInStore) {
                super.flush();
                flushed.run();
            }
        }
    }

    /**
     * Ends the process behind the n-th write of the store from now; the store has just flushed of
     * itself, as it may between any two of its writes. Whoever runs tasks asks {@link
     * #endedInStore}.
     */
    void endAtStoreWrite(int writes) {
        writesLeft = writes;
    }

    /** Whether it ended there; until the crash the store takes no more writes. */
    boolean endedInStore() {
        return endedInStore;
    }

    /** Makes durable what the shard's store holds, as it may choose to at any time. */
    void flushStore() {
        Objects.requireNonNull(store).flush();
    }

    /** Drops the shard as a killed process would and opens it again. */
    void crash() {
        crashPoints = CrashPoints.NONE;
        writesLeft = 0;
        endedInStore = false;
        scheduler.close();
        disk.crash();
        scheduler = new SimScheduler(clock, random);
        shard = newShard();
        shard.open();
    }

    /** Ends the process, like a power cut, at the n-th time that it comes to a crash point. */
    void crashAt(String point, int times) {
        int[] left = {times};
        crashPoints =
                name -> {
                    if (name.equals(point) && --left[0] <= 0) {
                        throw new Crash(name);
                    }
                };
    }

    /** The end of a process. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1;

        Crash(String point) {
            super(point);
        }
    }

    /** Closes the shard and opens it again. */
    void restart() {
        shard.close();
        crash();
    }

    /** Lets records that were held back go into the log. */
    void release() {
        medium.hold = false;
        Objects.requireNonNull(log).write();
    }

    /**
     * Adds a field, as a node does: it is written down for the next opening, then the shard is
     * told.
     */
    void addField(Field field) {
        definition = definition.with(field);
        shard.addFields(definition);
    }

    /** Deletes what matches, running everything that this waits for. */
    DeleteResult deleteWhere(@Nullable Filter filter, boolean dryRun) {
        return shard.matching(
                        filter,
                        rows -> {
                            CompletableFuture<WriteResult> future = shard.write(0, rows);
                            scheduler.runUntil(future::isDone, Duration.ofMinutes(1));
                            return future;
                        },
                        Long.MAX_VALUE)
                .run(dryRun);
    }

    static PointKey key(Object name) {
        return PointKey.of("k" + name);
    }

    Batches batch() {
        return Batches.of(DIMENSION, definition.fields().size());
    }

    /** Writes and runs until the outcome is known. */
    WriteResult write(Batches batch) {
        CompletableFuture<WriteResult> future = shard.write(0, batch.build());
        scheduler.runUntil(future::isDone, Duration.ofMinutes(1));
        return future.join();
    }

    List<FoundRow> search(float[] query, int k, boolean exact, @Nullable Filter filter) {
        return shard.search(List.of(query), spec(k, exact, filter, 0)).rows().getFirst();
    }

    static SearchSpec spec(int k, boolean exact, @Nullable Filter filter, long minSequenceNumber) {
        return new SearchSpec(
                k,
                0,
                exact,
                false,
                filter,
                Double.NEGATIVE_INFINITY,
                List.of("color", "size"),
                true,
                minSequenceNumber,
                Long.MAX_VALUE);
    }

    @Nullable FoundRow get(PointKey key) {
        return shard.get(List.of(key), List.of("color", "size"), true, 0, Long.MAX_VALUE)
                .getFirst();
    }

    /** The row of a key that must be there. */
    FoundRow require(PointKey key) {
        return Objects.requireNonNull(get(key), () -> "no row for key " + key);
    }
}
