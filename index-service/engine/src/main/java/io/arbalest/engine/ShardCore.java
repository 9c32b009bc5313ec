package io.arbalest.engine;

import io.arbalest.common.Scheduler;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.ShardId;
import io.arbalest.wal.WriteAheadLog;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * A shard: log, segments, graph and metadata joined.
 *
 * <p>A write is checked, waits for its turn ({@link WriteQueue}), becomes a log record, and once
 * that is durable is applied by the applier ({@link RowApplier}) and published; then its future
 * completes and every search that starts later sees it. The indexer links it afterwards.
 *
 * <p>Opening a shard is {@link ShardRecovery}. While that lasts the shard is RECOVERING and refuses
 * calls. Then it serves, with exact scans over what is not linked yet; rows that were recovered do
 * not count against the limit on the unlinked tail, else no write would get in until all are
 * linked.
 *
 * <p>If opening fails the shard is FAILED and keeps the reason. If the log or the store fails later
 * the shard is READ_ONLY: what was published is served, writes are refused with the reason, until
 * the node restarts; a full disk ends by itself.
 *
 * <p>Thread-safe.
 */
final class ShardCore implements Shard, AutoCloseable {
    /** Rows put into one metadata batch, at most, but for the last record. */
    static final int MAX_BATCH_ROWS = 4096;

    /** Full segments that may wait in memory to be sealed; then writers are held back. */
    static final int MAX_UNSEALED_SEGMENTS = 4;

    private static final System.Logger LOG = System.getLogger(ShardCore.class.getName());

    private final ShardId id;
    private final KnownFields fields;
    private final long term;
    private final Path directory;
    private final EngineOptions options;
    private final Env env;
    private final LogOpener logs;
    private final ShardWorkers workers;
    private final ShardMetrics metrics;
    private final TokenGate gate;
    private final ReentrantReadWriteLock memory = new ReentrantReadWriteLock();
    private final ConcurrentLinkedQueue<Durable> durable = new ConcurrentLinkedQueue<>();

    private volatile ShardState state = ShardState.RECOVERING;
    private volatile @Nullable ArbalestException failure;
    private volatile @Nullable ArbalestException fullDisk;
    private volatile boolean closing;
    private volatile @Nullable ShardRecovery recovery;
    private volatile @Nullable Parts parts;
    private boolean closed;

    /** What an open shard is made of. */
    private record Parts(
            WriteAheadLog log,
            ShardMetadata metadata,
            Segments segments,
            RowApplier applier,
            Scheduler.SerialExecutor applierThread,
            Indexer indexer,
            SegmentKeeper keeper,
            TombstonePurger purger,
            WriteQueue writes,
            ShardSearch search,
            long recoveredRows) {}

    ShardCore(
            ShardId id,
            CollectionDefinition definition,
            long term,
            Path directory,
            EngineOptions options,
            Env env,
            LogOpener logs,
            ShardWorkers workers) {
        this.id = id;
        this.fields = new KnownFields(definition);
        this.term = term;
        this.directory = directory;
        this.options = options;
        this.env = env;
        this.logs = logs;
        this.workers = workers;
        this.metrics = new ShardMetrics(env.metrics(), id, definition);
        this.gate = new TokenGate(env.clock());
    }

    // ---------------------------------------------------------------- opening and closing

    /** Recovers the shard; on the caller's thread. Does not throw: a failure becomes the state. */
    synchronized void open() {
        if (closing || parts != null) {
            return;
        }
        metrics.watch(this);
        long started = env.clock().monotonicNanos();
        List<AutoCloseable> opened = new ArrayList<>();
        try {
            Parts made = open(opened);
            parts = made;
            metrics.watch(made.keeper());
            gate.published(made.segments().view().sequenceNumber());
            state = ShardState.SERVING;
            made.indexer().wake();
            made.keeper().wake();
            LOG.log(
                    Level.INFO,
                    "shard {0} serves: {1} rows recovered in {2} ms",
                    name(),
                    made.recoveredRows(),
                    (env.clock().monotonicNanos() - started) / 1_000_000);
        } catch (IOException | RuntimeException | Error e) {
            opened.reversed().forEach(part -> Closing.quietly(name(), part));
            if (!closing) {
                fail(e);
            }
        }
    }

