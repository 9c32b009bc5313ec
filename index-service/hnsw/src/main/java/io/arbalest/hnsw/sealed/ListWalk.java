package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.CandidatePool;
import io.arbalest.hnsw.Frontier;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.SettledStop;
import io.arbalest.hnsw.VisitedSet;
import io.arbalest.simd.FloatScores;

/**
 * Best-first walk of level 0 that scores the unvisited neighbours of a point together.
 *
 * <p>It works on three points at a time, because what a step reads is rarely in the cache: the
 * links of the first are on their way from memory while the rows of the second's neighbours are,
 * and those of the third's are scored. So a point is chosen before the neighbours of the two before
 * it are known. That costs few scores, all of which count, and lets no step wait for what the same
 * step asked for.
 *
 * <p>Confined to one thread at a time.
 */
final class ListWalk {
    /** In the place of a point: none. */
    private static final int NONE = -1;

    private final SealedGraph graph;
    private final RowScorer scorer;
    private final VisitedSet visited;
    private final SettledStop settled = new SettledStop();
    private final Frontier frontier = new Frontier();
    private final float[] scores;
    private int[] arriving; // neighbours whose rows were asked for by the last step
    private int[] neighbors; // and by this one
    private long scored;
    private boolean expired;

    ListWalk(SealedGraph graph, RowScorer scorer, VisitedSet visited) {
        this.graph = graph;
        this.scorer = scorer;
        this.visited = visited;
        int longest = Math.max(1, graph.longestList());
        scores = new float[FloatScores.padded(longest)];
        arriving = new int[longest];
        neighbors = new int[longest];
    }

    CandidatePool found() {
        return frontier.pool();
    }

    long scored() {
        return scored;
    }

    boolean expired() {
        return expired;
    }

    /**
     * Walks from one point until the best candidate is worse than the best {@code ef} points found.
     *
     * @param k the best points whose settling may end the walk early
     * @param kept points that are kept, if more than {@code ef}: for who scores them again
     */
    void walk(long entry, int ef, int k, int kept, SearchLimits limits, OrdinalSet accept) {
        scored = 0;
        expired = false;
        SettledStop stop = limits.adaptiveStop() ? settled : SettledStop.NEVER;
        stop.reset(ef);
        visited.clear();
        frontier.clear(ef, Math.max(ef, kept));
        visited.add(ScoredOrdinal.ordinal(entry));
        frontier.add(entry, accept);
        int expanded = 0;
        int listed = NONE; // the point whose list was asked for by the last step
        int waiting = 0;
        while (true) {
            int chosen = stop.reached(expanded) ? NONE : frontier.next();
            if (chosen != NONE) {
                graph.fetchList(chosen);
                expanded++;
            } else if (listed == NONE && waiting == 0) {
                return;
            }
            if (expanded % SearchLimits.STRIDE == 0 && limits.expired().getAsBoolean()) {
                expired = true;
                return;
            }
            int count = listed == NONE ? 0 : askForNeighbors(listed);
            if (score(waiting, accept) < k) {
                stop.changed(expanded);
            }
            int[] done = arriving;
            arriving = neighbors;
            neighbors = done;
            waiting = count;
            listed = chosen;
        }
    }

    /** Reads a list and asks for the rows of those who are new; returns how many they are. */
    private int askForNeighbors(int point) {
        int count = visited.addAll(neighbors, graph.read(point, neighbors));
        scorer.fetch(neighbors, count);
        return count;
    }

    /** Scores what has arrived; returns the best place that one of them got. */
    private int score(int count, OrdinalSet accept) {
        CandidatePool pool = frontier.pool();
        scorer.scoreFetched(arriving, count, scores);
        scored += count;
        int best = Integer.MAX_VALUE;
        float worst = pool.worstScore();
        for (int from = 0; from < count; from += Long.SIZE) {
            int some = Math.min(Long.SIZE, count - from);
            long good = FloatScores.atLeast(worst, scores, from, some); // a few of them
            for (; good != 0; good &= good - 1) {
                int i = from + Long.numberOfTrailingZeros(good);
                long neighbor = ScoredOrdinal.of(scores[i], arriving[i]);
                if (pool.takes(neighbor)) {
                    best = Math.min(best, frontier.add(neighbor, accept));
                }
            }
            worst = pool.worstScore();
        }
        return best;
    }
}
