package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardId;
import io.arbalest.wal.RecordType;
import io.arbalest.wal.WriteAheadLog;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Arrives at the state of a shard from its commit point, its metadata store and its log.
 *
 * <p>The store stands at some applied sequence number A, whole, and is at least as far as the
 * sealed segments. Sealed segments are mapped; which of their rows have ended, the store knows. The
 * log is read from the first row on that is not sealed, or from A + 1 if that is earlier: up to A
 * rows are {@linkplain RestoredRows put back}, from there on they are applied as after a write.
 *
 * <p>A shard without a commit point has applied nothing yet that counts: store and segments start
 * empty and the whole log is applied.
 *
 * <p>Confined to one thread.
 */
final class ShardRecovery {
    private final ShardId id;
    private final CollectionDefinition definition;
    private final Path directory;
    private final EngineOptions options;
    private final Env env;
    private final ShardMetrics metrics;
    private final BooleanSupplier closing;
    private volatile String progress = "is opening its log";

    /** What came out. All parts are in the list that was given, too, to be closed last to first. */
    record Recovered(
            CommitPoint point, ShardMetadata metadata, Segments segments, RowApplier applier) {}

    ShardRecovery(
            ShardId id,
            CollectionDefinition definition,
            Path directory,
            EngineOptions options,
            Env env,
            ShardMetrics metrics,
            BooleanSupplier closing) {
        this.id = id;
        this.definition = definition;
        this.directory = directory;
        this.options = options;
        this.env = env;
        this.metrics = metrics;
        this.closing = closing;
    }

    /** What it does just now, for people; any thread. */
    String progress() {
        return progress;
    }

    /** Recovers; what is opened on the way is added to the list. */
    Recovered recover(
            WriteAheadLog log,
            CommitPointFiles points,
            SegmentFiles files,
            List<AutoCloseable> opened)
            throws IOException {
        CommitPoint found = points.load();
        CommitPoint point = found == null ? startOver(log, points) : found;
        Path store = directory.resolve("metadata");
        env.disk().createDirectories(store);
        ShardMetadata metadata = new ShardMetadata(env.stores().open(store), definition);
        opened.add(metadata);
        long applied = metadata.appliedSequenceNumber();
        requireAgreement(point, applied, log);
        forgetLeftovers(point, metadata);
        List<Segment> sealed = sealed(point, files, metadata);
        Segments segments =
                new Segments(
                        definition,
                        id.number(),
                        options.growingSegmentRows(),
                        sealed,
                        point.firstUnsealed());
        opened.add(segments);
        RestoredRows restored = new RestoredRows(segments, metadata, point.firstUnsealed());
        RowApplier applier = new RowApplier(segments, metadata, metrics);
        replay(log, applied, restored, applier);
        files.removeOthers(point.segments());
        return new Recovered(point, metadata, segments, applier);
    }

    /** What a crash has kept from being forgotten: rows of segments that no file set has any of. */
    private static void forgetLeftovers(CommitPoint point, ShardMetadata metadata) {
        Set<Integer> kept = new HashSet<>();
        point.segments().forEach(s -> s.origins().forEach(o -> kept.add(o.segment())));
        for (int segment : metadata.rowsBySegment().keySet()) {
            if (segment < point.firstUnsealed() && !kept.contains(segment)) {
                metadata.forgetSegment(segment);
            }
        }
    }

    private List<Segment> sealed(CommitPoint point, SegmentFiles files, ShardMetadata metadata)
            throws IOException {
        List<Segment> sealed = new ArrayList<>();
        try {
            for (CommitPoint.SealedFiles segment : point.segments()) {
                if (closing.getAsBoolean()) {
                    throw new IOException("closed while recovering");
                }
                progress =
                        "has mapped "
                                + sealed.size()
                                + " of "
                                + point.segments().size()
                                + " segments";
                sealed.add(files.open(segment, metadata));
            }
            return sealed;
        } catch (IOException | RuntimeException e) {
            sealed.forEach(Segment::close);
            throw e;
        }
    }

    private CommitPoint startOver(WriteAheadLog log, CommitPointFiles points) throws IOException {
        requireWholeLog(log);
        env.disk().deleteTree(directory.resolve("metadata"));
        env.disk().deleteTree(directory.resolve("segments"));
        env.disk().syncDirectory(directory);
        points.publish(CommitPoint.FIRST);
        return CommitPoint.FIRST;
    }

