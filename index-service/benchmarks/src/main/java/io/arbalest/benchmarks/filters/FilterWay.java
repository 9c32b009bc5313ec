package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.filters.FilterQuestions.Question;

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
     * What was found.
     *
     * @param rows numbers of rows of the base, best first
     * @param chosen how it was done, empty if that is not known
     * @param scored distances computed; 0 if that is not known
     * @param fallbacks how often a walk was given up
     */
    record Answer(int[] rows, String chosen, long scored, long fallbacks) {}
}
