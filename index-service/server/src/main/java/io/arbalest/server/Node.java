package io.arbalest.server;

import io.arbalest.cluster.ClusterOptions;
import io.arbalest.cluster.RatisCatalog;
import io.arbalest.common.Clock;
import io.arbalest.common.Scheduler;
import io.arbalest.common.SystemScheduler;
import io.arbalest.engine.AcceptedLoss;
import io.arbalest.engine.EngineOptions;
import io.arbalest.engine.Env;
import io.arbalest.engine.NodeEngine;
import io.arbalest.engine.ReplicaTransport;
import io.arbalest.engine.ThreadPriorities;
import io.arbalest.flight.FlightOptions;
import io.arbalest.flight.FlightService;
import io.arbalest.io.DiskFullException;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.io.uring.UringRefusedException;
import io.arbalest.metadata.RocksDbEnvironment;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.NodeInfo;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A node, put together. What is slow to start (RocksDB's native library, the member of the metadata
 * group, the Flight server) starts side by side; the data directory's lock and the ports are looked
 * at first, so that a mistake is told at once.
 *
 * <p>Thread-safe. Closing ends the parts in the reverse order of their dependence: callers first,
 * then the cluster, then shards, then what they stand on.
 */
final class Node implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Node.class.getName());
    private static final int STARTUP_THREADS = 4;
    private static final int HTTP_THREADS = 2;
    private static final Duration READY_LOOK = Duration.ofMillis(25);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>(); // guarded by itself
    private final SystemScheduler scheduler = new SystemScheduler(ThreadPriorities::enter);
    private final PrometheusMetrics metrics = PrometheusMetrics.withHotspotExports();
    private final DeferredCatalog catalog = new DeferredCatalog();
    private final NodeConfig config;
    private final Set<AcceptedLoss> acceptedLosses;
    private final DiskSelection storage;
    private final NodeInfo self;
    private final NodeEngine engine;
    private final Readiness readiness;
    private final CompletableFuture<RocksDbEnvironment> rocksDb;

    private Node(
            NodeConfig config, Set<AcceptedLoss> acceptedLosses, int flightPort, int httpPort) {
        this.config = config;
        this.acceptedLosses = acceptedLosses;
        this.storage = storage(config);
        this.self =
                new NodeInfo(
                        config.node().name(),
                        UUID.randomUUID(),
                        config.node().host(),
                        flightPort,
                        httpPort);
        Executor startup = scheduler.parallel("startup", STARTUP_THREADS);
        this.rocksDb = CompletableFuture.supplyAsync(RocksDbEnvironment::new, startup);
        keep(this::closeRocksDb);
        try {
            this.engine = keep(engine());
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        this.readiness = new Readiness(catalog, engine, self, engine::kernels);
        try {
            startTogether(startup);
        } catch (RuntimeException e) {
            close();
            throw e instanceof CompletionException && e.getCause() instanceof RuntimeException cause
                    ? cause
                    : e;
        }
    }

    /**
     * Starts a node; it may not be ready yet when this returns.
     *
     * @param acceptedLosses damaged logs that may be cut
     * @throws ArbalestException PORT_IN_USE, DIRECTORY_IN_USE, INVALID_CONFIGURATION, or what a
     *     part fails with
     */
    static Node start(NodeConfig config, Set<AcceptedLoss> acceptedLosses) {
        String host = config.node().host();
        int flightPort = Ports.probe(host, config.ports().flight(), ConfigKey.FLIGHT_PORT);
        int httpPort = Ports.probe(host, config.ports().http(), ConfigKey.HTTP_PORT);
        Ports.probe(config.self().host(), config.self().ratisPort(), ConfigKey.RATIS_PORT);
        return new Node(config, acceptedLosses, flightPort, httpPort);
    }

    /** The disk as configured; the probe writes into the data directory, which is made for it. */
    static DiskSelection storage(NodeConfig config) {
        try {
            new FileChannelDisk().createDirectories(config.node().dataDirectory());
            return DiskSelection.select(config.wal().io(), config.node().dataDirectory());
        } catch (UringRefusedException e) {
            throw new ArbalestException(
                    ErrorCode.IO_URING_REFUSED,
                    "wal.io is io_uring, but " + e.getMessage(),
                    e.remedy() + ", or set wal.io to auto",
                    e);
        } catch (DiskFullException e) {
            throw new ArbalestException(
                    ErrorCode.DISK_FULL,
                    "cannot start: " + e.getMessage(),
                    "free space on the disk of node.data-dir, then start the node again",
                    e);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot write to " + config.node().dataDirectory() + ": " + e,
                    "check node.data-dir, its permissions and free space",
                    e);
        }
    }

    private NodeEngine engine() {
        metrics.gauge(
                "arbalest_wal_io_backend",
                "1 for the way in which the log is written; the cause, if it is not io_uring.",
                () -> 1,
                "backend",
                storage.backend().word(),
                "cause",
                storage.cause());
        NodeConfig.Engine limits = config.engine();
        EngineOptions options =
                EngineOptions.DEFAULT
                        .withUnlinkedTailRows(limits.unlinkedTailRows())
                        .withGrowingSegmentRows(limits.growingSegmentRows())
                        .withIndexerThreads(limits.indexerThreads())
                        .withWalFileBytes(config.wal().fileBytes())
                        .withTombstoneRetention(limits.tombstoneRetention())
                        .withSegmentMemory(limits.segmentMemory())
                        .withScrubInterval(limits.scrubInterval())
                        .withDiskReserveBytes(limits.diskReserveBytes());
        Env env =
                new Env(
                        Clock.SYSTEM,
                        scheduler,
                        () -> ThreadLocalRandom.current().nextLong(),
                        storage.disk(),
                        ReplicaTransport.NONE,
                        directory -> rocksDb.join().open(directory),
                        metrics);
        return new NodeEngine(
                self.name(), config.node().dataDirectory(), options, env, acceptedLosses);
    }

    private void startTogether(Executor startup) {
        CompletableFuture<RatisCatalog> group =
                CompletableFuture.supplyAsync(this::joinGroup, startup);
        CompletableFuture<FlightService> flight =
                CompletableFuture.supplyAsync(
                        () ->
                                FlightService.start(
                                        FlightOptions.listeningOn(self.host(), self.flightPort()),
                                        engine,
                                        catalog,
                                        self.name(),
                                        Clock.SYSTEM,
                                        scheduler,
                                        metrics),
                        startup);
        CompletableFuture<HealthServer> http =
                CompletableFuture.supplyAsync(
                        () ->
                                HealthServer.start(
                                        self.host(),
                                        self.httpPort(),
                                        pages(),
                                        scheduler.parallel("http", HTTP_THREADS)),
                        startup);
        // Closed last to first, above the engine: no more callers, then no more decisions, then no
        // more shards.
        List<CompletableFuture<? extends AutoCloseable>> parts = List.of(group, flight, http);
        parts.forEach(part -> part.handle((_, _) -> null).join());
        parts.stream()
                .filter(part -> !part.isCompletedExceptionally())
                .forEach(part -> keep(part.join()));
        parts.forEach(CompletableFuture::join);
        rocksDb.join();
        catalog.onChange(engine::follow);
        catalog.set(group.join());
    }

    private void closeRocksDb() {
        if (rocksDb.handle((_, failure) -> failure == null).join()) {
            rocksDb.join().close();
        }
    }

    private RatisCatalog joinGroup() {
        ClusterOptions options =
                new ClusterOptions(
                        self,
                        config.members().stream()
                                .map(member ->
                                        new ClusterOptions.Member(
                                                member.name(), member.host(), member.ratisPort()))
                                .toList(),
                        config.node().dataDirectory().resolve("cluster"));
        return RatisCatalog.start(options, storage.disk(), scheduler, Clock.SYSTEM);
    }

    private Map<String, HealthServer.Page> pages() {
        return Map.of(
                "/livez",
                () -> HealthServer.Answer.ok(HealthServer.TEXT, "ok\n"),
                "/readyz",
                () ->
                        readiness
                                .obstacle()
                                .map(why ->
                                        new HealthServer.Answer(503, HealthServer.TEXT, why + "\n"))
                                .orElseGet(
                                        () -> HealthServer.Answer.ok(HealthServer.TEXT, "ready\n")),
                "/healthz",
                () ->
                        HealthServer.Answer.ok(
                                HealthServer.JSON,
                                HealthReport.json(
                                        self,
                                        storage,
                                        readiness.obstacle(),
                                        catalog.image(),
                                        engine)),
                "/metrics",
                () -> HealthServer.Answer.ok(HealthServer.PROMETHEUS, metrics.scrape()));
    }

    /** Who this node is, with the ports that it got. */
    NodeInfo self() {
        return self;
    }

    /**
     * Completes when the node does its part for the first time; fails with LOG_CORRUPT if the log
     * of a shard is damaged: with one copy of each shard there is nobody to mend it.
     */
    CompletableFuture<Void> ready() {
        CompletableFuture<Void> ready = new CompletableFuture<>();
        look(ready, scheduler.parallel("readiness", 1), "");
        return ready;
    }

    private void look(CompletableFuture<Void> ready, Executor executor, String formerly) {
        String obstacle = readiness.obstacle().orElse("");
        if (obstacle.isEmpty()) {
            ready.complete(null);
            return;
        }
        Optional<ArbalestException> damaged = engine.damagedLog();
        if (damaged.isPresent()) {
            ready.completeExceptionally(damaged.get());
            return;
        }
        if (!obstacle.equals(formerly)) {
            LOG.log(Level.INFO, "not ready: {0}", obstacle);
        }
        Scheduler.Cancellable _ =
                scheduler.schedule(READY_LOOK, executor, () -> look(ready, executor, obstacle));
    }

    private <T extends AutoCloseable> T keep(T part) {
        synchronized (opened) {
            opened.push(part);
        }
        return part;
    }

    /** Closes; runs {@code late} if that takes longer. */
    void closeWithin(Duration limit, Runnable late) {
        Scheduler.Cancellable timer =
                scheduler.schedule(limit, scheduler.parallel("stop-limit", 1), late);
        close();
        timer.cancel();
    }

    @Override
    public void close() {
        while (true) {
            AutoCloseable part;
            synchronized (opened) {
                part = opened.poll();
            }
            if (part == null) {
                break;
            }
            try {
                part.close();
            } catch (Exception e) {
                LOG.log(Level.WARNING, "cannot close " + part.getClass().getSimpleName(), e);
            }
        }
        scheduler.close();
    }

    /** The error to print for a failed start. */
    static ArbalestException coded(RuntimeException failure) {
        return failure instanceof ArbalestException coded
                ? coded
                : new ArbalestException(
                        ErrorCode.INTERNAL,
                        "the node cannot start: " + failure,
                        "see the trace above; report it if the message does not help",
                        failure);
    }
}
