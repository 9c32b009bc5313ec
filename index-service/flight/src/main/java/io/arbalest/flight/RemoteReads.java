package io.arbalest.flight;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.client.PlanReport;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.Token;
import io.arbalest.model.Field;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.wire.SearchStatistics;
import io.arbalest.protocol.wire.SegmentPlan;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Answers questions that concern shards of other nodes: asks all nodes with the client, which
 * merges. The client names the shards of every node it asks, so that nobody fans out again.
 *
 * <p>Thread-safe. Blocks the calling thread while the others answer.
 */
final class RemoteReads {
    private final Supplier<ArbalestClient> client;

    RemoteReads(Supplier<ArbalestClient> client) {
        this.client = client;
    }

    Answer search(Question.Search question) {
        SearchQuery query =
                new SearchQuery(
                        question.request().getK(),
                        question.request().getEf(),
                        question.request().getExact(),
                        question.request().getSkipTail(),
                        question.request().hasFilter() ? question.request().getFilter() : null,
                        question.request().hasMinScore() ? question.request().getMinScore() : null,
                        names(question),
                        question.schema().includeVector(),
                        token(question.scope()),
                        question.scope().timeout(),
                        question.request().getExplain(),
                        question.request().getAdaptiveStop());
        SearchResult result =
                Peers.knowing(client.get(), question.collection().definition())
                        .search(
                                question.collection().definition().name(),
                                question.queries(),
                                query);
        List<Answer.Row> rows = new ArrayList<>();
        for (int number = 0; number < result.hits().size(); number++) {
            for (Hit hit : result.hits().get(number)) {
                rows.add(row(number, hit));
            }
        }
        SearchResult.Statistics cost = result.statistics();
        SearchStatistics.Builder statistics =
                SearchStatistics.newBuilder()
                        .setScored(cost.scored())
                        .setTailScored(cost.tailScored())
                        .setLinkedPoints(cost.linkedPoints())
                        .setTailPoints(cost.tailPoints())
                        .setLivePoints(cost.livePoints());
        result.plans().forEach(plan -> statistics.addPlans(toWire(plan)));
        return new Answer(
                rows, result.missing(), statistics.build(), result.deadlineReached(), null);
    }

    private static SegmentPlan toWire(PlanReport plan) {
        return SegmentPlan.newBuilder()
                .setShard(plan.shard())
                .setSegment(plan.segment())
                .setPlan(plan.plan())
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

    Answer get(Question.Get question) {
        ArbalestClient.GetOptions options =
                new ArbalestClient.GetOptions(
                        names(question),
                        question.schema().includeVector(),
                        Optional.ofNullable(token(question.scope())),
                        question.scope().timeout());
        Map<PointKey, Hit> hits =
                Peers.knowing(client.get(), question.collection().definition())
                        .get(question.collection().definition().name(), question.keys(), options);
        List<Answer.Row> rows = new ArrayList<>();
        for (int position = 0; position < question.keys().size(); position++) {
            Hit hit = hits.get(question.keys().get(position));
            if (hit != null) {
                rows.add(row(position, hit));
            }
        }
        return new Answer(rows, Map.of(), SearchStatistics.getDefaultInstance(), false, null);
    }

    private static List<String> names(Question question) {
        return question.schema().fields().stream().map(Field::name).toList();
    }

    private static @Nullable Token token(Question.Scope scope) {
        return scope.position() == null ? null : new Token(TokenCodec.toBytes(scope.position()));
    }

    private static Answer.Row row(int number, Hit hit) {
        return new Answer.Row(
                number, hit.key(), hit.score(), hit.version(), hit.vector(), hit.metadata());
    }
}
