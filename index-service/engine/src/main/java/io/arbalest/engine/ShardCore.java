package io.arbalest.engine;

import io.arbalest.io.FileDamagedException;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.ShardId;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
 * <p>If opening fails the shard is FAILED and keeps the reason; for want of room it is opened
 * again. If the log or the store fails later the shard is READ_ONLY: what was published is served,
 * writes are refused with the reason, until the node restarts; a full disk ends by itself. If a
 * file of a sealed segment turns out to be damaged, when it is opened, merged or {@linkplain
 * SegmentScrub checked}, the shard is FAILED: every call is refused with what was found, because
 * answers would lack rows and not say so.
 *
 * <p>Thread-safe.
 */
final class ShardCore implements Shard, AutoCloseable {
    /** Full segments that may wait in memory to be sealed; then writers are held back. */
    static final int MAX_UNSEALED_SEGMENTS = 4;

    private static final String NO_FIELDS = "fields cannot be added";

    private static final System.Logger LOG = System.getLogger(ShardCore.class.getName());

    private final ShardSite site;
    private final KnownFields fields;
    private final Env env;
    private final ShardMetrics metrics;
    private final TokenGate gate;
    private final ShardCondition condition;
    private final ReentrantReadWriteLock memory = new ReentrantReadWriteLock();

    private volatile @Nullable ShardAssembly assembly;
    private volatile @Nullable OpenShard parts;
    private boolean closed;

    ShardCore(CollectionDefinition definition, ShardSite site) {
        this.site = site;
        this.condition = new ShardCondition(site.reserve());
        this.fields = new KnownFields(definition);
        this.env = site.env();
        this.metrics = new ShardMetrics(env.metrics(), site.id(), definition);
        this.gate = new TokenGate(env.clock());
    }

    // ---------------------------------------------------------------- opening and closing

    /**
     * Recovers the shard, unless it is open or has failed for another reason than {@linkplain
     * #noRoomToOpen want of room}; on the caller's thread. Does not throw: a failure becomes the
     * state.
     */
    synchronized void open() {
        if (parts != null || !condition.opening()) {
            return;
        }
        metrics.watch(this);
        long started = env.clock().monotonicNanos();
        List<AutoCloseable> opened = new ArrayList<>();
        ShardAssembly opening =
                new ShardAssembly(
                        site,
                        collection(),
                        condition,
                        metrics,
                        gate,
                        memory.readLock(),
                        new Listener());
        assembly = opening;
        try {
            OpenShard made = opening.open(opened);
            parts = made;
            metrics.watch(made.keeper());
            gate.published(made.segments().view().sequenceNumber());
            condition.serving();
            made.start();
            LOG.log(
                    Level.INFO,
                    "shard {0} serves: {1} rows recovered in {2} ms",
                    name(),
                    made.recoveredRows(),
                    (env.clock().monotonicNanos() - started) / 1_000_000);
        } catch (IOException | RuntimeException | Error e) {
            opened.reversed().forEach(part -> Closing.quietly(name(), part));
            cannotOpen(e);
        }
    }

    /** What happens inside of the open shard. */
    private final class Listener implements ShardAssembly.Owner {
        @Override
        public void indexed() {
            OpenShard open = parts;
            if (open != null) {
                open.keeper().wake();
                open.writes().pump();
            }
        }

        @Override
        public void sealed() {
            OpenShard open = parts;
            if (open != null) {
                open.writes().pump();
            }
        }

        @Override
        public void damaged(FileDamagedException damage) {
            ShardCore.this.damaged(damage);
        }

        @Override
        public void readOnly(ErrorCode code, String what, Throwable cause) {
            ShardCore.this.readOnly(code, what, cause);
        }

        @Override
        public void noRoomForLog(@Nullable ArbalestException problem) {
            condition.noRoomForLog(problem);
        }

        @Override
        public void noRoomForSegments(@Nullable ArbalestException problem) {
            condition.noRoomForSegments(problem);
            OpenShard open = parts;
            if (open != null && problem != null) {
                open.writes().refuse(problem);
            }
        }

        @Override
        public void noRoomForStore(@Nullable ArbalestException problem) {
            OpenShard open = parts;
            if (problem == null || open == null) {
                if (condition.noRoomForStore(null) && condition.failure() == null) {
                    LOG.log(Level.INFO, "shard {0}: the store takes rows again", name());
                }
                return;
            }
            ArbalestException reason = ShardFailure.storeFull(name(), problem);
            if (condition.noRoomForStore(reason)) {
                LOG.log(Level.WARNING, reason.getMessage());
            }
            open.writes().refuseAll(reason, ShardRefusals.appliedLater(reason));
        }
    }

    /** Takes fields that were added, between writes; what is open knows them a moment later. */
    synchronized void addFields(CollectionDefinition newer) {
        OpenShard open = parts;
        if (open == null) {
            fields.grow(newer);
            return;
        }
        open.durable().betweenBatches(() -> grow(open, newer));
    }

    private void grow(OpenShard open, CollectionDefinition newer) {
        try {
            fields.grow(open.metadata(), newer);
        } catch (ArbalestException e) {
            if (e.code() == ErrorCode.DISK_FULL && condition.failure() == null) {
                throw e; // tried again
            }
            readOnly(ErrorCode.STORE_FAILED, NO_FIELDS, e);
        } catch (RuntimeException | Error e) {
            readOnly(ErrorCode.STORE_FAILED, NO_FIELDS, e);
        }
    }

