package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.filters.FilterQuestions.Question;
import io.arbalest.engine.FilterPlan;
import io.arbalest.engine.FoundRow;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardSearchResult;

import java.util.List;

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
        int[] keys = new int[rows.size()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = (int) rows.get(i).key().asLong();
        }
        return new Answer(keys, found.scored() + found.tailScored(), found.plans());
    }
}
