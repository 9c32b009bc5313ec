package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.common.OrdinalSet;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * One pass over the rows of a shard that deletes those that a filter accepts: some are found, then
 * deleted through the log like any other write, and so on. The pass goes by the names of rows,
 * which no seal and no merge changes, and leaves out rows that came after it began, so it ends
 * however fast others write.
 *
 * <p>A delete carries the version that follows the one that the row was read with. Whatever was
 * written to its key since has that version or a higher one, and stays: the condition holds of what
 * is deleted, not of what was there before.
 *
 * <p>Confined to one thread.
 */
final class MatchingDelete {
    /** Rows found, and then deleted, in one step. */
    static final int STEP_ROWS = 1024;

    private static final BitSet NO_FIELDS = new BitSet();

    /** A look at the shard's parts. */
    @FunctionalInterface
    interface Reading {
        List<ShardMetadata.Row> from(Segments segments, ShardMetadata metadata);
    }

    private final Function<Reading, List<ShardMetadata.Row>> read;
    private final Function<RowBatch, CompletableFuture<WriteResult>> write;
    private final Clock clock;
    private final @Nullable Filter filter;
    private final long deadlineNanos;

    private @Nullable List<Integer> origins;
    private long snapshot;
    private int origin;
    private int ordinal;
    private OrdinalSet matching = OrdinalSet.ALL;

    private long deleted;
    private long changed;
    private long last;

    /**
     * @param read runs a reading while the shard's memory stays
     * @param filter null: every row
     */
    MatchingDelete(
            Function<Reading, List<ShardMetadata.Row>> read,
            Function<RowBatch, CompletableFuture<WriteResult>> write,
            Clock clock,
            @Nullable Filter filter,
            long deadlineNanos) {
        this.read = read;
        this.write = write;
        this.clock = clock;
        this.filter = filter;
        this.deadlineNanos = deadlineNanos;
    }

    /**
     * Runs to the end or until time is up. A failure after rows were deleted is part of the result.
     *
     * @param dryRun only count
     * @throws ArbalestException the filter's codes, and those of a first write that is refused: its
     *     rows may be deleted if the code leaves that open
     */
    DeleteResult run(boolean dryRun) {
        try {
            boolean finished = false;
            while (!finished && clock.monotonicNanos() < deadlineNanos) {
                finished = step(dryRun);
            }
            return new DeleteResult(deleted, changed, finished, last);
        } catch (ArbalestException e) {
            if (dryRun || last == 0) {
                throw e;
            }
            return new DeleteResult(
                    deleted,
                    changed,
                    false,
                    last,
                    e.prefixed(deleted + " points were deleted, then the delete failed: "));
        }
    }

    /** Finds some rows and deletes them; whether there were none left. */
    private boolean step(boolean dryRun) {
        List<ShardMetadata.Row> found = read.apply(this::next);
        if (found.isEmpty()) {
            return true;
        }
        if (dryRun) {
            deleted += found.size();
            return false;
        }
        WriteResult written = await(write.apply(deletes(found)));
        if (written != null) {
            int applied = Collections.frequency(written.statuses(), RowStatus.APPLIED);
            deleted += applied;
            changed += found.size() - applied;
            last = written.sequenceNumber();
        }
        return false;
    }

    /** The next rows that match; none: there are no more. */
    private List<ShardMetadata.Row> next(Segments segments, ShardMetadata metadata) {
        try (Segments.Lease lease = segments.lease()) {
            List<Integer> all = origins;
            if (all == null) {
                all =
                        lease.view().segments().stream()
                                .flatMap(segment -> segment.origins().stream())
                                .map(RowStamps::segment)
                                .distinct()
                                .sorted()
                                .toList();
                origins = all;
                snapshot = lease.view().sequenceNumber();
            }
            List<ShardMetadata.Row> found = new ArrayList<>();
            while (found.size() < STEP_ROWS && origin < all.size()) {
                int segment = all.get(origin);
                if (!lease.holds(segment) || !nextOf(segment, segments, lease, metadata, found)) {
                    origin++;
                    ordinal = 0;
                }
            }
            return found;
        }
    }

    /** Adds rows of one segment; whether there may be more of it. */
    private boolean nextOf(
            int segment,
            Segments segments,
            Segments.Lease lease,
            ShardMetadata metadata,
            List<ShardMetadata.Row> found) {
        RowStamps stamps = segments.stamps(segment);
        int rows = stamps.rows();
        if (ordinal == 0) {
            matching = filter == null ? OrdinalSet.ALL : metadata.matching(filter, segment);
        }
        int[] ordinals = new int[STEP_ROWS - found.size()];
        int count = 0;
        int at = matching.next(ordinal, rows);
        while (at < rows && count < ordinals.length) {
            if (stamps.visible(at, lease.view().sequenceNumber()) && stamps.from(at) <= snapshot) {
                ordinals[count++] = at;
            }
            at = matching.next(at + 1, rows);
        }
        ordinal = at;
        int[] seen = IntStream.of(ordinals).limit(count).toArray();
        if (filter == null) {
            found.addAll(metadata.rows(segment, seen, NO_FIELDS));
        } else { // read whole, so that version and values are of one moment
            Predicate<ShardMetadata.Row> test = metadata.test(filter);
            metadata.rows(segment, seen).stream().filter(test).forEach(found::add);
        }
        return at < rows;
    }

    private static RowBatch deletes(List<ShardMetadata.Row> found) {
        List<PointKey> keys = found.stream().map(ShardMetadata.Row::key).toList();
        List<@Nullable Version> versions = new ArrayList<>(found.size());
        found.forEach(row -> versions.add(VersionRule.after(row.version())));
        return new RowBatch(
                Collections.nCopies(found.size(), OperationKind.DELETE),
                keys,
                versions,
                MemorySegment.NULL,
                new BitSet(),
                Collections.nCopies(found.size(), new @Nullable Object[0]),
                RowBatch.Writer.ANONYMOUS,
                false);
    }

    /** Null if time ran out: the rows may be deleted all the same. */
    private @Nullable WriteResult await(CompletableFuture<WriteResult> written) {
        try {
            long left = Math.max(0, deadlineNanos - clock.monotonicNanos());
            return written.get(left, TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            return null;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ArbalestException coded
                    ? coded
                    : new ArbalestException(
                            ErrorCode.INTERNAL, "deleting failed: " + e.getCause(), "", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ArbalestException(
                    ErrorCode.SHUTTING_DOWN,
                    "interrupted while deleting; some points may be deleted",
                    "call again",
                    e);
        }
    }
}
