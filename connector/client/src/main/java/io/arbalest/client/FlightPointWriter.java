package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.RowStatus;
import io.arbalest.model.ShardAssignment;
import io.arbalest.protocol.KeyHash;
import io.arbalest.protocol.PutBatch;
import io.arbalest.protocol.PutSchema;
import io.arbalest.protocol.ReadPosition;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.Writer;

import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * A {@link PointWriter} over Flight: checks and routes points, and sums up what the lanes tell.
 *
 * <p>Threads as the interface says; lanes call back from the client's workers.
 */
final class FlightPointWriter implements PointWriter {
    /** A node that acknowledges nothing for this long is taken for dead. */
    private static final Duration SILENCE_LIMIT = Duration.ofSeconds(30);

    private static final Duration SILENCE_CHECK = Duration.ofSeconds(1);
    private static final long BUDGET_WAIT_MILLIS = 100;
    private static final Duration LANE_CLOSE_WAIT = Duration.ofSeconds(5);

    private final ClusterView view;
    private final NodeConnections connections;
    private final ClientThreads threads;
    private final BufferAllocator allocator;
    private final ClientOptions clientOptions;
    private final WriterOptions options;
    private final RejectionHandler rejections;
    private final ClusterImage.Collection collection;
    private volatile Known known;
    private final WriteBudget budget;
    private final Map<Integer, ShardLane> lanes = new TreeMap<>();
    private final Consumer<FlightPointWriter> onClose;

    private final AtomicLong unacknowledged = new AtomicLong();
    private final Map<RowStatus, LongAdder> statuses = new EnumMap<>(RowStatus.class);
    private final AtomicLong batches = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong retries = new AtomicLong();

    private final Object stateLock = new Object();
    private ReadPosition position;
    private @Nullable ArbalestException failure;
    private boolean failureTold;
    private boolean closed;
    private final Set<PendingFlush> flushes = new HashSet<>();

    FlightPointWriter(
            FlightArbalestClient client,
            ClusterImage.Collection collection,
            WriterOptions options,
            RejectionHandler rejections,
            Consumer<FlightPointWriter> onClose) {
        this.view = client.view();
        this.connections = client.connections();
        this.threads = client.threads();
        this.allocator = client.allocator();
        this.clientOptions = client.options();
        this.collection = collection;
        this.options = options;
        this.rejections = rejections;
        this.onClose = onClose;
        for (RowStatus status : RowStatus.values()) {
            statuses.put(status, new LongAdder());
        }
        this.known = new Known(collection.definition());
        this.budget = new WriteBudget(options.maxUnacknowledgedBytes());
        this.position = new ReadPosition(collection.definition().incarnation(), Map.of());
        for (ShardAssignment shard : collection.shards()) {
            int number = shard.shard().number();
            lanes.put(number, new ShardLane(this, number, threads));
        }
        scheduleSilenceCheck();
    }

    /** The fields that points may have, and the check that goes with them. */
    private record Known(CollectionDefinition definition, PointCheck check) {
        Known(CollectionDefinition definition) {
            this(definition, new PointCheck(definition));
        }
    }

    WriterOptions options() {
        return options;
    }