    private Parts open(List<AutoCloseable> opened) throws IOException {
        env.disk().createDirectories(directory);
        WriteAheadLog log = logs.open(directory.resolve("wal"), id, collection(), term);
        opened.add(log);
        CommitPointFiles points =
                new CommitPointFiles(env.disk(), directory, id, env.crashPoints());
        SegmentFiles files = new SegmentFiles(env, directory, options, collection());
        ShardRecovery recovering =
                new ShardRecovery(
                        id, collection(), directory, options, env, metrics, () -> closing);
        recovery = recovering;
        ShardRecovery.Recovered recovered = recovering.recover(log, points, files, opened);
        Segments segments = recovered.segments();
        Scheduler.SerialExecutor applierThread = env.scheduler().serial("applier");
        opened.add(applierThread);
        long recoveredRows = segments.rowsTaken();
        Indexer linking =
                new Indexer(
                        segments,
                        workers.indexer(),
                        options.indexerThreads(),
                        memory.readLock(),
                        this::indexProgress,
                        e -> readOnly(ErrorCode.INTERNAL, "the graph cannot be linked", e));
        SegmentKeeper keeper = keeper(log, recovered, points, files, applierThread);
        WriteQueue writes =
                new WriteQueue(
                        log,
                        collection(),
                        options,
                        env.scheduler(),
                        applierThread,
                        metrics,
                        () -> keeper.waitingRows(segments, linking, recoveredRows),
                        new LogListener(applierThread));
        TombstonePurger purger = purger(log, recovered.metadata(), applierThread);
        purger.start();
        ShardSearch search =
                new ShardSearch(collection(), segments, recovered.metadata(), env.clock(), metrics);
        return new Parts(
                log,
                recovered.metadata(),
                segments,
                recovered.applier(),
                applierThread,
                linking,
                keeper,
                purger,
                writes,
                search,
                recoveredRows);
    }

    private SegmentKeeper keeper(
            WriteAheadLog log,
            ShardRecovery.Recovered recovered,
            CommitPointFiles points,
            SegmentFiles files,
            Executor applierThread) {
        return new SegmentKeeper(
                new SegmentKeeper.Shard(
                        name(),
                        collection(),
                        options,
                        env,
                        log,
                        recovered.metadata(),
                        recovered.segments(),
                        files,
                        new Committer(
                                points, recovered.point(), recovered.metadata(), env.crashPoints()),
                        applierThread,
                        metrics),
                workers.merger(),
                memory.readLock(),
                this::pump);
    }

    private TombstonePurger purger(
            WriteAheadLog log, ShardMetadata metadata, Executor applierThread) {
        return new TombstonePurger(
                metadata,
                log,
                env,
                applierThread,
                options.tombstoneRetention(),
                (upTo, at) -> {
                    durable.add(new Durable.Horizon(upTo, at));
                    applierThread.execute(this::applyDurable);
                });
    }

    /** Takes fields that were added, between writes; what is open knows them a moment later. */
    synchronized void addFields(CollectionDefinition newer) {
        Parts open = parts;
        if (open == null) {
            fields.grow(newer);
            return;
        }
        open.applierThread()
                .execute(() -> {
                    try {
                        fields.grow(open.metadata(), newer);
                    } catch (RuntimeException | Error e) {
                        readOnly(ErrorCode.STORE_FAILED, "fields cannot be added", e);
                    }
                });
    }

    @Override
    public CompletableFuture<Void> fieldsKnown(int count) {
        return fields.known(count);
    }

    /** The fields of the collection are not known: nothing can be opened, or written any more. */
    void fieldsFailed(ArbalestException cause) {
        if (parts == null) {
            fail(cause);
        } else {
            readOnly(cause.code(), "fields cannot be added", cause);
        }
    }

    private void fail(Throwable cause) {
        failure = OpeningFailure.of(name(), cause);
        state = ShardState.FAILED;
        OpeningFailure.report("shard " + name() + " cannot be opened", cause);
    }

    /** Keeps the first reason. */
    private void readOnly(ErrorCode code, String what, Throwable cause) {
        ArbalestException reason =
                cause instanceof ArbalestException coded
                        ? coded
                        : new ArbalestException(
                                code,
                                "shard " + name() + ": " + what + ": " + cause,
                                "restart the node",
                                cause);
        synchronized (gate) {
            if (failure != null || closing) {
                return;
            }
            failure = reason;
            state = ShardState.READ_ONLY;
        }
        OpeningFailure.report("shard " + name() + " is read only from now on", cause);
        Parts open = parts;
        if (open != null) {
            open.writes().close(reason);
        }
    }

