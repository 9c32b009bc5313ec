package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.filters.FilterQuestions.Question;
import io.arbalest.engine.FilterPlan;
import io.arbalest.engine.FoundRow;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.SegmentPlan;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardSearchResult;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Searches of a shard, by one plan.
 *
 * <p>Confined to one thread.
 */
record ShardWay(String label, int ef, FilterPlan plan, Shard shard, FilterQuestions questions)
        implements FilterWay {
    @Override
    public Answer answer(Question question) {
        SearchSpec spec =
                SearchSpec.nearest(FilterQuestions.K, ef, question.filter()).withPlan(plan);
        ShardSearchResult found = shard.search(List.of(questions.query(question.query())), spec);
        List<FoundRow> rows = found.rows().getFirst();
        int[] numbers = new int[rows.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(question, rows.get(i));
        }
        return new Answer(
                numbers,
                found.plans().stream()
                        .filter(SegmentPlan::sealed)
                        .map(p -> p.plan().label())
                        .collect(Collectors.joining("+")),
                found.scored() + found.tailScored(),
                found.plans().stream().mapToLong(SegmentPlan::fallbacks).sum());
    }

    /** Rows that were written meanwhile are copies, and no filter accepts them. */
    private int number(Question question, FoundRow row) {
        long key = row.key().asLong();
        int number = (int) (key % questions.rows());
        boolean written = key >= questions.rows();
        if (question.filter() != null && (written || !questions.matches(question, number))) {
            throw new IllegalStateException("row " + key + " does not match " + question.filter());
        }
        return number;
    }
}
