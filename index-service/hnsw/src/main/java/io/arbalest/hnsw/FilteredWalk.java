package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

import java.util.function.BooleanSupplier;

/**
 * The best-first walk of level 0 among the points that a filter accepts, through those that it does
 * not: a neighbour that is not accepted is not scored, its own neighbours stand in for it (ACORN-1,
 * arXiv 2403.04871; two hops, on the fly). So the walk sees about the graph that the accepted
 * points would have had by themselves, and computes distances to them only.
 *
 * <p>The walk starts from where the descent ended and from the best of some accepted points spread
 * over the segment: if the accepted points lie far from the query, the way in is through them.
 *
 * <p>It gives up when it has scored as many points as it may, and where the accepted points that it
 * can reach are fewer than it should keep; the caller then scores all accepted ones. Confined to
 * one thread at a time.
 */
public final class FilteredWalk {
    /** Accepted points scored to find a way in. */
    static final int SEEDS = 32;

    /**
     * Share of the longest list that is filled from behind neighbours that are not accepted: more
     * costs more than it finds.
     */
    static final double FILL = 0.75;

    /** Points looked at to see how many are accepted around one. */
    static final int SAMPLE = 256;

    /** Lists fetched before the first of them is read. */
    private static final int AHEAD = 8;

    private final WalkedGraph graph;
    private final VisitedSet visited;

    /** Points that are not accepted whose neighbours were looked at. */
    private final VisitedSet bridges;

    private final CandidatePool pool = new CandidatePool();
    private final int fill;
    private final int[] neighbors;
    private final int[] skipped;
    private final int[] beyond;
    private final int[] batch;
    private final float[] scores;
    private long scored;
    private long bridged;
    private boolean expired;

    /** Scratch for walks of this graph. */
    public FilteredWalk(WalkedGraph graph) {
        this.graph = graph;
        this.visited = new VisitedSet(graph.capacity());
        this.bridges = new VisitedSet(graph.capacity());
        int most = Math.max(1, graph.longestList());
        fill = (int) Math.ceil(FILL * most);
        neighbors = new int[most];
        skipped = new int[most];
        beyond = new int[most];
        batch = new int[Math.max(SEEDS, 2 * most)];
        scores = new float[batch.length];
    }

    /** Offers what the last walk found: points of at least a score. */
    public void offer(float minScore, NeighborQueue results) {
        for (int i = 0; i < pool.size(); i++) {
            long point = pool.get(i);
            float score = ScoredOrdinal.score(point);
            if (score < minScore || !results.offer(ScoredOrdinal.ordinal(point), score)) {
                return; // all that follow are worse
            }
        }
    }

    /** What the last walk found; changes with the next one. */
    public CandidatePool found() {
        return pool;
    }

    /** Whether the last walk was cut short by its deadline. */
    public boolean expired() {
        return expired;
    }

    /** Distances that the last walk computed. */
    public long scored() {
        return scored;
    }

    /** Points that the last walk went through: those scored, and those it only looked behind. */
    public long visited() {
        return scored + bridged;
    }

    /**
     * Walks.
     *
     * @param entry a point near the query
     * @param limit distances after which the walk gives up
     * @param until asked every few steps; the walk ends with what it has once this is true
     * @return whether it came to its end, or to that of its time
     */
    public boolean walk(
            int entry, int ef, AcceptedPoints accepted, long limit, BooleanSupplier until) {
        visited.clear();
        bridges.clear();
        pool.clear(ef);
        scored = 0;
        bridged = 0;
        expired = false;
        int expanded = 0;
        OrdinalSet accept = accepted.set();
        score(seeds(entry, accept, accepted.rows()));
        score(collect(entry, accept));
        for (long best = pool.bestUnexpanded();
                best != Long.MIN_VALUE;
                best = pool.bestUnexpanded()) {
            if (scored > limit) {
                return false;
            }
            if (++expanded % SearchLimits.STRIDE == 0 && until.getAsBoolean()) {
                expired = true;
                return true;
            }
            pool.markExpanded();
            int count = collect(ScoredOrdinal.ordinal(best), accept);
            fetchNext();
            score(count);
        }
        return pool.size() == ef || pool.size() >= accepted.count();
    }

    private void fetchNext() {
        long next = pool.bestUnexpanded();
        if (next != Long.MIN_VALUE) {
            graph.fetchList(ScoredOrdinal.ordinal(next));
        }
    }

    private void fetchLists(int[] ordinals, int count) {
        for (int i = 0; i < Math.min(AHEAD, count); i++) {
            graph.fetchList(ordinals[i]);
        }
    }

    /** The share of accepted points among those within two hops of a point. */
    public double shareAround(int point, OrdinalSet accept) {
        int seen = 0;
        int hits = 0;
        int degree = graph.neighbors(point, neighbors);
        fetchLists(neighbors, degree);
        for (int i = 0; i < degree && seen < SAMPLE; i++) {
            int more = graph.neighbors(neighbors[i], beyond);
            for (int j = 0; j < more; j++) {
                hits += accept.contains(beyond[j]) ? 1 : 0;
            }
            seen += more;
        }
        return seen == 0 ? 1 : (double) hits / seen;
    }

    private int seeds(int entry, OrdinalSet accept, int rows) {
        int count = 0;
        if (accept.contains(entry)) {
            visited.add(entry);
            batch[count++] = entry;
        }
        int stride = Math.max(1, rows / SEEDS);
        for (int from = 0; from < rows && count < SEEDS; from += stride) {
            int ordinal = accept.next(from, rows);
            if (ordinal < rows && visited.add(ordinal)) {
                batch[count++] = ordinal;
            }
        }
        return count;
    }

    /**
     * The accepted points, not met yet, among a point's neighbours and behind those not accepted.
     */
    private int collect(int point, OrdinalSet accept) {
        int count = 0;
        int left = 0;
        int degree = graph.neighbors(point, neighbors);
        for (int i = 0; i < degree; i++) {
            int neighbor = neighbors[i];
            if (!accept.contains(neighbor)) {
                skipped[left++] = neighbor;
            } else if (visited.add(neighbor)) {
                batch[count++] = neighbor;
            }
        }
        if (count < fill) {
            fetchLists(skipped, left);
        }
        for (int i = 0; i < left && count < fill; i++) {
            if (i + AHEAD < left) {
                graph.fetchList(skipped[i + AHEAD]);
            }
            if (!bridges.add(skipped[i])) {
                continue;
            }
            bridged++;
            int more = graph.neighbors(skipped[i], beyond);
            for (int j = 0; j < more; j++) {
                if (accept.contains(beyond[j]) && visited.add(beyond[j])) {
                    batch[count++] = beyond[j];
                }
            }
        }
        return count;
    }

    private void score(int count) {
        graph.score(batch, count, scores);
        scored += count;
        for (int i = 0; i < count; i++) {
            long point = ScoredOrdinal.of(scores[i], batch[i]);
            if (pool.takes(point)) {
                pool.add(point);
            }
        }
    }
}
