package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

import java.util.function.BooleanSupplier;

/**
 * The best-first walk of level 0 for points that a filter accepts.
 *
 * <p>It begins as a walk without a filter does: every neighbour is scored, and those that are not
 * accepted are only gone through. Where enough of them are accepted, that is all, and looking
 * further would not pay. The share is counted as the walk goes on, {@value #WINDOW} points at a
 * time, because a filter that half of all points pass may leave none near this query, or leave some
 * at one side of it.
 *
 * <p>Where too few are accepted, the walk goes on among the accepted points, through the others: a
 * neighbour that is not accepted is not scored, its own neighbours stand in for it (ACORN-1, arXiv
 * 2403.04871; two hops, on the fly), unless a point has enough accepted neighbours without. So it
 * sees about the graph that the accepted points would have had by themselves, and computes
 * distances to them only. It is then also led by some accepted points spread over the segment: if
 * they lie far from the query, the way in is through them.
 *
 * <p>It gives up when it has scored as many points as it may, and where the accepted points that it
 * can reach are fewer than it should keep; the caller then scores all accepted ones. Confined to
 * one thread at a time.
 */
public final class FilteredWalk {
    /** Accepted points scored to find a way in. */
    static final int SEEDS = 32;

    /** The same where they lie far from the query. */
    static final int SEEDS_FROM_AFAR = 256;

    /** Points scored between two looks at how many of them are accepted. */
    static final int WINDOW = 128;

    /** Points that are not accepted, the best, from which the accepted ones are looked for. */
    private static final int WAYS_IN = 8;

    /** Below this share of accepted points among those met, they lie far from the query. */
    static final double AFAR = 0.05;

    /**
     * Share of the longest list that is filled from behind neighbours that are not accepted, those
     * met before counted in: more costs more than it finds.
     */
    static final double FILL = 0.5;

    /**
     * The same where few points of a segment are accepted, or none near the query. In the second
     * case those met before do not count: the best are then spread all around, and each of them has
     * to be found from somewhere else.
     */
    static final double FILL_OF_FEW = 0.75;

    /** Share of accepted points in a segment below which they are few. */
    static final double FEW = 0.25;

    /** In the place of a point: none. */
    private static final int NONE = -1;

    /** Lists fetched before the first of them is read. */
    private static final int AHEAD = 8;

    private final WalkedGraph graph;
    private final VisitedSet visited;

    /** Points that are not accepted whose neighbours were looked at. */
    private final VisitedSet bridges;

    private final Frontier frontier = new Frontier();
    private final int longest;
    private int fill;
    private boolean afar;
    private final int[] neighbors;
    private final int[] skipped;
    private final int[] beyond;
    private int[] batch; // what is scored next
    private int[] coming; // and after that
    private final float[] scores;
    private long scored;
    private long bridged;
    private final SettledStop settled = new SettledStop();
    private SettledStop stop = SettledStop.NEVER;
    private int best;
    private long limit;
    private BooleanSupplier until = () -> false;
    private int expanded;
    private boolean all;
    private boolean expired;

    /** Scratch for walks of this graph. */
    public FilteredWalk(WalkedGraph graph) {
        this.graph = graph;
        this.visited = new VisitedSet(graph.capacity());
        this.bridges = new VisitedSet(graph.capacity());
        int most = Math.max(1, graph.longestList());
        longest = most;
        neighbors = new int[most];
        skipped = new int[most];
        beyond = new int[most];
        batch = new int[Math.max(SEEDS_FROM_AFAR, 2 * most)];
        coming = new int[batch.length];
        scores = new float[batch.length];
    }

    /** Offers what the last walk found: points of at least a score. */
    public void offer(float minScore, NeighborQueue results) {
        CandidatePool pool = frontier.pool();
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
        return frontier.pool();
    }

