package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.memory.Prefetch;
import io.arbalest.metadata.MatchingRows;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.simd.FloatDot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Answers searches from the segments of one shard.
 *
 * <p>A call fixes one snapshot. For each query the segments are searched in turn, sealed ones
 * first, the largest first of all; the k-th best score so far is the bound for the next. Segments
 * all of whose rows that count are scored again anyway come last, because no bound helps there. If
 * fewer than k rows are found in the end, segments whose graph may have missed some are scored one
 * by one, so a search always returns min(k, rows that count). A few more than k candidates are
 * kept, because kernels round: all are scored again in double precision, then ordered, ties by key,
 * and cut to k. Only those rows are read from the metadata.
 *
 * <p>Thread-safe.
 */
final class ShardSearch {
    private static final int MARGIN = 8;

    /** How often a query is answered when rows are changed meanwhile. */
    private static final int MAX_PLANS = 3;

    /** Looks at a key that moves while it is read, before giving up. */
    private static final int MAX_LOOKS = 10_000;

    private static final int[] NO_FIELDS = new int[0];

    private final CollectionDefinition definition;
    private final Segments segments;
    private final ShardMetadata metadata;
    private final Clock clock;
    private final ShardMetrics metrics;
    private final RowReader reader;

    ShardSearch(
            CollectionDefinition definition,
            Segments segments,
            ShardMetadata metadata,
            Clock clock,
            ShardMetrics metrics) {
        this.definition = definition;
        this.segments = segments;
        this.metadata = metadata;
        this.clock = clock;
        this.metrics = metrics;
        this.reader = new RowReader(definition.dimension(), metadata);
    }

    /** Up to where each growing segment is linked, read at one time. */
    private static final class Watermarks {
        private final List<Segment> segments;
        private final int[] linked;

        Watermarks(List<Segment> segments) {
            this.segments = segments;
            this.linked = new int[segments.size()];
            for (int i = 0; i < linked.length; i++) {
                linked[i] = segments.get(i).linked();
            }
        }

        /** 0 for a segment that was not there then. */
        int of(Segment segment) {
            int place = segments.indexOf(segment);
            return place < 0 ? 0 : linked[place];
        }
    }