    /** Without a commit point the log is all there is, so nothing of it may be missing. */
    private static void requireWholeLog(WriteAheadLog log) throws IOException {
        long[] first = {0};
        log.replay(1, (_, _, at, _, _) -> first[0] = first[0] == 0 ? at : first[0]);
        if (first[0] > 1) {
            throw missing(1, first[0]);
        }
    }

    private static void requireAgreement(CommitPoint point, long applied, WriteAheadLog log) {
        long needed = point.appliedSequenceNumber();
        for (CommitPoint.SealedFiles segment : point.segments()) {
            needed = Math.max(needed, segment.lastSequenceNumber());
        }
        if (applied < needed) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "the metadata store holds rows up to "
                            + applied
                            + ", the commit point needs those up to "
                            + needed,
                    ArbalestException.REFILL);
        }
        if (applied >= log.nextSequenceNumber()) {
            throw new ArbalestException(
                    ErrorCode.LOG_CORRUPT,
                    "the metadata store holds rows up to "
                            + applied
                            + ", the log ends with "
                            + (log.nextSequenceNumber() - 1),
                    ArbalestException.REFILL);
        }
    }

    private void replay(WriteAheadLog log, long applied, RestoredRows restored, RowApplier applier)
            throws IOException {
        long from = Math.min(restored.next(), applied + 1);
        Replay replay = new Replay(applied, restored, applier, from, log.nextSequenceNumber() - 1);
        if (from < log.nextSequenceNumber()) {
            log.replay(
                    from, (type, _, first, count, body) -> replay.record(type, first, count, body));
        }
        replay.end();
        if (replay.next < log.nextSequenceNumber()) {
            throw missing(replay.next, log.nextSequenceNumber());
        }
    }

    private static ArbalestException missing(long expected, long found) {
        return new ArbalestException(
                ErrorCode.LOG_CORRUPT,
                "row " + expected + " is needed, the log goes on with row " + found,
                ArbalestException.REFILL);
    }

    /** Takes the log's records in their order. */
    private final class Replay {
        private final long applied;
        private final RestoredRows restored;
        private final RowApplier applier;
        private long next;
        private int waiting;
        private final long end;
        private boolean published;

        Replay(long applied, RestoredRows restored, RowApplier applier, long from, long end) {
            this.end = end;
            this.applied = applied;
            this.restored = restored;
            this.applier = applier;
            this.next = from;
        }

        void record(RecordType type, long first, int count, MemorySegment body) throws IOException {
            if (closing.getAsBoolean()) {
                throw new IOException("closed while recovering");
            }
            if (type == RecordType.TERM_START || type == RecordType.PAD) {
                return;
            }
            long last = first + count - 1;
            if (last < next) {
                return;
            }
            if (first > next) {
                throw missing(next, first);
            }
            next = last + 1;
            progress = "has read its log up to row " + last + " of " + end;
            switch (type) {
                case ROWS -> rows(RowFormat.decode(body, count, definition), first, last);
                case HORIZON -> horizon(HorizonFormat.decode(body), first);
                default ->
                        throw new ArbalestException(
                                ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                                "the log has a record of type "
                                        + type
                                        + ", not read by this release",
                                "run the release that wrote it, or a later one");
            }
        }

        private void rows(LoggedRows rows, long first, long last) {
            if (last <= applied) {
                for (int i = 0; i < rows.rows(); i++) {
                    restored.offer(rows, i, first + i);
                }
                return;
            }
            if (first <= applied) {
                throw new ArbalestException(
                        ErrorCode.STORE_FAILED,
                        "the metadata store ends with row "
                                + applied
                                + ", within the record of rows "
                                + first
                                + " to "
                                + last,
                        ArbalestException.REFILL);
            }
            publishRestored();
            applier.apply(rows, first);
            waiting += rows.rows();
            if (waiting >= DurableQueue.MAX_BATCH_ROWS) {
                applier.commit();
                waiting = 0;
            }
        }

        private void horizon(long upTo, long sequenceNumber) {
            if (sequenceNumber > applied) {
                publishRestored();
                applier.purge(upTo, sequenceNumber);
            }
        }

        private void publishRestored() {
            if (!published) {
                published = true;
                restored.publish(applied);
            }
        }

        void end() {
            publishRestored();
            applier.commit();
        }
    }
}
