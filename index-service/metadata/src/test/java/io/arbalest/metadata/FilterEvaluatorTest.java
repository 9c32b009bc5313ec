package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.UUID;

/** Which answers are kept. */
class FilterEvaluatorTest {
    private static final int ROWS = 65_536;

    private final FilterEvaluator evaluator = evaluator();

    private static FilterEvaluator evaluator() {
        CollectionDefinition definition =
                new CollectionDefinition(
                        "things",
                        new UUID(7, 11),
                        KeyType.STRING,
                        8,
                        Metric.L2,
                        HnswParams.DEFAULT,
                        List.of(new Field("section", FieldType.STRING)),
                        1,
                        1);
        InMemoryStore store = new InMemoryStore();
        return new FilterEvaluator(store, definition, new StoredRows(store, definition));
    }

    private static Filter filter(int number) {
        return new Filter.Equal("section", "section-" + number);
    }

    private MatchingRows answer(int number, int segment) {
        return evaluator.matching(evaluator.asked(filter(number)), segment, ROWS);
    }

    @Test
    void theFilterAskedLongestAgoGoesFirst() {
        MatchingRows first = answer(0, 0);
        MatchingRows second = answer(1, 0);
        long each = evaluator.keptBytes() / 2;
        for (int number = 2; number < 2 * FilterEvaluator.MAX_BYTES / each; number++) {
            assertThat(answer(0, 0)).as("asked all the time").isSameAs(first);
            answer(number, 0);
            assertThat(evaluator.keptBytes()).isBetween(1L, FilterEvaluator.MAX_BYTES);
        }
        assertThat(answer(0, 0)).isSameAs(first);
        assertThat(answer(1, 0)).as("dropped").isNotSameAs(second);
    }

    @Test
    void answersOverSegmentsThatAreGoneAreForgotten() {
        MatchingRows here = answer(0, 0);
        long one = evaluator.keptBytes();
        MatchingRows gone = answer(0, 1);
        assertThat(evaluator.keptBytes()).isGreaterThan(one);
        evaluator.forget(1);
        assertThat(evaluator.keptBytes()).isEqualTo(one);
        assertThat(answer(0, 0)).isSameAs(here);
        assertThat(answer(0, 1)).isNotSameAs(gone);
    }

    @Test
    void anAnswerForAFilterThatWasDroppedMeanwhileIsKeptAgain() {
        FilterEvaluator.Asked asked = evaluator.asked(filter(0));
        MatchingRows first = evaluator.matching(asked, 0, ROWS);
        long each = evaluator.keptBytes();
        for (int number = 1; number < 2 * FilterEvaluator.MAX_BYTES / each; number++) {
            answer(number, 0);
        }
        assertThat(evaluator.asked(filter(0))).as("dropped").isNotSameAs(asked);
        long before = evaluator.keptBytes();
        assertThat(evaluator.matching(asked, 0, ROWS)).isSameAs(first);
        assertThat(evaluator.keptBytes()).isEqualTo(before);
        evaluator.matching(asked, 1, ROWS);
        assertThat(evaluator.asked(filter(0))).isSameAs(asked);
        assertThat(evaluator.keptBytes()).isBetween(1L, FilterEvaluator.MAX_BYTES);
        evaluator.forget(0);
        evaluator.forget(1);
        assertThat(evaluator.keptBytes()).as("no answers").isLessThan(before / 4);
    }
}
