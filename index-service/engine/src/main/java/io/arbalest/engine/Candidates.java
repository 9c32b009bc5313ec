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
    /** Up to so many are put in order by insertion: the general sort takes longer to begin. */
    private static final int FEW = 32;

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
        sort(sorted);
        int end = Math.min(k, sorted.length);
        while (end > 0 && end < sorted.length && sorted[end].score() == sorted[end - 1].score()) {
            end++;
        }
        return end == sorted.length ? sorted : Arrays.copyOf(sorted, end);
    }

    private static void sort(Candidate[] candidates) {
        if (candidates.length > FEW) {
            Arrays.sort(candidates, Candidate::bestFirst);
            return;
        }
        for (int i = 1; i < candidates.length; i++) {
            Candidate moved = candidates[i];
            int at = i;
            while (at > 0 && Candidate.bestFirst(candidates[at - 1], moved) > 0) {
                candidates[at] = candidates[at - 1];
                at--;
            }
            candidates[at] = moved;
        }
    }
}