    @Override
    public void write(Point point) throws InterruptedException {
        throwIfFailed();
        check(point);
        long size = WriteBatch.bytesOf(point);
        if (!budget.tryAcquire(size)) {
            lanes.values().forEach(ShardLane::seal);
            do {
                budget.await(size, BUDGET_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            } while (!budget.tryAcquire(size));
        }
        unacknowledged.incrementAndGet();
        int shard = KeyHash.shardOf(collection, point.key()).shard().number();
        ShardLane lane = lanes.get(shard);
        if (lane == null) {
            throw new IllegalStateException(
                    "no lane for shard " + shard); // lanes are made from the same collection
        }
        lane.append(point, size);
    }

    /** A field that is not known may have been added since; the cluster is asked once. */
    private void check(Point point) {
        try {
            known.check.check(point);
        } catch (ArbalestException e) {
            if (e.code() != ErrorCode.UNKNOWN_FIELD || !fieldsWereAdded()) {
                throw e;
            }
            known.check.check(point);
        }
    }

    private boolean fieldsWereAdded() {
        CollectionDefinition before = known.definition;
        ClusterImage.Collection found = view.refresh().collections().get(before.name());
        if (found == null
                || !found.definition().incarnation().equals(before.incarnation())
                || found.definition().fields().size() == before.fields().size()
                || !found.definition().extendsFieldsOf(before)) {
            return false;
        }
        known = new Known(found.definition());
        return true;
    }

    @Override
    public CompletableFuture<Token> flush() {
        PendingFlush flush = new PendingFlush(lanes.size());
        synchronized (stateLock) {
            if (failure != null) {
                failureTold = true;
                return CompletableFuture.failedFuture(failure);
            }
            flushes.add(flush);
        }
        lanes.values().forEach(lane -> lane.flush(() -> laneFlushed(flush)));
        return flush.done;
    }

    private void laneFlushed(PendingFlush flush) {
        if (flush.lanesLeft.decrementAndGet() == 0) {
            synchronized (stateLock) {
                flushes.remove(flush);
            }
            flush.done.complete(token());
        }
    }

    /** A flush that some lanes have not finished. */
    private static final class PendingFlush {
        final CompletableFuture<Token> done = new CompletableFuture<>();
        final AtomicInteger lanesLeft;

        PendingFlush(int lanes) {
            lanesLeft = new AtomicInteger(lanes);
        }
    }

    private Token token() {
        synchronized (stateLock) {
            return new Token(TokenCodec.toBytes(position));
        }
    }

    @Override
    public long unacknowledged() {
        return unacknowledged.get();
    }

    @Override
    public Statistics statistics() {
        return new Statistics(
                count(RowStatus.APPLIED),
                count(RowStatus.DUPLICATE),
                count(RowStatus.STALE),
                count(RowStatus.REJECTED),
                batches.get(),
                bytes.get(),
                retries.get());
    }

    private long count(RowStatus status) {
        LongAdder adder = statuses.get(status);
        return adder == null ? 0 : adder.sum();
    }

    @Override
    public void close() {
        synchronized (stateLock) {
            if (closed) {
                return;
            }
            closed = true;
        }
        try {
            finish();
        } finally {
            releaseLanes();
            onClose.accept(this);
        }
    }

    /** Closes without waiting for what is not acknowledged: the client is going away. */
    void abandon() {
        fail(
                new ArbalestException(
                        ErrorCode.SHUTTING_DOWN,
                        "the client was closed",
                        "close writers before it"));
        synchronized (stateLock) {
            if (closed) {
                return;
            }
            closed = true;
        }
        releaseLanes();
        onClose.accept(this);
    }

    private void finish() {
        boolean alreadyTold;
        synchronized (stateLock) {
            alreadyTold = failureTold;
        }
        if (alreadyTold) {
            return;
        }
        try {
            flush().get(options.retryTimeout().toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            throw new ArbalestException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    unacknowledged()
                            + " points were not acknowledged within "
                            + options.retryTimeout(),
                    "check that the nodes run; raise the writer's retryTimeout",
                    e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ArbalestException coded
                    ? coded
                    : new ArbalestException(
                            ErrorCode.INTERNAL, String.valueOf(e.getCause()), "", e);
        }
    }

    private void releaseLanes() {
        CountDownLatch open = new CountDownLatch(lanes.size());
        lanes.values().forEach(lane -> lane.close(open::countDown));
        try {
            if (!open.await(LANE_CLOSE_WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                System.getLogger(FlightPointWriter.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "{0} streams of a writer did not close in time",
                                open.getCount());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void throwIfFailed() {
        synchronized (stateLock) {
            if (failure != null) {
                failureTold = true;
                throw failure;
            }
            if (closed) {
                throw new IllegalStateException("this writer is closed");
            }
        }
    }

    private void scheduleSilenceCheck() {
        threads.after(
                SILENCE_CHECK,
                () -> {
                    boolean over;
                    synchronized (stateLock) {
                        over = closed || failure != null;
                    }
                    if (!over) {
                        lanes.values().forEach(lane -> lane.checkSilence(SILENCE_LIMIT));
                        scheduleSilenceCheck();
                    }
                });
    }

    // ------------------------------------------------------------ called by lanes

    /** The collection with the fields that points queued so far may have. */
    CollectionDefinition definition() {
        return known.definition;
    }

    PutBatch newBatch(CollectionDefinition definition) {
        return new PutBatch(PutSchema.full(definition), allocator);
    }

    /** Finds the primary, makes sure that it answers, and opens a stream to it. */
    PutStream openStream(int shard, boolean refresh, PutBatch batch, PutStream.Listener lane) {
        ClusterImage image = refresh ? view.refresh() : view.image();
        CollectionDefinition definition = collection.definition();
        ClusterImage.Collection now = image.requireCollection(definition.name());
        if (!now.definition().incarnation().equals(definition.incarnation())) {
            throw failRecreated();
        }
        ShardAssignment assignment =
                now.shards().stream()
                        .filter(candidate -> candidate.shard().number() == shard)
                        .findFirst()
                        .orElseThrow(this::failRecreated);
        NodeConnection primary = connections.toNode(image, assignment.primary());
        view.learn(primary.image(clientOptions.connectTimeout()));
        PutCommand command =
                PutCommand.newBuilder()
                        .setCollection(definition.name())
                        .setIncarnation(UuidBytes.toWire(definition.incarnation()))
                        .setShard(shard)
                        .setTerm(assignment.term())
                        .setWriter(
                                Writer.newBuilder()
                                        .setGroup(options.group())
                                        .setSubtask(options.subtask())
                                        .setEpoch(options.epoch()))
                        .setAcceptOlder(options.acceptOlder())
                        .build();
        return new PutStream(primary, command, batch, allocator, lane);
    }

    /** Another collection of the same name must not get these rows: no retry can help. */
    private ArbalestException failRecreated() {
        ArbalestException error =
                new ArbalestException(
                        ErrorCode.STALE_INCARNATION,
                        "the collection was dropped and created again since this writer was opened",
                        "open another writer");
        fail(error);
        return error;
    }

    /**
     * A node that lags behind the metadata group does not know a new collection yet; the image
     * does.
     */
    boolean mayBeKnownSoon(ArbalestException error) {
        return error.code() == ErrorCode.UNKNOWN_COLLECTION
                && view.image().collections().containsKey(collection.definition().name());
    }

    void rejected(Point point, ArbalestException error) {
        rejections.rejected(point, error);
    }

    void acknowledged(
            WriteBatch batch, Map<RowStatus, Integer> counts, PutAcknowledgement acknowledgement) {
        counts.forEach((status, count) -> Objects.requireNonNull(statuses.get(status)).add(count));
        batches.incrementAndGet();
        bytes.addAndGet(batch.bytes());
        if (acknowledgement.hasToken() && acknowledgement.getToken().getPositionsCount() > 0) {
            ReadPosition told = TokenCodec.fromWire(acknowledgement.getToken());
            synchronized (stateLock) {
                position = position.merge(told);
            }
        }
        unacknowledged.addAndGet(-batch.rows());
        budget.release(batch.bytes());
    }

    void retried() {
        retries.incrementAndGet();
    }

    /** Ends the writer: whoever writes, flushes or waits gets this error. */
    void fail(ArbalestException error) {
        List<PendingFlush> waiting;
        synchronized (stateLock) {
            if (failure != null) {
                return;
            }
            failure = error;
            waiting = new ArrayList<>(flushes);
            failureTold |= !waiting.isEmpty();
        }
        budget.fail(error);
        waiting.forEach(flush -> flush.done.completeExceptionally(error));
        lanes.values().forEach(lane -> lane.close(() -> {}));
    }
}
