package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.CandidatePool;
import io.arbalest.hnsw.LongHeap;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.SettledStop;
import io.arbalest.hnsw.VisitedSet;

/**
 * Best-first walk of level 0 over estimated scores: a point is scored exactly when it is expanded,
 * its neighbours are estimated all at once from its block (SymphonyQG, arXiv 2411.12229).
 *
 * <p>Confined to one thread at a time.
 */
final class BlockWalk {
    private final RowScorer exact;
    private final BlockScorer estimates;
    private final VisitedSet visited;
    private final SettledStop settled = new SettledStop();
    private final CandidatePool pool = new CandidatePool();
    private final LongHeap detours = new LongHeap(256); // negated: the best on top
    private final int[] point = new int[1];
    private final float[] score = new float[1];
    private long scored;
    private boolean expired;

    BlockWalk(RowScorer exact, BlockScorer estimates, VisitedSet visited) {
        this.exact = exact;
        this.estimates = estimates;
        this.visited = visited;
    }

    long scored() {
        return scored;
    }

    boolean expired() {
        return expired;
    }

    /** Turns to another query. */
    void load(float[] query) {
        estimates.load(query);
    }

    /** Walks from one point and offers every accepted point that it expands. */
    void walk(long entry, int ef, SearchLimits limits, OrdinalSet accept, NeighborQueue results) {
        scored = 0;
        expired = false;
        SettledStop stop = limits.adaptiveStop() ? settled : SettledStop.NEVER;
        stop.reset(ef);
        visited.clear();
        detours.clear();
        pool.clear(ef);
        visited.add(ScoredOrdinal.ordinal(entry));
        consider(entry, accept);
        int expanded = 0;
        while (true) {
            long best = pool.bestUnexpanded();
            boolean detour = detours.size() > 0 && ~detours.top() > best;
            if (detour) {
                best = ~detours.pop();
                if (!pool.takes(best)) {
                    return;
                }
            } else if (best == Long.MIN_VALUE) {
                return;
            } else {
                pool.markExpanded();
            }
            if (++expanded % SearchLimits.STRIDE == 0 && limits.expired().getAsBoolean()) {
                expired = true;
                return;
            }
            if (stop.reached(expanded)) {
                return;
            }
            int ordinal = ScoredOrdinal.ordinal(best);
            long next = pool.bestUnexpanded();
            fetch(next);
            point[0] = ordinal;
            exact.score(point, 1, score);
            scored++;
            if (!detour && score[0] >= limits.minScore() && results.offer(ordinal, score[0])) {
                stop.changed(expanded);
            }
            expand(ordinal, score[0], accept);
            long better = pool.bestUnexpanded();
            if (better != next) {
                fetch(better);
            }
        }
    }

    /** Starts to bring all that is read of a point into the cache. */
    private void fetch(long candidate) {
        if (candidate != Long.MIN_VALUE) {
            int ahead = ScoredOrdinal.ordinal(candidate);
            exact.fetch(ahead);
            estimates.fetch(ahead);
        }
    }

    private void expand(int ordinal, float pointScore, OrdinalSet accept) {
        for (int number = 0; number < estimates.blocksPerRow(); number++) {
            long above = estimates.score(ordinal, number, pointScore, pool.worstScore());
            while (above != 0) {
                int place = Long.numberOfTrailingZeros(above);
                above &= above - 1;
                int neighbor = estimates.neighbor(ordinal, number, place);
                long candidate = ScoredOrdinal.of(estimates.scores[place], neighbor);
                if (pool.takes(candidate) && visited.add(neighbor)) {
                    consider(candidate, accept);
                }
            }
        }
    }

    private void consider(long candidate, OrdinalSet accept) {
        if (accept.contains(ScoredOrdinal.ordinal(candidate))) {
            pool.add(candidate);
        } else {
            detours.push(~candidate);
        }
    }
}
