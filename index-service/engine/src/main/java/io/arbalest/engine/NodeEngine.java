package io.arbalest.engine;

import io.arbalest.io.DirectoryInUseException;
import io.arbalest.io.Disk;
import io.arbalest.io.DiskFullException;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;
import io.arbalest.simd.KernelSelfTest;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * The shards of one node and their directories.
 *
 * <pre>
 * DATA/shards/INCARNATION/created          "format=1 collection=NAME image=INDEX": see below
 * DATA/shards/INCARNATION/fields           the newest fields that were followed, see {@link FieldsFile}
 * DATA/shards/INCARNATION/NUMBER/wal       the log
 * DATA/shards/INCARNATION/NUMBER/metadata  the store: keys, rows, postings, which rows have ended
 * DATA/shards/INCARNATION/NUMBER/segments  sealed segments
 * DATA/shards/INCARNATION/NUMBER/commit-N  the commit point: which of the segments count
 * </pre>
 *
 * <p>A node that starts sees old images first, some from before a collection was created. So the
 * files of an incarnation that an image does not name are removed only if that image is at least as
 * new as the one that made this node create them, as {@code created} says: then the collection was
 * dropped, and an incarnation never comes back.
 *
 * <p>Shards open and close on the {@code shard-opener} executor; what concerns one shard happens in
 * order. A shard that cannot be opened is FAILED and says why; the others are not affected.
 *
 * <p>Thread-safe.
 */
public final class NodeEngine implements Engine {
    private static final System.Logger LOG = System.getLogger(NodeEngine.class.getName());
    private static final int OPENER_THREADS = 2;

    /** One that seals and one that merges can go on at the same time. */
    private static final int MERGER_THREADS = 2;

    /**
     * A shard that found no room is opened again when there is some for so many files of its log:
     * each attempt may leave one behind.
     */
    private static final int LOG_FILES = 4;

    /**
     * As much is asked for before a field is added again: its file, and what the disk rounds up.
     */
    private static final long FIELDS_BYTES = 64 << 10;

    private static final String CREATED = "created";
    private static final String IMAGE = " image=";

    private final String nodeName;
    private final Path shardsDirectory;
    private final EngineOptions options;
    private final Env env;
    private final AutoCloseable directoryLock;
    private final Executor opener;
    private final ShardWorkers workers;
    private final LogOpener logs;
    private final KernelChecks kernels;
    private final DiskReserve reserve;
    private final FieldsFile fields;

    private final Map<ShardId, ShardCore> shards = new ConcurrentHashMap<>();

    private final RoomRetries retries;

    /** What the newest image wants here. */
    private volatile Map<ShardId, Wanted> newest = Map.of();

    /** The last thing to do for each shard; guarded by this. */
    private final Map<ShardId, CompletableFuture<Void>> lifecycles = new HashMap<>();

    private volatile boolean closed;

    /**
     * Takes the data directory and opens nothing yet.
     *
     * @param nodeName this node's name in shard assignments
     * @throws ArbalestException DIRECTORY_IN_USE, or DISK_FULL or IO_FAILED if the directory cannot
     *     be made
     */
    public NodeEngine(String nodeName, Path dataDirectory, EngineOptions options, Env env) {
        this(nodeName, dataDirectory, options, env, Set.of());
    }

    /**
     * As above.
     *
     * @param acceptedLosses damaged logs that may be cut
     */
    public NodeEngine(
            String nodeName,
            Path dataDirectory,
            EngineOptions options,
            Env env,
            Set<AcceptedLoss> acceptedLosses) {
        this.nodeName = nodeName;
        this.shardsDirectory = dataDirectory.resolve("shards");
        this.options = options;
        this.env = env;
        this.directoryLock = lock(env.disk(), dataDirectory, shardsDirectory);
        this.opener = env.scheduler().parallel("shard-opener", OPENER_THREADS);
        this.workers =
                new ShardWorkers(
                        env.scheduler()
                                .parallel(ThreadPriorities.INDEXER, options.indexerThreads()),
                        env.scheduler().parallel(ThreadPriorities.MERGER, MERGER_THREADS));
        this.fields = new FieldsFile(env.disk());
        this.logs = new FileLogs(options, env, acceptedLosses);
        this.kernels = new KernelChecks(env, workers.merger());
        this.reserve = new DiskReserve(env, dataDirectory, options.diskReserveBytes());
        this.retries = new RoomRetries(env.scheduler(), opener, reserve::diskHas);
        workers.merger().execute(() -> KernelWarmUp.once(env.random()));
    }

