package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

/**
 * The two searches of the HNSW paper (Malkov and Yashunin, arXiv 1603.09320): greedy descent on an
 * upper level and the best-first walk on one level, with the scratch that they need. Neighbours are
 * collected first and scored together afterwards.
 *
 * <p>The best-first walk works on three points at a time, because what a step reads is rarely in
 * the cache: the links of the first are on their way from memory while the vectors of the second's
 * neighbours are, and those of the third's are scored. So a point is chosen before the neighbours
 * of the two before it are known. That costs few scores, all of which count, and lets no step wait
 * for what the same step asked for.
 *
 * <p>Confined to one thread at a time.
 */
final class GraphWalk {
    /** In the place of a point: none. */
    private static final int NONE = -1;

    private final VectorTable vectors;
    private final Links links;
    private final VisitedSet visited;
    private final Frontier frontier = new Frontier();
    private final float[] scores;
    private final SettledStop settled = new SettledStop();
    private int[] arriving; // neighbours whose vectors were asked for by the last step
    private int[] neighbors; // and by this one
    private long scored;
    private boolean expired;
    private final ByVector byVector = new ByVector();

    /** Scores by the vectors themselves. */
    private final class ByVector implements PointScores {
        private PreparedQuery query = new PreparedQuery(1);

        @Override
        public void fetch(int[] ordinals, int count) {
            vectors.fetch(query, ordinals, count);
        }

        @Override
        public void scoreFetched(int[] ordinals, int count, float[] into) {
            vectors.scoreFetched(query, ordinals, count, into);
        }
    }

    GraphWalk(VectorTable vectors, Links links, int capacity) {
        this.vectors = vectors;
        this.links = links;
        visited = new VisitedSet(capacity);
        arriving = new int[links.limit(0)];
        neighbors = new int[links.limit(0)];
        scores = new float[links.limit(0)];
    }

    /** A walk among accepted points of the same graph. */
    FilteredWalk filtered() {
        return new FilteredWalk(
                new WalkedGraph() {
                    @Override
                    public int capacity() {
                        return vectors.capacity();
                    }

                    @Override
                    public int longestList() {
                        return links.limit(0);
                    }

                    @Override
                    public int neighbors(int ordinal, int[] target) {
                        return links.read(ordinal, 0, target);
                    }

                    @Override
                    public void fetchList(int ordinal) {
                        links.fetch(ordinal);
                    }

                    @Override
                    public void fetch(int[] ordinals, int count) {
                        byVector.fetch(ordinals, count);
                    }

                    @Override
                    public void score(int[] ordinals, int count, float[] into) {
                        byVector.scoreFetched(ordinals, count, into);
                    }
                });
    }

    /** The query of the {@link #filtered} walk's next walk. */
    void filteredQuery(PreparedQuery query) {
        byVector.query = query;
    }

    /** What the last {@link #walk} found. */
    CandidatePool found() {
        return frontier.pool();
    }

    /** Distances computed since the last {@link #resetScored}. */
    long scored() {
        return scored;
    }

    /** Whether the last {@link #walk} was cut short by its deadline. */
    boolean expired() {
        return expired;
    }

    void resetScored() {
        scored = 0;
    }

    /**
     * Scores the entry point and goes to ever closer neighbours on the levels from {@code top} down
     * to {@code bottom}.
     */
    long descend(PreparedQuery query, int entryOrdinal, int top, int bottom) {
        long best = ScoredOrdinal.of(vectors.score(query, entryOrdinal), entryOrdinal);
        scored++;
        for (int level = top; level >= bottom; level--) {
            best = climb(query, best, level);
        }
        return best;
    }

    /**
     * Best-first walk of a level from one point, until the best candidate is worse than all {@code
     * ef} points found.
     */
    void walk(PreparedQuery query, long entry, int ef, int level) {
        walk(query, entry, level, SearchLimits.of(ef), 1, OrdinalSet.ALL);
    }

    /** As {@link #walk(PreparedQuery, long, int, int)}, by other scores than the vectors'. */
    void walk(PointScores by, long entry, int ef, int level) {
        walk(by, entry, level, SearchLimits.of(ef), 1, OrdinalSet.ALL);
    }

    /**
     * As {@link #walk(PreparedQuery, long, int, int)}, within limits.
     *
     * @param k the best points whose settling may end the walk early
     * @param accept which points may be found and count in ef; all points are walked through
     */
    void walk(
            PreparedQuery query,
            long entry,
            int level,
            SearchLimits limits,
            int k,
            OrdinalSet accept) {
        byVector.query = query;
        walk(byVector, entry, level, limits, k, accept);
    }

    private void walk(
            PointScores by, long entry, int level, SearchLimits limits, int k, OrdinalSet accept) {
        int ef = Math.max(limits.ef(), k);
        SettledStop stop = limits.adaptiveStop() ? settled : SettledStop.NEVER;
        stop.reset(ef);
        expired = false;
        visited.clear();
        frontier.clear(ef);
        visited.add(ScoredOrdinal.ordinal(entry));
        frontier.add(entry, accept);
        int expanded = 0;
        int listed = NONE; // the point whose list was asked for by the last step
        int waiting = 0;
        while (true) {
            int chosen = stop.reached(expanded) ? NONE : frontier.next();
            if (chosen != NONE) {
                expanded++;
                if (level == 0) {
                    links.fetch(chosen);
                }
            } else if (listed == NONE && waiting == 0) {
                return;
            }
            if (expanded % SearchLimits.STRIDE == 0 && limits.expired().getAsBoolean()) {
                expired = true;
                return;
            }
            int count = listed == NONE ? 0 : askForNeighbors(by, listed, level);
            if (score(by, waiting, accept) < k) {
                stop.changed(expanded);
            }
            int[] done = arriving;
            arriving = neighbors;
            neighbors = done;
            waiting = count;
            listed = chosen;
        }
    }

    /** Reads a list and asks for the vectors of those who are new; returns how many they are. */
    private int askForNeighbors(PointScores by, int point, int level) {
        int count = visited.addAll(neighbors, links.read(point, level, neighbors));
        by.fetch(neighbors, count);
        return count;
    }

    /** Scores what has arrived; returns the best place that one of them got. */
    private int score(PointScores by, int count, OrdinalSet accept) {
        CandidatePool pool = frontier.pool();
        by.scoreFetched(arriving, count, scores);
        scored += count;
        int best = Integer.MAX_VALUE;
        float worst = pool.worstScore();
        for (int i = 0; i < count; i++) {
            if (scores[i] < worst) {
                continue; // most of them, hence no more than this is done about them
            }
            long neighbor = ScoredOrdinal.of(scores[i], arriving[i]);
            if (pool.takes(neighbor)) {
                best = Math.min(best, frontier.add(neighbor, accept));
                worst = pool.worstScore();
            }
        }
        return best;
    }

    private long climb(PreparedQuery query, long start, int level) {
        long best = start;
        long at;
        do {
            at = best;
            int count = links.read(ScoredOrdinal.ordinal(at), level, neighbors);
            vectors.score(query, neighbors, count, scores);
            scored += count;
            for (int i = 0; i < count; i++) {
                best = Math.max(best, ScoredOrdinal.of(scores[i], neighbors[i]));
            }
        } while (best != at);
        return best;
    }
}
