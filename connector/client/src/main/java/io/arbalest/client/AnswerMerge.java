package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.wire.SearchStatistics;
import io.arbalest.protocol.wire.SegmentPlan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Joins the answers of several nodes. Their shards are disjoint, so no key comes twice.
 *
 * <p>Thread-safe: no state.
 */
final class AnswerMerge {
    /** Best first: higher score, then lower key bytes. */
    private static final Comparator<Hit> BEST_FIRST =
            Comparator.comparingDouble(Hit::score).reversed().thenComparing(Hit::key);

    private AnswerMerge() {}

    static SearchResult search(
            List<Answer> answers, Map<Integer, ArbalestException> missing, int queries, int k) {
        List<List<Hit>> hits = new ArrayList<>(queries);
        for (int query = 0; query < queries; query++) {
            hits.add(new ArrayList<>());
        }
        boolean deadlineReached = false;
        long[] sums = new long[5];
        List<PlanReport> plans = new ArrayList<>();
        for (Answer answer : answers) {
            for (Answer.Row row : answer.rows()) {
                hits.get(row.query()).add(row.hit());
            }
            deadlineReached |= answer.header().getDeadlineReached();
            SearchStatistics part = answer.header().getStatistics();
            sums[0] += part.getScored();
            sums[1] += part.getTailScored();
            sums[2] += part.getLinkedPoints();
            sums[3] += part.getTailPoints();
            sums[4] += part.getLivePoints();
            part.getPlansList().forEach(plan -> plans.add(report(plan)));
        }
        List<List<Hit>> merged = new ArrayList<>(queries);
        for (List<Hit> ofQuery : hits) {
            ofQuery.sort(BEST_FIRST);
            merged.add(List.copyOf(ofQuery.subList(0, Math.min(k, ofQuery.size()))));
        }
        return new SearchResult(
                merged,
                Map.copyOf(missing),
                deadlineReached,
                new SearchResult.Statistics(sums[0], sums[1], sums[2], sums[3], sums[4]),
                List.copyOf(plans));
    }

    private static PlanReport report(SegmentPlan plan) {
        return new PlanReport(
                plan.getShard(),
                plan.getSegment(),
                plan.getPlan(),
                plan.getRows(),
                plan.getLinked(),
                plan.getMatching(),
                plan.getVisited(),
                plan.getScored(),
                plan.getScanned(),
                plan.getFallbacks(),
                plan.getFilterNanos(),
                plan.getSearchNanos(),
                plan.getCodes());
    }

    /** In the order of the keys; what was not found is left out. */
    static Map<PointKey, Hit> get(List<Answer> answers, List<PointKey> keys) {
        Map<PointKey, Hit> found = new HashMap<>();
        answers.forEach(
                answer -> answer.rows().forEach(row -> found.put(row.hit().key(), row.hit())));
        Map<PointKey, Hit> ordered = new LinkedHashMap<>();
        for (PointKey key : keys) {
            Hit hit = found.get(key);
            if (hit != null) {
                ordered.put(key, hit);
            }
        }
        return ordered;
    }
}