    private static AutoCloseable lock(Disk disk, Path dataDirectory, Path shardsDirectory) {
        try {
            disk.createDirectories(shardsDirectory);
        } catch (DiskFullException e) {
            throw noRoom(dataDirectory, e);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot create directory " + shardsDirectory + ": " + e.getMessage(),
                    "check that node.data-dir is writable",
                    e);
        }
        try {
            return disk.lock(dataDirectory);
        } catch (DirectoryInUseException e) {
            throw new ArbalestException(
                    ErrorCode.DIRECTORY_IN_USE,
                    "another process uses data directory " + dataDirectory + ": " + e.getMessage(),
                    "stop the other node that uses it, or set another node.data-dir",
                    e);
        } catch (DiskFullException e) {
            throw noRoom(dataDirectory, e);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot lock data directory " + dataDirectory + ": " + e.getMessage(),
                    "check that node.data-dir is writable",
                    e);
        }
    }

    private static ArbalestException noRoom(Path dataDirectory, DiskFullException e) {
        return new ArbalestException(
                ErrorCode.DISK_FULL,
                "cannot use data directory " + dataDirectory + ": " + e.getMessage(),
                "free space on its disk, then start the node again",
                e);
    }

    @Override
    public synchronized void follow(ClusterImage image) {
        if (closed) {
            return;
        }
        Map<ShardId, Wanted> wanted = new HashMap<>();
        Set<UUID> living = new HashSet<>();
        for (ClusterImage.Collection collection : image.collections().values()) {
            living.add(collection.definition().incarnation());
            for (ShardAssignment assignment : collection.shards()) {
                if (assignment.primary().equals(nodeName)) {
                    wanted.put(
                            assignment.shard(),
                            new Wanted(collection.definition(), assignment.term()));
                }
            }
        }
        newest = wanted;
        for (ShardCore shard : List.copyOf(shards.values())) {
            Wanted still = wanted.get(shard.id());
            if (still == null || still.term() != shard.term()) {
                shards.remove(shard.id(), shard);
                retries.forget(shard.id());
                then(shard.id(), shard::close);
            }
        }
        wanted.forEach((id, shard) -> {
            ShardCore known = shards.get(id);
            if (known == null) {
                start(id, shard, image.index());
            } else if (shard.definition().fields().size() > known.collection().fields().size()
                    && !retries.waits(id)) {
                then(id, () -> proceed(known, image.index()));
            }
        });
        removeDropped(image.index(), living);
    }

    private record Wanted(CollectionDefinition definition, long term) {}

    private void start(ShardId id, Wanted wanted, long imageIndex) {
        Path incarnation = shardsDirectory.resolve(id.incarnation().toString());
        Path directory = incarnation.resolve(Integer.toString(id.number()));
        ShardCore shard =
                new ShardCore(
                        wanted.definition(),
                        new ShardSite(
                                id,
                                wanted.term(),
                                directory,
                                options,
                                env,
                                logs,
                                workers,
                                reserve));
        shards.put(id, shard);
        kernels.check(wanted.definition().dimension());
        then(id, () -> proceed(shard, imageIndex));
    }

    /** Gives a shard the fields that it shall have and opens it; for want of room, later again. */
    private void proceed(ShardCore shard, long imageIndex) {
        Wanted wanted = newest.get(shard.id());
        if (closed || wanted == null || wanted.term() != shard.term()) {
            return;
        }
        CollectionDefinition definition = wanted.definition();
        Path incarnation = shardsDirectory.resolve(definition.incarnation().toString());
        boolean full;
        try {
            recordCreation(incarnation, definition.name(), imageIndex);
            shard.addFields(fields.newest(incarnation, definition));
            shard.open();
            full = shard.noRoomToOpen();
        } catch (ArbalestException e) {
            shard.fieldsFailed(e);
            full = e.code() == ErrorCode.DISK_FULL;
        }
        if (full) {
            long bytes = shard.noRoomToOpen() ? LOG_FILES * options.walFileBytes() : FIELDS_BYTES;
            retries.later(shard.id(), bytes, () -> again(shard.id(), imageIndex));
        } else {
            retries.forget(shard.id());
        }
    }

    /** With the shard that is there by then, which may be of a later term. */
    private synchronized void again(ShardId id, long imageIndex) {
        ShardCore shard = shards.get(id);
        if (!closed && shard != null) {
            then(id, () -> proceed(shard, imageIndex));
        }
    }

    private void then(ShardId id, Runnable step) {
        CompletableFuture<Void> before =
                lifecycles.getOrDefault(id, CompletableFuture.completedFuture(null));
        CompletableFuture<Void> after =
                before.thenRunAsync(step, opener)
                        .exceptionally(failure -> {
                            LOG.log(
                                    Level.ERROR,
                                    "shard " + id + ": opening or closing failed",
                                    failure);
                            return null;
                        });
        lifecycles.put(id, after);
    }

    /** Other failures are left to the shard's own opening, which meets the same disk. */
    private void recordCreation(Path incarnation, String collection, long imageIndex) {
        Path file = incarnation.resolve(CREATED);
        try {
            env.disk().createDirectories(incarnation);
            if (!env.disk().exists(file)) {
                String line = "format=1 collection=" + collection + IMAGE + imageIndex + "\n";
                env.disk().publish(file, line.getBytes(StandardCharsets.UTF_8));
            }
        } catch (DiskFullException e) {
            throw ShardFailure.noRoomFor(file, e);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot write " + file, e);
        }
    }

    private void removeDropped(long imageIndex, Set<UUID> living) {
        List<CompletableFuture<Void>> before = new ArrayList<>();
        lifecycles.forEach((id, last) -> {
            if (!living.contains(id.incarnation())) {
                before.add(last);
            }
        });
        lifecycles.keySet().removeIf(id -> !living.contains(id.incarnation()));
        CompletableFuture<Void> _ =
                CompletableFuture.allOf(before.toArray(CompletableFuture[]::new))
                        .thenRunAsync(() -> removeFiles(imageIndex, living), opener);
    }

    private void removeFiles(long imageIndex, Set<UUID> living) {
        try {
            for (String name : env.disk().list(shardsDirectory)) {
                Path incarnation = shardsDirectory.resolve(name);
                Path file = incarnation.resolve(CREATED);
                if (closed
                        || living.stream().anyMatch(id -> id.toString().equals(name))
                        || !env.disk().exists(file)) {
                    continue;
                }
                if (createdAt(new String(env.disk().readAll(file), StandardCharsets.UTF_8))
                        <= imageIndex) {
                    LOG.log(Level.INFO, "removing the files of dropped collection " + incarnation);
                    env.disk().deleteTree(incarnation);
                    env.disk().syncDirectory(shardsDirectory);
                }
            }
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "cannot remove the files of a dropped collection; tried again with the next"
                            + " image",
                    e);
        }
    }

    /**
     * The image index in the {@code created} file; a text that is not understood keeps the files.
     */
    private static long createdAt(String text) {
        int at = text.lastIndexOf(IMAGE);
        try {
            return at < 0
                    ? Long.MAX_VALUE
                    : Long.parseLong(text.substring(at + IMAGE.length()).strip());
        } catch (NumberFormatException _) {
            return Long.MAX_VALUE;
        }
    }

    @Override
    public Optional<Shard> shard(String collection, int number) {
        return shards.values().stream()
                .filter(s -> s.id().number() == number && s.collection().name().equals(collection))
                .map(Shard.class::cast)
                .findFirst();
    }

    @Override
    public List<Shard> shards(String collection) {
        return shards.values().stream()
                .filter(s -> collection.isEmpty() || s.collection().name().equals(collection))
                .sorted(
                        Comparator.comparing((ShardCore s) -> s.collection().name())
                                .thenComparingInt(s -> s.id().number()))
                .map(Shard.class::cast)
                .toList();
    }

    /** How the distance kernels did on this machine, for the dimensions that shards here have. */
    public List<KernelSelfTest.Measured> kernels() {
        return kernels.found();
    }

    /** Why a shard's log is not opened: it is damaged. Empty: none is, as far as is known. */
    public Optional<ArbalestException> damagedLog() {
        return shards.values().stream()
                .map(ShardCore::failed)
                .flatMap(Optional::stream)
                .filter(failure -> failure.code() == ErrorCode.LOG_CORRUPT)
                .findFirst();
    }

    @Override
    public boolean ready() {
        return shards.values().stream().allMatch(s -> s.state() != ShardState.RECOVERING);
    }

    @Override
    public void close() {
        List<ShardCore> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = List.copyOf(shards.values());
        }
        kernels.close();
        reserve.close();
        retries.close();
        open.forEach(ShardCore::close);
        try {
            directoryLock.close();
        } catch (Exception e) {
            LOG.log(Level.WARNING, "cannot release the lock of the data directory", e);
        }
    }
}
