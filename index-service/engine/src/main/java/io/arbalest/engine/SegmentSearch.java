package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.AcceptedPoints;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.memory.Prefetch;
import io.arbalest.metadata.MatchingRows;

import org.jspecify.annotations.Nullable;

import java.util.function.IntFunction;

/**
 * One segment as one search call sees it: which rows count, how to look for them, and the looking
 * itself, for each query of the call.
 *
 * <p>How: rows that the graph has not linked are always scored one by one. Linked rows are scored
 * one by one in exact mode, else as {@link FilterPlanner} decides. Without a filter the graph is
 * walked, unless few rows of the segment live: a walk that accepts a share {@code s} of the points
 * looks at about {@code ef * m0 / s} of them, a scan at {@code s * n}; they break even at {@code s
 * * n = sqrt(ef * m0 * n)}.
 *
 * <p>Confined to the searching thread.
 */
final class SegmentSearch {
    /** Rows scored between two looks at the clock. */
    private static final int SCAN_STRIDE = 1 << 16;

    /** Rows of which the processor is told together that they are scored next. */
    private static final int DIRECT_BATCH = 32;

    private final Segment segment;
    private final OrdinalSet accept;
    private final int rows;
    private final int linked;
    private final int m0;
    private final long countingRows;
    private final FilterPlan plan;
    private final double dense;
    private final boolean filtered;
    private final boolean byVector;
    private final boolean scanTail;
    private final boolean adaptiveStop;
    private final Clock clock;
    private final long deadlineNanos;
    private long filterNanos;

    private long visited;
    private long scored;
    private long scanned;
    private long walks;
    private long walksOfAll;
    private long fallbacks;
    private long searchNanos;
    private boolean deadlineReached;
    private boolean walkedLast;

    /**
     * @param linked the segment's watermark, read before the snapshot was
     * @param snapshot rows visible here count
     * @param matching the rows that pass the filter, by the segment to which they were appended;
     *     null: there is none
     */
    SegmentSearch(
            Segment segment,
            int linked,
            long snapshot,
            @Nullable IntFunction<MatchingRows> matching,
            SearchSpec spec,
            int ef,
            int m0,
            Clock clock) {
        this.segment = segment;
        this.rows = segment.rows();
        this.linked = Math.min(linked, rows);
        this.m0 = m0;
        this.clock = clock;
        this.deadlineNanos = spec.deadlineNanos();
        this.scanTail = !spec.skipTail();
        this.adaptiveStop = spec.adaptiveStop();
        this.dense = spec.plan() == FilterPlan.AUTO ? FilterPlanner.DENSE : Double.MAX_VALUE;
        long live = segment.live();
        boolean all = matching == null;
        if (matching == null) {
            this.accept =
                    segment.allVisible()
                            ? OrdinalSet.ALL
                            : ordinal -> ordinal < rows && segment.visible(ordinal, snapshot);
            this.countingRows = live;
        } else {
            MatchingRows passing = segment.translate(matching);
            all = passing.all(rows);
            if (segment.allVisible()) {
                this.accept = all ? OrdinalSet.ALL : passing;
            } else {
                this.accept = new Accepted(passing, segment, snapshot);
            }
            this.countingRows = passing.cardinality();
        }
        this.filtered = matching != null;
        this.byVector = spec.exact() || countingRows <= ef; // codes would save nothing
        this.plan = plan(spec, ef, live, all);
    }

    /** Says how long it took to find out which rows count. */
    void filterTook(long nanos) {
        filterNanos = nanos;
    }

    /** Says how long a query took here, in addition to those before. */
    void searchTook(long nanos) {
        searchNanos += nanos;
    }

    /**
     * @param all whether every row passes, so that it is as if there were no filter
     */
    private FilterPlan plan(SearchSpec spec, int ef, long live, boolean all) {
        if (spec.exact() || linked == 0) {
            return FilterPlan.EXACT;
        }
        if (spec.filter() != null && spec.plan() != FilterPlan.AUTO) {
            return spec.plan();
        }
        if (!all) {
            return FilterPlanner.choose(linked, countingRows, ef, m0);
        }
        boolean fewLive = live < Math.sqrt((double) ef * m0 * linked) && 2 * live < rows;
        return fewLive ? FilterPlan.EXACT : FilterPlan.POST;
    }

    /** Rows that match and are visible. */
    private record Accepted(OrdinalSet matching, Segment segment, long snapshot)
            implements OrdinalSet {
        @Override
        public boolean contains(int ordinal) {
            return matching.contains(ordinal) && segment.visible(ordinal, snapshot);
        }

        @Override
        public int next(int from, int to) {
            int ordinal = matching.next(from, to);
            while (ordinal < to && !segment.visible(ordinal, snapshot)) {
                ordinal = matching.next(ordinal + 1, to);
            }
            return ordinal;
        }
    }

    /** Ordinals of a set that are in the graph. */
    private record Linked(OrdinalSet set, int linked) implements OrdinalSet {
        @Override
        public boolean contains(int ordinal) {
            return ordinal < linked && set.contains(ordinal);
        }

        @Override
        public int next(int from, int to) {
            int end = Math.min(to, linked);
            int ordinal = from < end ? set.next(from, end) : end;
            return ordinal < end ? ordinal : to;
        }
    }

    Segment segment() {
        return segment;
    }

    int rows() {
        return rows;
    }

    int linked() {
        return linked;
    }

    /** Whether no row can be found here, whatever the query. */
    boolean empty() {
        return rows == 0 || (filtered && countingRows == 0);
    }

