package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.Filter;

/**
 * One segment as one search call sees it: which rows count, how to look for them, and the looking
 * itself, for each query of the call.
 *
 * <p>How: rows that the graph has not linked are always scored one by one. Linked rows are scored
 * one by one in exact mode and when few of them count, else found by a walk of the graph. A walk
 * that accepts a share {@code s} of the points looks at about {@code ef * m0 / s} of them to fill
 * its candidates, and a scan scores {@code s * n}; they break even at {@code s * n = sqrt(ef * m0 *
 * n)}, below which the scan is cheaper and misses nothing. Without a filter, a segment of which
 * most rows live is always walked.
 *
 * <p>Confined to the searching thread.
 */
final class SegmentSearch {
    /** Rows scored between two looks at the clock. */
    private static final int SCAN_STRIDE = 8192;

    private final Segment segment;
    private final OrdinalSet accept;
    private final int rows;
    private final int linked;
    private final long countingRows;
    private final boolean walk;
    private final boolean scanTail;
    private final Clock clock;
    private final long deadlineNanos;

    private long scored;
    private long scanned;
    private boolean deadlineReached;
    private boolean walkedLast;

    /**
     * @param linked the segment's watermark, read before the snapshot was
     * @param snapshot rows visible here count
     */
    SegmentSearch(
            Segment segment,
            int linked,
            long snapshot,
            ShardMetadata metadata,
            SearchSpec spec,
            int ef,
            int m0,
            Clock clock) {
        this.segment = segment;
        this.rows = segment.rows();
        this.linked = Math.min(linked, rows);
        this.clock = clock;
        this.deadlineNanos = spec.deadlineNanos();
        this.scanTail = !spec.skipTail();
        long live = segment.live();
        if (spec.filter() == null) {
            this.accept = ordinal -> ordinal < rows && segment.visible(ordinal, snapshot);
            this.countingRows = live;
        } else {
            Filter filter = spec.filter();
            OrdinalSet matching = segment.translate(origin -> metadata.matching(filter, origin));
            this.accept =
                    ordinal -> matching.contains(ordinal) && segment.visible(ordinal, snapshot);
            this.countingRows =
                    segment.origins().stream()
                            .mapToLong(origin -> metadata.cardinality(filter, origin.segment()))
                            .sum();
        }
        boolean fewCount = countingRows < Math.sqrt((double) ef * m0 * Math.max(1, this.linked));
        boolean manyDoNotCount = spec.filter() != null || 2 * live < rows;
        this.walk = !spec.exact() && this.linked > 0 && !(fewCount && manyDoNotCount);
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

    /** Looks for the best rows of a query; those below the bound need not be found. */
    void search(float[] query, int ef, float bound, NeighborQueue results) {
        walkedLast = walk;
        Segment.Probe probe = segment.probe(query);
        if (walk) {
            OrdinalSet inGraph = ordinal -> ordinal < linked && accept.contains(ordinal);
            scored += probe.walk(ef, inGraph, bound, results);
        } else {
            scan(probe, 0, linked, bound, results);
        }
        if (scanTail) {
            scan(probe, linked, rows, Math.max(bound, results.worstScore()), results);
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
        scan(segment.probe(query), 0, scanTail ? rows : linked, Float.NEGATIVE_INFINITY, results);
    }

    private void scan(Segment.Probe probe, int from, int to, float bound, NeighborQueue results) {
        for (int start = from; start < to; start += SCAN_STRIDE) {
            if (start > from && clock.monotonicNanos() >= deadlineNanos) {
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

    /** Whether a scan was cut short. */
    boolean deadlineReached() {
        return deadlineReached;
    }
}