    @Override
    public CompletableFuture<Void> fieldsKnown(int count) {
        return fields.known(count);
    }

    /**
     * The fields that the collection shall have are not known, or not kept: nothing can be opened,
     * or written any more, unless there is only no room for them.
     */
    void fieldsFailed(ArbalestException cause) {
        if (parts == null) {
            cannotOpen(cause);
        } else if (cause.code() == ErrorCode.DISK_FULL) {
            LOG.log(Level.WARNING, "shard {0} waits with new fields: {1}", name(), cause.detail());
        } else {
            readOnly(cause.code(), NO_FIELDS, cause);
        }
    }

    /** Keeps the reason, and says it. */
    private void cannotOpen(Throwable cause) {
        ArbalestException reason = ShardFailure.opening(name(), cause);
        boolean news =
                reason.code() == ErrorCode.DISK_FULL
                        ? condition.noRoomToOpen(reason)
                        : condition.fail(reason);
        if (news) {
            ShardFailure.report("shard " + name() + " cannot be opened", cause);
        }
    }

    /** Whether opening it failed for want of room: it may be tried again. */
    boolean noRoomToOpen() {
        return condition.noRoomToOpen();
    }

    /** Keeps the first reason. */
    private void readOnly(ErrorCode code, String what, Throwable cause) {
        ArbalestException reason = ShardFailure.writing(name(), code, what, cause);
        if (condition.readOnly(reason)) {
            ShardFailure.report("shard " + name() + " is read only from now on", cause);
            refuseWrites(reason);
        }
    }

    /** An answer that lacks rows would look like any other, so there are none from now on. */
    private void damaged(FileDamagedException damage) {
        ArbalestException reason = ShardFailure.damage(name(), damage);
        if (condition.fail(reason)) {
            ShardFailure.report("shard " + name() + " answers nothing from now on", reason);
            refuseWrites(reason);
            OpenShard open = parts;
            if (open != null) {
                open.stop();
            }
        }
    }

    private void refuseWrites(ArbalestException reason) {
        OpenShard open = parts;
        if (open != null) {
            open.writes().close(reason);
        }
    }

    /** Ends all calls, then lets go of everything. What was acknowledged is in the log. */
    @Override
    public void close() {
        condition.close();
        gate.close();
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            OpenShard open = parts;
            if (open != null) {
                close(open);
            } else {
                condition.closed();
            }
            metrics.close();
        }
    }

    private void close(OpenShard open) {
        open.stop();
        open.writes().close(ShardRefusals.shuttingDown(name()));
        Closing.quietly(name(), open.log());
        Closing.quietly(name(), open.applierThread());
        memory.writeLock().lock(); // waits for searches and slices
        try {
            parts = null;
            condition.closed();
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
            OpenShard open = requireOpen();
            ArbalestException reason = condition.failure();
            if (reason != null) {
                throw reason;
            }
            if (senderTerm != 0 && senderTerm != term()) {
                throw ShardRefusals.wrongTerm(name(), term(), senderTerm);
            }
            RowCheck.Checked checked =
                    fields.check()
                            .check(
                                    rows,
                                    env.clock().wallMillis(),
                                    WriteQueue.pieceRows(site.options()),
                                    WriteQueue.pieceBytes(site.options()));
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

    // ---------------------------------------------------------------- reading

    @Override
    public ShardSearchResult search(List<float[]> queries, SearchSpec spec) {
        return read(
                spec.minSequenceNumber(),
                spec.deadlineNanos(),
                open -> {
                    open.search().check(queries, spec);
                    return open.search().search(queries, spec);
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
        T from(OpenShard open);
    }

    private <T> T read(long minSequenceNumber, long deadlineNanos, Reading<T> reading) {
        requireOpen();
        gate.await(minSequenceNumber, deadlineNanos);
        memory.readLock().lock();
        try {
            OpenShard open = requireOpen();
            try {
                T found = reading.from(open);
                requireOpen(); // else damage was found meanwhile, and perhaps was read
                return found;
            } catch (ArbalestException e) {
                throw e;
            } catch (RuntimeException | InternalError e) { // the latter: mmap(2), SIGBUS
                open.scrub().lookForDamage();
                requireOpen();
                throw e;
            }
        } finally {
            memory.readLock().unlock();
        }
    }

    private OpenShard requireOpen() {
        Optional<ArbalestException> failed = condition.failed();
        if (failed.isPresent()) {
            throw failed.get();
        }
        OpenShard open = parts;
        if (open != null && !condition.closing()) {
            return open;
        }
        if (condition.closing()) {
            throw ShardRefusals.shuttingDown(name());
        }
        ShardAssembly now = assembly;
        throw ShardRefusals.notReady(name(), now == null ? "" : now.progress());
    }

    // ---------------------------------------------------------------- what it is

    @Override
    public ShardId id() {
        return site.id();
    }

    @Override
    public CollectionDefinition collection() {
        return fields.definition();
    }

    long term() {
        return site.term();
    }

    /** Why nothing of the shard is answered; empty: it has not failed. */
    Optional<ArbalestException> failed() {
        return condition.failed();
    }

    ShardState state() {
        return condition.state();
    }

    @Override
    public ShardStatistics statistics() {
        String error = condition.problem();
        memory.readLock().lock();
        try {
            OpenShard open = parts;
            if (open == null) {
                return ShardStatistics.closed(state(), term(), error);
            }
            List<Segment> segments = open.segments().all();
            return new ShardStatistics(
                    state(),
                    term(),
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
        return fields.definition().name() + "/" + site.id().number();
    }
}
