package io.arbalest.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one query has found in all segments.
 *
 * <p>Confined to the searching thread.
 */
final class Candidates {
    private final List<Candidate> found;

    /**
     * @param expected how many there will be, roughly
     */
    Candidates(int expected) {
        found = new ArrayList<>(expected);
    }

    void add(Segment segment, int ordinal, double score) {
        found.add(new Candidate(segment, ordinal, score));
    }

    int size() {
        return found.size();
    }

    /** Forgets those of a segment that is searched again. */
    void removeOf(Segment segment) {
        found.removeIf(c -> c.segment().equals(segment));
    }

    /**
     * The k best of at least a score, best first, and all that tie with the last of them.
     *
     * @param minScore {@code -Infinity}: all
     */
    Candidate[] best(int k, double minScore) {
        if (minScore > Double.NEGATIVE_INFINITY) {
            found.removeIf(c -> c.score() < minScore);
        }
        Candidate[] sorted = found.toArray(new Candidate[0]);
        Arrays.sort(sorted, Candidate::bestFirst);
        int end = Math.min(k, sorted.length);
        while (end > 0 && end < sorted.length && sorted[end].score() == sorted[end - 1].score()) {
            end++;
        }
        return end == sorted.length ? sorted : Arrays.copyOf(sorted, end);
    }
}