    /** Looks for the best rows of a query; those below the bound need not be found. */
    void search(float[] query, int ef, float bound, NeighborQueue results) {
        walkedLast = plan != FilterPlan.EXACT;
        Segment.Probe probe = segment.probe(query);
        switch (plan) {
            case EXACT -> scanLinked(probe, ef, bound, results);
            case WALK -> walkAccepted(probe, ef, bound, results);
            case POST, AUTO -> {
                count(probe.walk(limits(ef, bound), acceptedLinks(), results));
            }
        }
        if (scanTail) {
            scan(probe, linked, rows, Math.max(bound, results.worstScore()), results);
        }
    }

    private SearchLimits limits(int ef, float bound) {
        SearchLimits limits =
                SearchLimits.of(ef).withMinScore(bound).withAdaptiveStop(adaptiveStop);
        return deadlineNanos == Long.MAX_VALUE ? limits : limits.withExpired(this::timeIsOver);
    }

    private boolean timeIsOver() {
        return clock.monotonicNanos() >= deadlineNanos;
    }

    private void count(Segment.Probe.Walked walked) {
        scored += walked.scored();
        visited += walked.visited();
        deadlineReached |= walked.expired();
    }

    /** The walk, and if it gives up or cannot fill the results, all accepted rows one by one. */
    private void walkAccepted(Segment.Probe probe, int ef, float bound, NeighborQueue results) {
        long limit = FilterPlanner.walkLimit(countingRows, ef, m0);
        AcceptedPoints accepted = new AcceptedPoints(acceptedLinks(), linked, countingRows, dense);
        Segment.Probe.Walked walked =
                probe.walkAccepted(limits(ef, bound), accepted, limit, results);
        count(walked);
        walksOfAll += walked.all() ? 1 : 0;
        walks++;
        if (!walked.ended()) {
            fallbacks++;
            walkedLast = false;
            results.clear(results.capacity());
            scanLinked(probe, ef, bound, results);
        }
    }

    /**
     * Whether a scan might find rows that the last search of the graph did not, given how many it
     * found.
     */
    boolean mayHoldMore(int found) {
        return walkedLast && found < Math.min(countingRows, scanTail ? rows : linked);
    }

    /** Looks again without the graph. */
    void searchExactly(float[] query, NeighborQueue results) {
        walkedLast = false;
        fallbacks++;
        scan(segment.probe(query), 0, scanTail ? rows : linked, Float.NEGATIVE_INFINITY, results);
    }

    /**
     * Whether so few rows count that all of them would be scored again, as results are: then they
     * are scored in that way only.
     *
     * @param kept candidates that are scored again
     */
    boolean fewCount(int kept) {
        return filtered && plan == FilterPlan.EXACT && countingRows <= kept;
    }

    /** Adds every row that counts, in the order of the ordinals, whatever its score. */
    void scoreAll(float[] query, Candidates found) {
        walkedLast = false;
        int end = scanTail ? rows : linked;
        int[] batch = new int[Math.clamp(countingRows, 1, DIRECT_BATCH)];
        double[] scores = new double[batch.length];
        Prefetch prefetch = new Prefetch();
        long left = countingRows;
        int count = accept.copy(0, end, batch);
        while (count > 0) {
            segment.expect(batch, count, prefetch);
            segment.exactScores(batch, count, query, scores);
            for (int i = 0; i < count; i++) {
                found.add(segment, batch[i], scores[i]);
            }
            scanned += count;
            left -= count;
            count = left > 0 ? accept.copy(batch[count - 1] + 1, end, batch) : 0;
        }
    }

    /** What was done so far. */
    SegmentPlan explain() {
        return new SegmentPlan(
                segment.id(),
                segment instanceof SealedSegment,
                segment instanceof SealedSegment sealed ? sealed.codes().label() : "",
                2 * walksOfAll > walks ? FilterPlan.POST : plan,
                rows,
                linked,
                countingRows,
                visited,
                scored,
                scanned,
                fallbacks,
                filterNanos,
                searchNanos);
    }

    private OrdinalSet acceptedLinks() {
        return linked == rows ? accept : new Linked(accept, linked);
    }

    /** Every accepted row of the graph; by codes where there are some, unless they are few. */
    private void scanLinked(Segment.Probe probe, int ef, float bound, NeighborQueue results) {
        if (byVector) {
            scan(probe, 0, linked, bound, results);
            return;
        }
        for (int start = 0; start < linked; start += SCAN_STRIDE) {
            if (start > 0 && timeIsOver()) {
                deadlineReached = true;
                return;
            }
            float floor = Math.max(bound, results.worstScore());
            int end = Math.min(linked, start + SCAN_STRIDE);
            scanned += probe.scanCodes(start, end, accept, ef, floor, results);
        }
    }

    private void scan(Segment.Probe probe, int from, int to, float bound, NeighborQueue results) {
        for (int start = from; start < to; start += SCAN_STRIDE) {
            if (start > from && timeIsOver()) {
                deadlineReached = true;
                return;
            }
            float floor = Math.max(bound, results.worstScore());
            int end = Math.min(to, start + SCAN_STRIDE);
            scanned += probe.scan(start, end, accept, floor, results);
        }
    }

    /** Distances computed in the graph, over all queries. */
    long scored() {
        return scored;
    }

    /** Distances computed one by one, over all queries. */
    long scanned() {
        return scanned;
    }

    /** Whether a walk or a scan was cut short. */
    boolean deadlineReached() {
        return deadlineReached;
    }
}
