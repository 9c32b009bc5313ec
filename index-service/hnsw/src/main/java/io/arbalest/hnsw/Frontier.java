package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

/**
 * What a best-first walk has found and not expanded yet: accepted points in a pool of the best, the
 * others, which are only walked through, beside it.
 *
 * <p>Confined to one thread.
 */
public final class Frontier {
    /** No place in the pool: not accepted. */
    private static final int NONE = Integer.MAX_VALUE;

    private final CandidatePool pool = new CandidatePool();
    private final LongHeap detours = new LongHeap(256); // negated: the best on top

    /** One without points, which takes none until it is cleared. */
    public Frontier() {}

    /** Forgets everything and keeps the best {@code ef} accepted points from now on. */
    public void clear(int ef) {
        clear(ef, ef);
    }

    /** As {@link #clear(int)}, but keeps more points than it expands. */
    public void clear(int ef, int kept) {
        pool.clear(kept, ef);
        detours.clear();
    }

    /** The accepted points. */
    public CandidatePool pool() {
        return pool;
    }

    /**
     * Takes a point for which the pool's {@link CandidatePool#takes} is true.
     *
     * @return the place that an accepted point got, or a large number
     */
    public int add(long point, OrdinalSet accept) {
        return add(point, accept.contains(ScoredOrdinal.ordinal(point)));
    }

    /** As {@link #add(long, OrdinalSet)}, for who knows whether the point is accepted. */
    int add(long point, boolean accepted) {
        if (accepted) {
            return pool.add(point);
        }
        detours.push(~point);
        return NONE;
    }

    /** The best point that is not accepted and was not expanded, which then counts as it; or -1. */
    int nextDetour() {
        return detours.size() == 0 ? -1 : ScoredOrdinal.ordinal(~detours.pop());
    }

    /** Forgets the points that are not accepted, and lets the others count as not expanded. */
    void onlyAccepted() {
        detours.clear();
        pool.markAllNew();
    }

    /**
     * The best point not expanded yet, which counts as expanded from now on; -1 if there is none,
     * or if it is worse than all that would be expanded.
     */
    public int next() {
        long best = pool.bestUnexpanded();
        if (detours.size() > 0 && ~detours.top() > best) {
            best = ~detours.pop();
            return pool.reaches(best) ? ScoredOrdinal.ordinal(best) : -1;
        }
        if (best == Long.MIN_VALUE) {
            return -1;
        }
        pool.markExpanded();
        return ScoredOrdinal.ordinal(best);
    }
}
