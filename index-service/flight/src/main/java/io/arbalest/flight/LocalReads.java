package io.arbalest.flight;

import io.arbalest.common.Clock;
import io.arbalest.engine.Engine;
import io.arbalest.engine.FoundRow;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.ShardSearchResult;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Field;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.KeyHash;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.wire.SearchStatistics;
import io.arbalest.protocol.wire.SegmentPlan;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;

/**
 * Answers questions from this node's shards, on the calling thread, and merges what they say. A
 * shard that cannot answer is named as missing; an error in the question itself refuses it.
 *
 * <p>Thread-safe.
 */
final class LocalReads {
    private static final int FIRST_CODE_OF_STATE = 2000;

    private final Engine engine;
    private final Clock clock;

    LocalReads(Engine engine, Clock clock) {
        this.engine = engine;
        this.clock = clock;
    }

    Answer search(Question.Search question, List<Integer> shards) {
        long deadline = clock.monotonicNanos() + question.scope().timeout().toNanos();
        List<List<FoundRow>> merged = new ArrayList<>();
        question.queries().forEach(_ -> merged.add(new ArrayList<>()));
        Map<Integer, ArbalestException> missing = new TreeMap<>();
        SearchStatistics.Builder statistics = SearchStatistics.newBuilder();
        boolean[] deadlineReached = new boolean[1];
        List<String> fields = names(question.schema());
        for (int shard : shards) {
            attempt(
                    shard,
                    missing,
                    number -> {
                        ShardSearchResult found =
                                RoutedTarget.local(engine, question.collection(), number)
                                        .search(
                                                question.queries(),
                                                spec(question, fields, number, deadline));
                        for (int query = 0; query < merged.size(); query++) {
                            merged.get(query).addAll(found.rows().get(query));
                        }
                        add(statistics, found);
                        if (question.request().getExplain()) {
                            found.plans()
                                    .forEach(plan -> statistics.addPlans(toWire(number, plan)));
                        }
                        deadlineReached[0] |= found.deadlineReached();
                    });
        }
        List<Answer.Row> rows = new ArrayList<>();
        for (int query = 0; query < merged.size(); query++) {
            int number = query;
            merged.get(query).stream()
                    .sorted(FoundRow.BEST_FIRST)
                    .limit(question.request().getK())
                    .forEach(row -> rows.add(row(number, row, fields)));
        }
        return new Answer(rows, missing, statistics.build(), deadlineReached[0], null);
    }

    private static SearchSpec spec(
            Question.Search question, List<String> fields, int shard, long deadline) {
        return new SearchSpec(
                        question.request().getK(),
                        question.request().getEf(),
                        question.request().getExact(),
                        question.request().getSkipTail(),
                        question.filter().orElse(null),
                        question.minScore(),
                        fields,
                        question.schema().includeVector(),
                        question.scope().minSequenceNumber(shard),
                        deadline)
                .withAdaptiveStop(question.request().getAdaptiveStop());
    }

    private static SegmentPlan toWire(int shard, io.arbalest.engine.SegmentPlan plan) {
        return SegmentPlan.newBuilder()
                .setShard(shard)
                .setSegment(plan.segment())
                .setPlan(plan.plan().label())
                .setRows(plan.rows())
                .setLinked(plan.linked())
                .setMatching(plan.matching())
                .setVisited(plan.visited())
                .setScored(plan.scored())
                .setScanned(plan.scanned())
                .setFallbacks(plan.fallbacks())
                .setFilterNanos(plan.filterNanos())
                .setSearchNanos(plan.searchNanos())
                .setCodes(plan.codes())
                .build();
    }

    private static void add(SearchStatistics.Builder sum, ShardSearchResult found) {
        sum.setScored(sum.getScored() + found.scored())
                .setTailScored(sum.getTailScored() + found.tailScored())
                .setLinkedPoints(sum.getLinkedPoints() + found.linkedPoints())
                .setTailPoints(sum.getTailPoints() + found.tailPoints())
                .setLivePoints(sum.getLivePoints() + found.livePoints());
    }

    Answer get(Question.Get question, List<Integer> shards) {
        long deadline = clock.monotonicNanos() + question.scope().timeout().toNanos();
        List<String> fields = names(question.schema());
        @Nullable FoundRow[] found = new @Nullable FoundRow[question.keys().size()];
        Map<Integer, ArbalestException> missing = new TreeMap<>();
        Map<Integer, int[]> byShard = KeyHash.groupByShard(question.collection(), question.keys());
        for (int shard : shards) {
            int[] positions = byShard.get(shard);
            if (positions != null) {
                attempt(
                        shard,
                        missing,
                        number -> get(question, number, positions, fields, deadline, found));
            }
        }
        List<Answer.Row> rows = new ArrayList<>();
        for (int position = 0; position < found.length; position++) {
            FoundRow row = found[position];
            if (row != null) {
                rows.add(row(position, row, fields));
            }
        }
        return new Answer(rows, missing, SearchStatistics.getDefaultInstance(), false, null);
    }

    private void get(
            Question.Get question,
            int shard,
            int[] positions,
            List<String> fields,
            long deadline,
            @Nullable FoundRow[] found) {
        List<PointKey> keys = Arrays.stream(positions).mapToObj(question.keys()::get).toList();
        List<@Nullable FoundRow> rows =
                RoutedTarget.local(engine, question.collection(), shard)
                        .get(
                                keys,
                                fields,
                                question.schema().includeVector(),
                                question.scope().minSequenceNumber(shard),
                                deadline);
        for (int index = 0; index < positions.length; index++) {
            found[positions[index]] = rows.get(index);
        }
    }

    /**
     * An error below 2000 says that the question is wrong, whichever shard found out; the others
     * are about the shard.
     */
    private static void attempt(
            int shard, Map<Integer, ArbalestException> missing, IntConsumer read) {
        try {
            read.accept(shard);
        } catch (RuntimeException e) {
            ArbalestException coded = Failures.coded(e);
            if (coded.code().number() < FIRST_CODE_OF_STATE) {
                throw coded;
            }
            missing.put(shard, coded);
        }
    }

    private static List<String> names(ResultSchema schema) {
        return schema.fields().stream().map(Field::name).toList();
    }

    private static Answer.Row row(int query, FoundRow row, List<String> fields) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (int index = 0; index < fields.size(); index++) {
            Object value = row.metadata()[index];
            if (value != null) {
                metadata.put(fields.get(index), value);
            }
        }
        return new Answer.Row(query, row.key(), row.score(), row.version(), row.vector(), metadata);
    }
}
