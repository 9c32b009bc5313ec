package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.filters.FilterQuestions.Question;
import io.arbalest.engine.SegmentPlan;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One way to answer questions with filters: a plan of the engine, or a peer.
 *
 * <p>Confined to one thread.
 */
interface FilterWay {
    /** What the report calls it. */
    String label();

    /** Candidates that it keeps. */
    int ef();

    /** Answers a question; what is timed. */
    Answer answer(Question question) throws Exception;

    /**
     * What was found; what the report says beside times is worked out of it after the time was
     * taken.
     *
     * @param keys of the rows, best first: numbers of rows of the base, or of rows that were
     *     written meanwhile
     * @param scored distances computed; 0 if that is not known
     * @param plans how it was done, a segment; empty if that is not known
     */
    record Answer(int[] keys, long scored, List<SegmentPlan> plans) {
        /** How it was done in each sealed segment; empty if that is not known. */
        String chosen() {
            return plans.stream()
                    .filter(SegmentPlan::sealed)
                    .map(p -> p.plan().label())
                    .collect(Collectors.joining("+"));
        }

        /** How often a walk was given up. */
        long fallbacks() {
            return plans.stream().mapToLong(SegmentPlan::fallbacks).sum();
        }
    }
}