    /** Ends all calls, then lets go of everything. What was acknowledged is in the log. */
    @Override
    public void close() {
        closing = true;
        gate.close();
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            Parts open = parts;
            if (open != null) {
                close(open);
            } else {
                state = state == ShardState.FAILED ? state : ShardState.RECOVERING;
            }
            metrics.close();
        }
    }

    private void close(Parts open) {
        open.indexer().stop();
        open.keeper().stop();
        open.purger().stop();
        open.writes().close(ShardRefusals.shuttingDown(name()));
        Closing.quietly(name(), open.log());
        Closing.quietly(name(), open.applierThread());
        memory.writeLock().lock(); // waits for searches and slices
        try {
            parts = null;
            state = ShardState.RECOVERING;
            open.keeper().close();
            Closing.quietly(name(), open.metadata());
            Closing.quietly(name(), open.segments());
        } finally {
            memory.writeLock().unlock();
        }
    }

    // ---------------------------------------------------------------- writing

    @Override
    public CompletableFuture<WriteResult> write(long senderTerm, RowBatch rows) {
        long started = env.clock().monotonicNanos();
        try {
            Parts open = requireOpen();
            ArbalestException reason = failure;
            if (reason != null) {
                throw reason;
            }
            if (senderTerm != 0 && senderTerm != term) {
                throw ShardRefusals.wrongTerm(name(), term, senderTerm);
            }
            RowCheck.Checked checked =
                    fields.check()
                            .check(
                                    rows,
                                    env.clock().wallMillis(),
                                    WriteQueue.pieceRows(options),
                                    WriteQueue.pieceBytes(options));
            metrics.rejectedRows.add(checked.errors().size());
            if (checked.pieces().isEmpty()) {
                List<RowStatus> statuses = Collections.nCopies(rows.rows(), RowStatus.REJECTED);
                long visible = open.segments().view().sequenceNumber();
                return CompletableFuture.completedFuture(
                        new WriteResult(statuses, checked.errors(), visible));
            }
            return open.writes()
                    .submit(checked, rows.rows())
                    .whenComplete((_, _) ->
                            metrics.writeSeconds.observe(
                                    (env.clock().monotonicNanos() - started) / 1e9));
        } catch (ArbalestException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** From the log's thread to the applier. */
    private final class LogListener implements WriteQueue.Listener {
        private final Executor applierThread;

        LogListener(Executor applierThread) {
            this.applierThread = applierThread;
        }

        @Override
        public void durable(WriteQueue.Piece piece) {
            durable.add(new Durable.Rows(piece));
            applierThread.execute(ShardCore.this::applyDurable);
        }

        @Override
        public void logState(@Nullable ArbalestException problem) {
            if (problem == null || problem.code() == ErrorCode.DISK_FULL) {
                fullDisk = problem;
            } else if (problem.code() == ErrorCode.LOG_FAILED) {
                readOnly(ErrorCode.LOG_FAILED, "the log failed", problem);
            }
        }
    }

    /** Applies what is durable, several records in one metadata batch; on the applier's thread. */
    private void applyDurable() {
        Parts open = parts;
        while (open != null && !durable.isEmpty()) {
            List<WriteQueue.Piece> pieces = new ArrayList<>();
            List<RowStatus[]> statuses = new ArrayList<>();
            ArbalestException reason = failure;
            try {
                int rows = 0;
                while (rows < MAX_BATCH_ROWS) {
                    Durable next = durable.poll();
                    if (next == null) {
                        break;
                    }
                    if (next instanceof Durable.Horizon(long upTo, long sequenceNumber)) {
                        if (reason == null) {
                            open.applier().purge(upTo, sequenceNumber);
                        }
                    } else if (next instanceof Durable.Rows(WriteQueue.Piece piece)) {
                        pieces.add(piece);
                        if (reason == null) {
                            statuses.add(open.applier().apply(piece.rows(), piece.first()));
                        }
                        rows += piece.rows().rows();
                    }
                }
                if (reason == null) {
                    open.applier().commit();
                }
            } catch (RuntimeException | Error e) {
                readOnly(ErrorCode.STORE_FAILED, "durable rows cannot be applied", e);
                reason = failure;
            }
            if (reason != null) {
                ArbalestException unknown = ShardRefusals.unknownOutcome(reason);
                pieces.forEach(piece -> open.writes().abandon(piece, unknown));
                continue;
            }
            gate.published(open.segments().view().sequenceNumber());
            if (open.keeper().wantsRoll()) {
                open.segments().roll();
            }
            open.indexer().wake();
            open.keeper().wake();
            for (int i = 0; i < pieces.size(); i++) {
                open.writes().applied(pieces.get(i), statuses.get(i));
            }
        }
    }

    private void indexProgress() {
        Parts open = parts;
        if (open != null) {
            open.keeper().wake();
            open.writes().pump();
        }
    }

    private void pump() {
        Parts open = parts;
        if (open != null) {
            open.writes().pump();
        }
    }

    // ---------------------------------------------------------------- reading

    @Override
    public ShardSearchResult search(List<float[]> queries, SearchSpec spec) {
        return read(
                spec.minSequenceNumber(),
                spec.deadlineNanos(),
                open -> {
                    long started = env.clock().monotonicNanos();
                    open.search().check(queries, spec);
                    ShardSearchResult result = open.search().search(queries, spec);
                    metrics.searchSeconds.observe((env.clock().monotonicNanos() - started) / 1e9);
                    return result;
                });
    }

    @Override
    public List<@Nullable FoundRow> get(
            List<PointKey> keys,
            List<String> fields,
            boolean includeVector,
            long minSequenceNumber,
            long deadlineNanos) {
        return read(
                minSequenceNumber,
                deadlineNanos,
                open -> open.search().get(keys, fields, includeVector));
    }

    @Override
    public DeleteResult deleteWhere(
            @Nullable Filter filter, boolean dryRun, long minSequenceNumber, long deadlineNanos) {
        long _ = read(minSequenceNumber, deadlineNanos, open -> open.metadata().livePoints());
        return matching(filter, rows -> write(0, rows), deadlineNanos).run(dryRun);
    }

    MatchingDelete matching(
            @Nullable Filter filter,
            Function<RowBatch, CompletableFuture<WriteResult>> write,
            long deadlineNanos) {
        Function<MatchingDelete.Reading, List<ShardMetadata.Row>> read =
                r -> read(0, Long.MAX_VALUE, open -> r.from(open.segments(), open.metadata()));
        return new MatchingDelete(read, write, env.clock(), filter, deadlineNanos);
    }

    @FunctionalInterface
    private interface Reading<T> {
        T from(Parts open);
    }

    private <T> T read(long minSequenceNumber, long deadlineNanos, Reading<T> reading) {
        requireOpen();
        gate.await(minSequenceNumber, deadlineNanos);
        memory.readLock().lock();
        try {
            return reading.from(requireOpen());
        } finally {
            memory.readLock().unlock();
        }
    }

    private Parts requireOpen() {
        Parts open = parts;
        if (open != null && !closing) {
            return open;
        }
        ArbalestException reason = failure;
        if (reason != null) {
            throw reason;
        }
        if (closing) {
            throw ShardRefusals.shuttingDown(name());
        }
        ShardRecovery now = recovery;
        throw ShardRefusals.notReady(name(), now == null ? "" : " and " + now.progress());
    }

    // ---------------------------------------------------------------- what it is

    @Override
    public ShardId id() {
        return id;
    }

    @Override
    public CollectionDefinition collection() {
        return fields.definition();
    }

    long term() {
        return term;
    }

    /** Why the shard could not be opened; empty: it could, or has not been yet. */
    Optional<ArbalestException> openingFailure() {
        return state == ShardState.FAILED ? Optional.ofNullable(failure) : Optional.empty();
    }

    ShardState state() {
        return state == ShardState.SERVING && fullDisk != null ? ShardState.READ_ONLY : state;
    }

    @Override
    public ShardStatistics statistics() {
        ArbalestException reason = failure == null ? fullDisk : failure;
        String error = reason == null ? "" : Objects.requireNonNullElse(reason.getMessage(), "");
        memory.readLock().lock();
        try {
            Parts open = parts;
            if (open == null) {
                return ShardStatistics.closed(state(), term, error);
            }
            List<Segment> segments = open.segments().all();
            return new ShardStatistics(
                    state(),
                    term,
                    open.log().durableSequenceNumber(),
                    open.segments().view().sequenceNumber(),
                    open.metadata().livePoints(),
                    segments.stream().mapToLong(Segment::linkedPoints).sum(),
                    segments.stream().mapToLong(s -> s.rows() - s.linked()).sum(),
                    open.metadata().tombstones(),
                    open.applier().staleRows(),
                    open.applier().duplicateRows(),
                    open.log().sizeBytes(),
                    error);
        } finally {
            memory.readLock().unlock();
        }
    }

    private String name() {
        return fields.definition().name() + "/" + id.number();
    }
}