    /** Refuses what cannot be answered. */
    void check(List<float[]> queries, SearchSpec spec) {
        if (spec.k() < 1 || spec.k() > SearchSpec.MAX_K) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "k is " + spec.k() + ", expected 1.." + SearchSpec.MAX_K,
                    "ask for fewer rows");
        }
        if (spec.ef() < 0 || spec.ef() > HnswParams.MAX_EF) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "ef is " + spec.ef() + ", expected 0.." + HnswParams.MAX_EF,
                    "use a smaller ef, or exact mode");
        }
        if (Double.isNaN(spec.minScore())) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "min_score is NaN",
                    "leave it out or send a number");
        }
        if (spec.exact() && spec.adaptiveStop()) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "exact scores every point, adaptive_stop ends a walk early; both were asked"
                            + " for",
                    "leave one of them out");
        }
        for (int i = 0; i < queries.size(); i++) {
            checkQuery(i, queries.get(i));
        }
        fieldIndexes(metadata.definition(), spec.fields());
    }

    private void checkQuery(int number, float[] query) {
        if (query.length != definition.dimension()) {
            throw new ArbalestException(
                    ErrorCode.DIMENSION_MISMATCH,
                    "query "
                            + number
                            + " has "
                            + query.length
                            + " elements, collection '"
                            + definition.name()
                            + "' has dimension "
                            + definition.dimension(),
                    "send queries of dimension " + definition.dimension());
        }
        float largest = FloatDot.largest(query);
        if (!Float.isFinite(largest)) {
            throw notFinite(number, query);
        }
        boolean zero = largest == 0;
        if (zero && definition.metric() == Metric.COSINE) {
            throw new ArbalestException(
                    ErrorCode.VECTOR_ZERO,
                    "query " + number + " is all zeros, which has no direction for metric cosine",
                    "send a query with at least one element that is not zero");
        }
    }

    private static ArbalestException notFinite(int number, float[] query) {
        int i = 0;
        while (Float.isFinite(query[i])) {
            i++;
        }
        return new ArbalestException(
                ErrorCode.VECTOR_NOT_FINITE,
                "query "
                        + number
                        + ", element "
                        + i
                        + " is "
                        + query[i]
                        + ", expected a finite number",
                "send finite values");
    }

    /** Where the fields stand among the collection's; refuses unknown ones. */
    static int[] fieldIndexes(CollectionDefinition definition, List<String> fields) {
        if (fields.isEmpty()) {
            return NO_FIELDS;
        }
        int[] indexes = new int[fields.size()];
        List<String> declared = definition.fields().stream().map(Field::name).toList();
        for (int i = 0; i < indexes.length; i++) {
            indexes[i] = declared.indexOf(fields.get(i));
            if (indexes[i] < 0) {
                throw new ArbalestException(
                        ErrorCode.UNKNOWN_FIELD,
                        "collection '"
                                + definition.name()
                                + "' has no field '"
                                + fields.get(i)
                                + "'; it has "
                                + declared,
                        "ask for declared fields only");
            }
        }
        return indexes;
    }

    /** Searches with checked arguments. */
    ShardSearchResult search(List<float[]> queries, SearchSpec spec) {
        Laps laps = new Laps(clock);
        Watermarks linked = new Watermarks(segments.view().segments());
        try (Segments.Lease lease = segments.lease()) {
            ShardSearchResult result = search(queries, spec, lease.view(), linked, laps);
            metrics.searchSeconds.observe(laps.total() / 1e9);
            return result;
        }
    }

    /**
     * Searches one view.
     *
     * @param linked watermarks, read before the view was: {@link Indexer} relies on it
     */
    private ShardSearchResult search(
            List<float[]> queries,
            SearchSpec spec,
            Segments.View view,
            Watermarks linked,
            Laps laps) {
        int kept = spec.k() + MARGIN + spec.k() / 8;
        int ef = Math.max(spec.ef() == 0 ? definition.hnsw().ef() : spec.ef(), kept);
        Filter filter = spec.filter();
        long updates = metadata.updates();
        List<SegmentSearch> plan = plan(spec, ef, view, linked, laps);
        List<SegmentSearch> plans = plan;
        int[] fields = fieldIndexes(metadata.definition(), spec.fields());
        List<List<FoundRow>> results = new ArrayList<>(queries.size());
        boolean deadlineReached = false;
        for (float[] query : queries) {
            if (deadlineReached) {
                results.add(List.of());
                continue;
            }
            if (!results.isEmpty()) {
                long _ = laps.next(); // what follows is not part of the query before
            }
            List<FoundRow> rows = List.of();
            boolean right = false;
            for (int look = 1; !right && !deadlineReached; look++) {
                Candidates candidates = new Candidates(kept);
                deadlineReached = collect(plan, query, kept, spec, ef, candidates, laps);
                Candidate[] best = candidates.best(spec.k(), spec.minScore());
                rows = reader.rows(best, spec, fields);
                right = true;
                if (filter != null && metadata.changedSince(updates)) {
                    rows = reader.matching(best, filter, spec, fields);
                    boolean full = rows.size() == Math.min(spec.k(), best.length);
                    right = full || look == MAX_PLANS;
                }
                if (!right) {
                    updates = metadata.updates();
                    long _ = laps.next(); // reading rows is no part of the filter
                    plan = plan(spec, ef, view, linked, laps);
                    plans = Stream.concat(plans.stream(), plan.stream()).toList();
                }
            }
            results.add(rows);
        }
        return result(plans, results, deadlineReached);
    }

    /** Sealed segments first, the largest first of all. */
    private List<SegmentSearch> plan(
            SearchSpec spec, int ef, Segments.View view, Watermarks linked, Laps laps) {
        List<SegmentSearch> plan = new ArrayList<>(view.segments().size());
        Filter filter = spec.filter();
        IntFunction<MatchingRows> matching = filter == null ? null : metadata.matching(filter);
        for (Segment segment : view.segments()) {
            if (segment.rows() == 0) {
                continue; // a segment that has just been started
            }
            boolean growing = segment instanceof GrowingSegment;
            SegmentSearch part =
                    new SegmentSearch(
                            segment,
                            growing ? linked.of(segment) : segment.linked(),
                            view.sequenceNumber(),
                            matching,
                            spec,
                            ef,
                            definition.hnsw().m0(),
                            clock);
            plan.add(part);
            if (filter != null) {
                part.filterTook(laps.next());
            }
        }
        if (filter == null) {
            long _ = laps.next();
        } else if (plan.isEmpty()) {
            Predicate<ShardMetadata.Row> _ = metadata.test(filter); // a wrong one is always refused
        }
        plan.sort(ShardSearch::inOrder);
        return plan;
    }

    private static int inOrder(SegmentSearch left, SegmentSearch right) {
        int kinds =
                Boolean.compare(
                        left.segment() instanceof GrowingSegment,
                        right.segment() instanceof GrowingSegment);
        return kinds != 0 ? kinds : Integer.compare(right.rows(), left.rows());
    }

    /** Whether the deadline cut the search short. */
    private boolean collect(
            List<SegmentSearch> plan,
            float[] query,
            int kept,
            SearchSpec spec,
            int ef,
            Candidates candidates,
            Laps laps) {
        Bound bound = new Bound(kept);
        List<SegmentSearch> incomplete = new ArrayList<>();
        for (SegmentSearch part : plan) {
            if (part.empty() || part.fewCount(kept)) {
                continue;
            }
            if (over(spec, laps)) {
                return true;
            }
            NeighborQueue found = new NeighborQueue(kept);
            part.search(query, ef, bound.score(), found);
            if (part.mayHoldMore(found.size())) {
                incomplete.add(part);
            }
            add(part, found, query, bound, candidates);
            part.searchTook(laps.next());
        }
        for (SegmentSearch part : plan) { // after the others: a bound would save nothing here
            if (!part.empty() && part.fewCount(kept)) {
                if (over(spec, laps)) {
                    return true;
                }
                part.scoreAll(query, candidates);
                part.searchTook(laps.next());
            }
        }
        if (candidates.size()
                < spec.k()) { // then the bound has cut nothing: the graphs may have missed rows
            Bound again = new Bound(kept); // the first one has counted rows that are found again
            for (SegmentSearch part : incomplete) {
                if (over(spec, laps)) {
                    return true;
                }
                candidates.removeOf(part.segment());
                NeighborQueue found = new NeighborQueue(kept);
                part.searchExactly(query, found);
                add(part, found, query, again, candidates);
                part.searchTook(laps.next());
            }
        }
        boolean deadlineReached = false;
        for (SegmentSearch part : plan) {
            deadlineReached |= part.deadlineReached();
        }
        return deadlineReached;
    }

    /** Whether the deadline had come when the last thing was done, a moment ago. */
    private static boolean over(SearchSpec spec, Laps laps) {
        return laps.last() >= spec.deadlineNanos() && spec.deadlineNanos() != Long.MAX_VALUE;
    }

    private static void add(
            SegmentSearch part,
            NeighborQueue found,
            float[] query,
            Bound bound,
            Candidates candidates) {
        Segment segment = part.segment();
        long[] best = found.bestFirst();
        int[] ordinals = new int[best.length];
        for (int i = 0; i < best.length; i++) {
            ordinals[i] = ScoredOrdinal.ordinal(best[i]);
        }
        segment.expect(ordinals, ordinals.length, new Prefetch());
        int count = 0;
        while (count < best.length && ScoredOrdinal.score(best[count]) >= bound.score()) {
            bound.offer(ScoredOrdinal.score(best[count++]));
        }
        double[] scores = new double[count];
        segment.exactScores(ordinals, count, query, scores);
        for (int i = 0; i < count; i++) {
            candidates.add(segment, ordinals[i], scores[i]);
        }
    }

    /** Rows by key. */
    List<@Nullable FoundRow> get(
            List<PointKey> keys, List<String> fieldNames, boolean includeVector) {
        int[] fields = fieldIndexes(metadata.definition(), fieldNames);
        for (int i = 0; i < MAX_LOOKS; i++) {
            List<ShardMetadata.@Nullable Location> locations = metadata.locateAll(keys);
            try (Segments.Lease lease = segments.lease()) {
                if (!includeVector || locations.stream().allMatch(l -> held(l, lease))) {
                    return found(locations, fields, includeVector, lease);
                }
            }
            Thread.onSpinWait(); // a batch is in the store and will be published at once
        }
        throw new ArbalestException(
                ErrorCode.SHARD_NOT_READY,
                "rows of collection '" + definition.name() + "' move faster than they can be read",
                "try again");
    }

    private static boolean held(ShardMetadata.@Nullable Location location, Segments.Lease lease) {
        return location == null || location.tombstone() || lease.holds(location.segment());
    }

    private List<@Nullable FoundRow> found(
            List<ShardMetadata.@Nullable Location> locations,
            int[] fields,
            boolean includeVector,
            Segments.Lease lease) {
        List<ShardMetadata.@Nullable Row> rows =
                metadata.rowsAt(locations, RowReader.wanted(fields));
        List<@Nullable FoundRow> found = new ArrayList<>(locations.size());
        for (int i = 0; i < rows.size(); i++) {
            ShardMetadata.Row row = rows.get(i);
            ShardMetadata.Location location = locations.get(i);
            if (row == null || location == null) {
                found.add(null);
                continue;
            }
            found.add(
                    new FoundRow(
                            row.key(),
                            Double.NaN,
                            row.version(),
                            includeVector ? vector(location, lease) : null,
                            RowReader.project(row.values(), fields)));
        }
        return found;
    }

    private short[] vector(ShardMetadata.Location location, Segments.Lease lease) {
        Segment holder = lease.holder(location.segment());
        long name = RowName.of(location.segment(), location.ordinal());
        return reader.vector(holder, holder.ordinal(name));
    }

    private ShardSearchResult result(
            List<SegmentSearch> plan, List<List<FoundRow>> results, boolean deadlineReached) {
        long scored = 0;
        long scanned = 0;
        long linked = 0;
        long tail = 0;
        SegmentPlan[] explained = new SegmentPlan[plan.size()];
        for (int i = 0; i < explained.length; i++) {
            SegmentSearch part = plan.get(i);
            explained[i] = part.explain();
            scored += part.scored();
            scanned += part.scanned();
            linked += part.linked();
            tail += part.rows() - part.linked();
        }
        metrics.queries.add(results.size());
        metrics.scored.add(scored);
        metrics.tailScored.add(scanned);
        return new ShardSearchResult(
                results,
                scored,
                scanned,
                linked,
                tail,
                metadata.livePoints(),
                deadlineReached,
                List.of(explained));
    }
}