    /** Whether the last walk scored all points on its way, to its end. */
    public boolean walkedAll() {
        return all;
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
     * @param k the best points whose settling may end the walk early
     * @param kept accepted points that are kept, if more than {@code ef}: for who scores them again
     * @param most distances, and points looked behind, after which the walk gives up
     * @return whether it came to its end, or to that of its time
     */
    public boolean walk(
            int entry, int k, int kept, SearchLimits limits, AcceptedPoints accepted, long most) {
        int ef = Math.max(limits.ef(), k);
        visited.clear();
        frontier.clear(ef, Math.max(ef, kept));
        scored = 0;
        bridged = 0;
        expanded = 0;
        limit = most;
        until = limits.expired();
        best = k;
        stop = limits.adaptiveStop() ? settled : SettledStop.NEVER;
        stop.reset(ef);
        all = true;
        expired = false;
        OrdinalSet accept = accepted.set();
        visited.add(entry);
        coming[0] = entry;
        int hits = score(1, accept);
        int window = 1;
        int listed = NONE; // the point whose list was asked for by the last step
        int waiting = 0;
        int last = entry;
        while (true) { // three points at a time, as walks without a filter do
            int chosen = frontier.next();
            if (chosen != NONE) {
                if (ends()) {
                    return !exhausted();
                }
                graph.fetchList(chosen);
                last = chosen;
            } else if (listed == NONE && waiting == 0) {
                return complete(ef, accepted);
            }
            int count = listed == NONE ? 0 : collect(listed, accept);
            graph.fetch(coming, count);
            hits += scoreFetched(waiting, accept);
            window += waiting;
            turnOver();
            waiting = count;
            listed = chosen;
            if (all && window >= WINDOW) {
                if (hits < accepted.dense() * window) {
                    scoreFetched(waiting, accept);
                    turnToAccepted(last, (double) hits / window, accepted);
                    waiting = 0;
                    listed = NONE;
                }
                window = 0;
                hits = 0;
            }
        }
    }

    /** What comes is scored next. */
    private void turnOver() {
        int[] done = batch;
        batch = coming;
        coming = done;
    }

    /** Lets the walk go on among accepted points only. */
    private void turnToAccepted(int from, double share, AcceptedPoints accepted) {
        all = false;
        bridges.clear();
        boolean few = accepted.count() < FEW * accepted.rows();
        afar = share < AFAR;
        fill = (int) Math.ceil((few || afar ? FILL_OF_FEW : FILL) * longest);
        OrdinalSet accept = accepted.set();
        score(seeds(accept, accepted.rows(), afar ? SEEDS_FROM_AFAR : SEEDS), accept);
        score(collect(from, accept), accept);
        for (int way = 0; way < WAYS_IN; way++) {
            int detour = frontier.nextDetour();
            if (detour >= 0) {
                score(collect(detour, accept), accept);
            }
        }
        frontier.onlyAccepted(); // what lies behind their neighbours was not looked at
    }

    private boolean complete(int ef, AcceptedPoints accepted) {
        int found = frontier.pool().size();
        return found >= ef || found >= accepted.count();
    }

    /** Whether the walk's time is over, it has cost too much, or the best have settled. */
    private boolean ends() {
        if (++expanded % SearchLimits.STRIDE == 0 && until.getAsBoolean()) {
            expired = true;
        }
        return expired || exhausted() || stop.reached(expanded);
    }

    private boolean exhausted() {
        return !expired && scored + bridged > limit;
    }

    private void fetchLists(int[] ordinals, int count) {
        for (int i = 0; i < Math.min(AHEAD, count); i++) {
            graph.fetchList(ordinals[i]);
        }
    }

    /** The share of accepted points among some of those within two hops of a point. */
    public double shareAround(int point, OrdinalSet accept) {
        int seen = 0;
        int hits = 0;
        int degree = graph.neighbors(point, neighbors);
        fetchLists(neighbors, degree);
        for (int i = 0; i < degree && seen < 2 * WINDOW; i++) {
            int more = graph.neighbors(neighbors[i], beyond);
            for (int j = 0; j < more; j++) {
                hits += accept.contains(beyond[j]) ? 1 : 0;
            }
            seen += more;
        }
        return seen == 0 ? 1 : (double) hits / seen;
    }

    private int seeds(OrdinalSet accept, int rows, int most) {
        int count = 0;
        int stride = Math.max(1, rows / most);
        for (int from = 0; from < rows && count < most; from += stride) {
            int ordinal = accept.next(from, rows);
            if (ordinal < rows && visited.add(ordinal)) {
                coming[count++] = ordinal;
            }
        }
        return count;
    }

    /**
     * The points, not met yet, that a point leads to: its neighbours or, among accepted points
     * only, those of them that are accepted and, if they are few, the accepted ones behind the
     * others.
     */
    private int collect(int point, OrdinalSet accept) {
        int degree = graph.neighbors(point, coming);
        if (all) {
            return visited.addAll(coming, degree);
        }
        int near = accept.split(coming, 0, degree, skipped);
        int left = degree - near;
        int count = visited.addAll(coming, near);
        int met = afar ? 0 : near - count;
        if (count + met < fill) {
            fetchLists(skipped, left);
        }
        for (int i = 0; i < left && count + met < fill; i++) {
            if (i + AHEAD < left) {
                graph.fetchList(skipped[i + AHEAD]);
            }
            if (!bridges.add(skipped[i])) {
                continue;
            }
            bridged++;
            int more = graph.neighbors(skipped[i], beyond);
            int hits = accept.split(beyond, 0, more, neighbors);
            int added = visited.addAll(beyond, hits);
            System.arraycopy(beyond, 0, coming, count, added);
            count += added;
            met += afar ? 0 : hits - added;
        }
        return count;
    }

    /** Scores what comes and takes it; returns how many are accepted. */
    private int score(int count, OrdinalSet accept) {
        graph.fetch(coming, count);
        turnOver();
        return scoreFetched(count, accept);
    }

    private int scoreFetched(int count, OrdinalSet accept) {
        graph.score(batch, count, scores);
        scored += count;
        CandidatePool pool = frontier.pool();
        int hits = 0;
        float worst = pool.worstScore();
        for (int i = 0; i < count; i++) {
            boolean hit = !all || accept.contains(batch[i]);
            hits += hit ? 1 : 0;
            if (scores[i] < worst) {
                continue; // most of them, hence no more than this is done about them
            }
            long point = ScoredOrdinal.of(scores[i], batch[i]);
            if (pool.takes(point)) {
                if (frontier.add(point, hit) < best) {
                    stop.changed(expanded);
                }
                worst = pool.worstScore();
            }
        }
        return hits;
    }
}
