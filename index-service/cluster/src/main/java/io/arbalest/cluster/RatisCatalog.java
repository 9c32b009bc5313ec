package io.arbalest.cluster;

import io.arbalest.cluster.wire.Command;
import io.arbalest.cluster.wire.Reply;
import io.arbalest.common.Clock;
import io.arbalest.common.Scheduler;
import io.arbalest.engine.ClusterCatalog;
import io.arbalest.io.Disk;
import io.arbalest.io.DiskErrors;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.NodeInfo;

import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.util.ExitUtils;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * This node's member of the metadata group: keeps the image, registers the node under its present
 * incarnation, and proposes changes.
 *
 * <p>After a restart the image comes from this member's own snapshot and log, then from the others.
 * {@link #ready()} completes when this node's own registration has come back through the log, and
 * so everything decided before it.
 *
 * <p>Thread-safe. Listeners and futures run on the thread {@code catalog}; they must not block.
 */
public final class RatisCatalog implements ClusterCatalog, AutoCloseable {
    /** Changes that may wait for an answer at once; more are refused with OVERLOADED. */
    public static final int MAX_WAITING_CHANGES = 256;

    private static final Duration REGISTRATION_PAUSE = Duration.ofMillis(500);
    private static final Logger LOG = System.getLogger(RatisCatalog.class.getName());

    static {
        ExitUtils.disableSystemExit(); // Ratis would end the process, for example when its port is
        // in use
    }

    private final ClusterOptions options;
    private final Scheduler scheduler;
    private final Scheduler.SerialExecutor executor;
    private final RatisProposer proposer;
    private final RaftServer server;
    private final Semaphore changes = new Semaphore(MAX_WAITING_CHANGES);
    private final CompletableFuture<ClusterImage> ready = new CompletableFuture<>();
    private volatile ClusterImage image = ClusterImage.EMPTY;
    private volatile @Nullable String failure;
    private volatile boolean closing;

    // Confined to the executor.
    private final List<Consumer<ClusterImage>> listeners = new ArrayList<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private ClusterImage delivered = ClusterImage.EMPTY;
    private boolean registering;

    private record Waiter(long index, CompletableFuture<ClusterImage> reached) {}

    /**
     * Starts this node's member and returns at once; {@link #ready()} tells when it has caught up.
     *
     * @throws ArbalestException PORT_IN_USE, INVALID_CONFIGURATION, DISK_FULL, IO_FAILED
     */
    public static RatisCatalog start(
            ClusterOptions options, Disk disk, Scheduler scheduler, Clock clock) {
        refuseForeignDirectory(options);
        RatisCatalog catalog = new RatisCatalog(options, disk, scheduler, clock);
        try {
            catalog.server.start();
        } catch (IOException | RuntimeException e) {
            catalog.close();
            throw notStarted(options, e);
        }
        catalog.executor.execute(catalog::register);
        return catalog;
    }

    private RatisCatalog(ClusterOptions options, Disk disk, Scheduler scheduler, Clock clock) {
        this.options = options;
        this.scheduler = scheduler;
        RaftGroup group = RatisSettings.group(options);
        Path current = options.directory().resolve(options.groupId().toString()).resolve("current");
        StartupOption option =
                Files.exists(current.resolve("raft-meta"))
                        ? StartupOption.RECOVER
                        : StartupOption.FORMAT;
        try {
            Files.createDirectories(options.directory());
            server =
                    RaftServer.newBuilder()
                            .setServerId(RaftPeerId.valueOf(options.node().name()))
                            .setGroup(group)
                            .setProperties(RatisSettings.server(options))
                            .setStateMachineRegistry(
                                    _ -> new CatalogStateMachine(disk, new Events()))
                            .setOption(option)
                            .build();
        } catch (IOException | RuntimeException e) {
            throw notStarted(options, e);
        }
        executor = scheduler.serial("catalog");
        proposer = new RatisProposer(group, executor, scheduler, clock);
    }

    /**
     * Another list of members makes another group: its directory must not be mistaken for an empty
     * one.
     */
    private static void refuseForeignDirectory(ClusterOptions options) {
        if (!Files.isDirectory(options.directory())) {
            return;
        }
        try (Stream<Path> entries = Files.list(options.directory())) {
            Optional<String> foreign =
                    entries.map(entry -> entry.getFileName().toString())
                            .filter(RatisCatalog::isGroupId)
                            .filter(name -> !name.equals(options.groupId().toString()))
                            .findFirst();
            if (foreign.isPresent()) {
                throw new ArbalestException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "directory "
                                + options.directory()
                                + " belongs to metadata group "
                                + foreign.get()
                                + ", but cluster.members (names, hosts, ratis ports) make group "
                                + options.groupId(),
                        "restore the cluster.members with which the directory was made, or use an"
                                + " empty data directory");
            }
        } catch (IOException e) {
            throw notStarted(options, e);
        }
    }

    private static boolean isGroupId(String name) {
        try {
            return UUID.fromString(name).toString().equals(name);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static ArbalestException notStarted(ClusterOptions options, Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            // The native transport throws an error of its own, told apart by its text only.
            if (cause instanceof BindException
                    || String.valueOf(cause.getMessage()).startsWith("Failed to bind")) {
                return new ArbalestException(
                        ErrorCode.PORT_IN_USE,
                        "ratis.port " + options.self().address() + " is in use",
                        "stop the process that listens there, or choose another ratis.port on every"
                                + " node",
                        e);
            }
            if (cause instanceof IOException io && DiskErrors.saysDiskFull(io)) {
                return new ArbalestException(
                        ErrorCode.DISK_FULL,
                        "the metadata group member in "
                                + options.directory()
                                + " did not start: "
                                + io.getMessage(),
                        "free space on the directory's disk, then start the node again",
                        e);
            }
        }
        return new ArbalestException(
                ErrorCode.IO_FAILED,
                "the metadata group member in " + options.directory() + " did not start: " + e,
                "check the directory's disk and permissions",
                e);
    }

    @Override
    public ClusterImage image() {
        return image;
    }

    /**
     * Completes with the first image that shows this process registered; fails with SHUTTING_DOWN.
     */
    public CompletableFuture<ClusterImage> ready() {
        return ready.copy();
    }

    /**
     * Why this member takes no part any more, if so; it stays so until the process is restarted.
     */
    public Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public void onChange(Consumer<ClusterImage> listener) {
        executor.execute(() -> {
            listeners.add(listener);
            notify(listener, delivered);
        });
    }

    @Override
    public CompletableFuture<ClusterImage.Collection> createCollection(
            CollectionDefinition definition, boolean ifNotExists) {
        CollectionDefinition proposed =
                new CollectionDefinition(
                        definition.name(),
                        UUID.randomUUID(),
                        definition.keyType(),
                        definition.dimension(),
                        definition.metric(),
                        definition.hnsw(),
                        definition.fields(),
                        definition.shardCount(),
                        definition.replicationFactor());
        return change(
                        MetadataMessages.createCollection(
                                proposed, ifNotExists, options.memberNames()))
                .thenApply(reached -> reached.requireCollection(definition.name()));
    }

    @Override
    public CompletableFuture<ClusterImage.Collection> addField(String collection, Field field) {
        ClusterImage.Collection known;
        try {
            known = image.requireCollection(collection);
        } catch (ArbalestException e) {
            return CompletableFuture.failedFuture(e);
        }
        return change(
                        MetadataMessages.addField(
                                collection, known.definition().incarnation(), field))
                .thenApply(reached -> reached.requireCollection(collection));
    }

    @Override
    public CompletableFuture<ClusterImage> dropCollection(String name, boolean ifExists) {
        // Known here but gone when the command is applied: somebody dropped it, perhaps an earlier
        // try whose reply was lost.
        boolean known = image.collections().containsKey(name);
        return change(MetadataMessages.dropCollection(name, ifExists || known));
    }

    private CompletableFuture<ClusterImage> change(Command command) {
        if (!changes.tryAcquire()) {
            return CompletableFuture.failedFuture(
                    new ArbalestException(
                            ErrorCode.OVERLOADED,
                            MAX_WAITING_CHANGES
                                    + " changes of the metadata wait for an answer already",
                            "repeat the call later"));
        }
        CompletableFuture<ClusterImage> done =
                closing
                        ? CompletableFuture.failedFuture(shuttingDown())
                        : proposer.propose(command).thenCompose(this::reached);
        return done.whenComplete((_, _) -> changes.release());
    }

    /**
     * Completes when this node has an image that shows what the reply tells; runs on the executor.
     */
    private CompletableFuture<ClusterImage> reached(Reply reply) {
        if (reply.getError() != 0) {
            return CompletableFuture.failedFuture(
                    new ArbalestException(
                            ErrorCode.ofNumber(reply.getError()),
                            reply.getDetail(),
                            reply.getFix()));
        }
        if (delivered.index() >= reply.getImageIndex()) {
            return CompletableFuture.completedFuture(delivered);
        }
        CompletableFuture<ClusterImage> reached = new CompletableFuture<>();
        waiters.add(new Waiter(reply.getImageIndex(), reached));
        return reached;
    }

    /** Proposes this node's registration until an image shows it; runs on the executor. */
    private void register() {
        if (registering || closing || registered(delivered)) {
            return;
        }
        registering = true;
        var _ =
                proposer.propose(MetadataMessages.registerNode(options.node()))
                        .whenComplete((_, failed) -> {
                            registering = false;
                            if (failed != null && !closing) {
                                LOG.log(
                                        Level.WARNING,
                                        "this node is not registered yet: " + failed.getMessage());
                                scheduler.schedule(REGISTRATION_PAUSE, executor, this::register);
                            }
                        });
    }

    private boolean registered(ClusterImage shown) {
        NodeInfo found = shown.nodes().get(options.node().name());
        return options.node().equals(found);
    }

    /** Runs on the executor. */
    private void deliver(ClusterImage newer) {
        if (newer.index() <= delivered.index()) {
            return; // a snapshot that was read again
        }
        delivered = newer;
        image = newer;
        for (Consumer<ClusterImage> listener : listeners) {
            notify(listener, newer);
        }
        List<Waiter> done = waiters.stream().filter(w -> w.index <= newer.index()).toList();
        waiters.removeAll(done);
        done.forEach(waiter -> waiter.reached.complete(newer));
        if (registered(newer)) {
            ready.complete(newer);
        } else if (ready.isDone()) {
            register(); // an older process of this name was heard late
        }
    }

    private static void notify(Consumer<ClusterImage> listener, ClusterImage newer) {
        try {
            listener.accept(newer);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a listener failed at metadata image " + newer.index(), e);
        }
    }

    private static ArbalestException shuttingDown() {
        return new ArbalestException(
                ErrorCode.SHUTTING_DOWN, "this node is stopping", "ask another node");
    }

    /** Leaves the group without changing it, stops the member and fails what waits. */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        CompletableFuture<Void> settled = new CompletableFuture<>();
        runLater(() -> {
            proposer.close();
            waiters.forEach(waiter -> waiter.reached.completeExceptionally(shuttingDown()));
            waiters.clear();
            ready.completeExceptionally(shuttingDown());
            settled.complete(null);
        });
        try {
            server.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "stopping the metadata group member", e);
        }
        executor.close();
    }

    private void runLater(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the catalog is closed", e);
        }
    }

    /** Hands over from Ratis' threads. */
    private final class Events implements CatalogStateMachine.Events {
        @Override
        public void imageApplied(ClusterImage newer) {
            runLater(() -> deliver(newer));
        }

        @Override
        public void leaderChanged(@Nullable RaftPeerId leader) {
            runLater(() -> {
                if (leader == null) {
                    proposer.leaderLost();
                } else {
                    proposer.leaderChanged(leader);
                }
            });
        }

        @Override
        public void failed(String why, @Nullable Throwable cause) {
            if (!closing) {
                failure = cause == null ? why : why + ": " + cause;
                LOG.log(Level.ERROR, failure + "; restart this node", cause);
            }
        }
    }
}
