package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.memory.Prefetch;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.simd.FloatDot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

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
    private static final @Nullable Object[] NO_VALUES = new @Nullable Object[0];

    private final CollectionDefinition definition;
    private final Segments segments;
    private final ShardMetadata metadata;
    private final Clock clock;
    private final ShardMetrics metrics;

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
    }

    private record Candidate(Segment segment, int ordinal, double score) {
        /** Equal scores in the order in which they were found. */
        static int bestFirst(Candidate left, Candidate right) {
            return Double.compare(right.score, left.score);
        }

        long name() {
            return segment.name(ordinal);
        }
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
        Watermarks linked = new Watermarks(segments.view().segments());
        try (Segments.Lease lease = segments.lease()) {
            return search(queries, spec, lease.view(), linked);
        }
    }

    /**
     * Searches one view.
     *
     * @param linked watermarks, read before the view was: {@link Indexer} relies on it
     */
    private ShardSearchResult search(
            List<float[]> queries, SearchSpec spec, Segments.View view, Watermarks linked) {
        int kept = spec.k() + MARGIN + spec.k() / 8;
        int ef = Math.max(spec.ef() == 0 ? definition.hnsw().ef() : spec.ef(), kept);
        Filter filter = spec.filter();
        long updates = metadata.updates();
        List<SegmentSearch> plan = plan(spec, ef, view, linked);
        List<SegmentSearch> plans = new ArrayList<>(plan);
        int[] fields = fieldIndexes(metadata.definition(), spec.fields());
        List<List<FoundRow>> results = new ArrayList<>(queries.size());
        boolean deadlineReached = false;
        for (float[] query : queries) {
            if (deadlineReached) {
                results.add(List.of());
                continue;
            }
            List<FoundRow> rows = List.of();
            boolean right = false;
            for (int look = 1; !right && !deadlineReached; look++) {
                List<Candidate> candidates = new ArrayList<>();
                deadlineReached = collect(plan, query, kept, spec, ef, candidates);
                List<Candidate> best = best(candidates, spec);
                rows = rows(best, spec, fields);
                right = true;
                if (filter != null && metadata.changedSince(updates)) {
                    List<Candidate> still = stillMatching(best, filter);
                    rows = rows(still, spec, fields);
                    right = still.size() == best.size() || look == MAX_PLANS;
                }
                if (!right) {
                    updates = metadata.updates();
                    plan = plan(spec, ef, view, linked);
                    plans.addAll(plan);
                }
            }
            results.add(rows);
        }
        return result(plans, results, deadlineReached);
    }

    private List<Candidate> stillMatching(List<Candidate> best, Filter filter) {
        Predicate<ShardMetadata.Row> test = metadata.test(filter);
        return best.stream()
                .filter(c -> {
                    int segment = RowName.segment(c.name());
                    return test.test(metadata.row(segment, RowName.ordinal(c.name())));
                })
                .toList();
    }

    /** Sealed segments first, the largest first of all. */
    private List<SegmentSearch> plan(
            SearchSpec spec, int ef, Segments.View view, Watermarks linked) {
        List<SegmentSearch> plan = new ArrayList<>();
        Filter filter = spec.filter();
        long begin = filter == null ? 0 : clock.monotonicNanos();
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
                            metadata,
                            spec,
                            ef,
                            definition.hnsw().m0(),
                            clock);
            plan.add(part);
            if (filter != null) {
                long now = clock.monotonicNanos();
                part.filterTook(now - begin);
                begin = now;
            }
        }
        if (plan.isEmpty() && filter != null) {
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
            List<Candidate> candidates) {
        Bound bound = new Bound(kept);
        List<SegmentSearch> incomplete = new ArrayList<>();
        for (SegmentSearch part : plan) {
            if (part.empty() || part.fewCount(kept)) {
                continue;
            }
            if (over(spec)) {
                return true;
            }
            NeighborQueue found = new NeighborQueue(kept);
            part.search(query, ef, bound.score(), found);
            if (part.mayHoldMore(found.size())) {
                incomplete.add(part);
            }
            add(part, found, query, bound, candidates);
        }
        for (SegmentSearch part : plan) { // after the others: a bound would save nothing here
            if (!part.empty() && part.fewCount(kept)) {
                if (over(spec)) {
                    return true;
                }
                Segment segment = part.segment();
                part.scoreAll(
                        query,
                        (ordinal, score) -> candidates.add(new Candidate(segment, ordinal, score)));
            }
        }
        if (candidates.size()
                < spec.k()) { // then the bound has cut nothing: the graphs may have missed rows
            Bound again = new Bound(kept); // the first one has counted rows that are found again
            for (SegmentSearch part : incomplete) {
                if (over(spec)) {
                    return true;
                }
                candidates.removeIf(c -> c.segment().equals(part.segment()));
                NeighborQueue found = new NeighborQueue(kept);
                part.searchExactly(query, found);
                add(part, found, query, again, candidates);
            }
        }
        boolean deadlineReached = false;
        for (SegmentSearch part : plan) {
            deadlineReached |= part.deadlineReached();
        }
        return deadlineReached;
    }

    private boolean over(SearchSpec spec) {
        return spec.deadlineNanos() != Long.MAX_VALUE
                && clock.monotonicNanos() >= spec.deadlineNanos();
    }

    private static void add(
            SegmentSearch part,
            NeighborQueue found,
            float[] query,
            Bound bound,
            List<Candidate> candidates) {
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
            candidates.add(new Candidate(segment, ordinals[i], scores[i]));
        }
    }

    /** The k best, and all that tie with the last of them. */
    private static List<Candidate> best(List<Candidate> candidates, SearchSpec spec) {
        if (spec.minScore() > Double.NEGATIVE_INFINITY) {
            candidates.removeIf(c -> c.score() < spec.minScore());
        }
        candidates.sort(Candidate::bestFirst);
        int end = Math.min(spec.k(), candidates.size());
        while (end > 0
                && end < candidates.size()
                && candidates.get(end).score() == candidates.get(end - 1).score()) {
            end++;
        }
        return candidates.subList(0, end);
    }

    private List<FoundRow> rows(List<Candidate> best, SearchSpec spec, int[] fields) {
        List<FoundRow> found = new ArrayList<>(best.size());
        List<Candidate> stored = new ArrayList<>(fields.length == 0 ? 0 : best.size());
        for (Candidate candidate : best) {
            RowHead head = fields.length == 0 ? head(candidate) : null;
            if (head == null) {
                stored.add(candidate);
            } else {
                found.add(row(candidate, head.key(), head.version(), spec, NO_VALUES));
            }
        }
        if (!stored.isEmpty()) {
            readStored(stored, spec, fields, found);
        }
        if (!inOrder(found)) {
            found.sort(FoundRow.BEST_FIRST);
        }
        return found.size() <= spec.k()
                ? Collections.unmodifiableList(found)
                : List.copyOf(found.subList(0, spec.k()));
    }

    /** Whether no score equals the one before it, nor exceeds it: nearly always. */
    private static boolean inOrder(List<FoundRow> rows) {
        for (int i = 1; i < rows.size(); i++) {
            if (rows.get(i - 1).score() <= rows.get(i).score()) {
                return false;
            }
        }
        return true;
    }

    /** What the segment knows of a row itself; null: the store has to be asked. */
    private @Nullable RowHead head(Candidate candidate) {
        if (metadata.changedInPlace()) {
            long name = candidate.name();
            if (metadata.changedInPlace(RowName.segment(name), RowName.ordinal(name))) {
                return null;
            }
        }
        return candidate.segment().head(candidate.ordinal());
    }

    private void readStored(
            List<Candidate> stored, SearchSpec spec, int[] fields, List<FoundRow> found) {
        BitSet wanted = wanted(fields);
        Map<Integer, List<Candidate>> byOrigin = new HashMap<>();
        stored.forEach(c ->
                byOrigin.computeIfAbsent(RowName.segment(c.name()), _ -> new ArrayList<>()).add(c));
        byOrigin.forEach((origin, candidates) -> {
            int[] ordinals = candidates.stream().mapToInt(c -> RowName.ordinal(c.name())).toArray();
            List<ShardMetadata.Row> rows = metadata.rows(origin, ordinals, wanted);
            for (int i = 0; i < ordinals.length; i++) {
                ShardMetadata.Row row = rows.get(i);
                @Nullable Object[] values = project(row.values(), fields);
                found.add(row(candidates.get(i), row.key(), row.version(), spec, values));
            }
        });
    }

    private FoundRow row(
            Candidate candidate,
            PointKey key,
            Version version,
            SearchSpec spec,
            @Nullable Object[] values) {
        short[] vector =
                spec.includeVector() ? vector(candidate.segment(), candidate.ordinal()) : null;
        return new FoundRow(key, candidate.score(), version, vector, values);
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
        List<ShardMetadata.@Nullable Row> rows = metadata.rowsAt(locations, wanted(fields));
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
                            project(row.values(), fields)));
        }
        return found;
    }

    private short[] vector(ShardMetadata.Location location, Segments.Lease lease) {
        Segment holder = lease.holder(location.segment());
        long name = RowName.of(location.segment(), location.ordinal());
        return vector(holder, holder.ordinal(name));
    }

    /** A row's vector as it was written. */
    private short[] vector(Segment segment, int ordinal) {
        short[] vector = new short[definition.dimension()];
        segment.read(ordinal, vector);
        return vector;
    }

    private static BitSet wanted(int[] fields) {
        BitSet wanted = new BitSet();
        for (int field : fields) {
            wanted.set(field);
        }
        return wanted;
    }

    /** The values of some fields. */
    static @Nullable Object[] project(@Nullable Object[] values, int[] fields) {
        @Nullable Object[] some = new @Nullable Object[fields.length];
        for (int i = 0; i < fields.length; i++) {
            some[i] = values[fields[i]];
        }
        return some;
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
