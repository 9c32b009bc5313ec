package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.AcceptedPoints;
import io.arbalest.hnsw.CandidatePool;
import io.arbalest.hnsw.FilteredWalk;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VisitedSet;
import io.arbalest.hnsw.WalkedGraph;

import org.jspecify.annotations.Nullable;

/**
 * Searches one packed graph: greedy descent through the upper levels, then a best-first walk of
 * level 0, on compact codes if the graph has them, with exact scores for what they find.
 *
 * <p>Points that are not accepted are walked through, never returned and never counted in {@code
 * ef}. The same state and arguments give the same results. Nothing is allocated by a search, after
 * the first few have let the scratch grow to what {@code ef} needs.
 *
 * <p>Reusable; confined to one thread at a time.
 */
public final class SealedSearcher {
    /** Points of a scan that are scored together, at least. */
    private static final int SCAN_BATCH = 64;

    private static final int RERANK_BATCH = 8;

    /** Points that are scored in the time of one. */
    private static final int LOCKSTEP = 4;

    /** Points whose vectors are fetched before the first of them is scored. */
    private static final int RERANK_AHEAD = 16;

    /** What follows is scored exactly until it is this many times the largest error away. */
    private static final float ERROR_MARGIN = 1.5f;

    private final SealedGraph graph;
    private final RowScorer exact;
    private final boolean coded; // whether there are codes once a point
    private final RowScorer coarse; // scores by them, else exact
    private final ListWalk lists;
    private final @Nullable BlockWalk blocks;
    private final int likely; // points beside the best k that are scored exactly as a rule
    private final CandidatePool candidates = new CandidatePool(); // of a scan
    private final int[] slots;
    private final float[] scores;
    private int[] ordinals;
    private int[] ahead; // of a scan: what is scored next
    private @Nullable FilteredWalk among;
    private long scored;
    private long visited;
    private boolean walkedAll;
    private long reranked;
    private boolean expired;

    SealedSearcher(SealedGraph graph) {
        this.graph = graph;
        exact = new HalfScorer(graph.vectors());
        CodeScorer codes = graph.newCodeScorer();
        coded = codes != null;
        coarse = codes == null ? exact : codes;
        likely = graph.codes() == CodeKind.NIBBLES ? RERANK_BATCH : 0;
        VisitedSet marks = new VisitedSet(graph.points());
        lists = new ListWalk(graph, coarse, marks);
        BlockScorer estimates = graph.newBlockScorer();
        blocks = estimates == null ? null : new BlockWalk(exact, estimates, marks);
        int longest = Math.max(SCAN_BATCH, graph.longestList());
        slots = new int[longest];
        ordinals = new int[longest];
        ahead = new int[longest];
        scores = new float[longest];
    }

    /**
     * Offers the best points that it finds.
     *
     * @param query as many finite elements as the graph has dimensions
     * @param accept which points may be found, by the ordinals of the packed graph
     * @param results receives ordinals of the packed graph and their scores
     */
    public void search(
            float[] query, SearchLimits limits, OrdinalSet accept, NeighborQueue results) {
        scored = 0;
        reranked = 0;
        expired = false;
        if (graph.entry() < 0) {
            return;
        }
        load(query);
        walk(descend(), query, limits, accept, results);
    }

    private void walk(
            long entry,
            float[] query,
            SearchLimits limits,
            OrdinalSet accept,
            NeighborQueue results) {
        int ef = Math.max(limits.ef(), results.capacity());
        if (blocks != null) {
            blocks.load(query);
            blocks.walk(entry, ef, limits, accept, results);
            scored += blocks.scored();
            expired = blocks.expired();
            return;
        }
        int k = results.capacity();
        lists.walk(entry, ef, k, coded ? firstLook(k) : k, limits, accept);
        scored += lists.scored();
        expired = lists.expired();
        if (coded) {
            rerank(lists.found(), limits.minScore(), results);
        } else {
            offer(limits, results);
        }
    }

    private void load(float[] query) {
        exact.load(query);
        if (coded) {
            coarse.load(query);
        }
    }

    private void offer(SearchLimits limits, NeighborQueue results) {
        CandidatePool found = lists.found();
        for (int i = 0; i < found.size(); i++) {
            float score = ScoredOrdinal.score(found.get(i));
            if (score < limits.minScore()
                    || !results.offer(ScoredOrdinal.ordinal(found.get(i)), score)) {
                return; // all that follow are worse
            }
        }
    }

    /** Points that are scored exactly whatever their scores by code are, to find the best k. */
    private static int inAnyCase(int k) {
        return LOCKSTEP * ((k + LOCKSTEP - 1) / LOCKSTEP);
    }

    /**
     * Points that are scored exactly as a rule: a walk keeps so many, however few its ef is. With
     * an ef of no more than k those that codes put just below the k-th would be lost.
     */
    private int firstLook(int k) {
        return inAnyCase(k) + likely;
    }

    /**
     * Scores what was found by code exactly, best first, until even the largest error seen would
     * not lift what follows into the results.
     */
    private void rerank(CandidatePool found, float minScore, NeighborQueue results) {
        float largestError = 0;
        boolean announces = graph.ahead().begin();
        int k = results.capacity();
        int needed = inAnyCase(k);
        int announced = 0;
        int fetched = announces ? 0 : fetchFirst(found, needed);
        int count;
        for (int at = 0; at < found.size(); at += count) {
            float worst = Math.max(results.worstScore(), minScore);
            float next = ScoredOrdinal.score(found.get(at));
            if (at >= k && next + ERROR_MARGIN * largestError < worst) {
                return;
            }
            if (announces && at == announced) {
                float least = worst - ERROR_MARGIN * largestError;
                announced = at == 0 ? firstLook(k) : lastThatMayCount(found, at, least);
                announce(found, at, Math.min(announced, found.size()));
            }
            count = at < needed ? Math.min(RERANK_AHEAD, needed - at) : RERANK_BATCH;
            count = Math.min(count, found.size() - at);
            for (int i = 0; i < count; i++) {
                ordinals[i] = ScoredOrdinal.ordinal(found.get(at + i));
            }
            if (at + count <= fetched) {
                exact.scoreFetched(ordinals, count, scores);
            } else {
                exact.score(ordinals, count, scores);
            }
            scored += count;
            reranked += count;
            for (int i = 0; i < count; i++) {
                float error = scores[i] - ScoredOrdinal.score(found.get(at + i));
                largestError = Math.max(largestError, Math.abs(error)); // of either sign it tells
                if (scores[i] >= minScore) {
                    results.offer(ordinals[i], scores[i]);
                }
            }
        }
    }

    /** Fetches what will be scored in any case, as far as it is few; returns how many. */
    private int fetchFirst(CandidatePool found, int needed) {
        int count = Math.min(found.size(), Math.min(RERANK_AHEAD, needed));
        for (int i = 0; i < count; i++) {
            ordinals[i] = ScoredOrdinal.ordinal(found.get(i));
        }
        exact.fetch(ordinals, count);
        return count;
    }

    /**
     * The end of what will be scored, as far as is known before the next batch is: whole batches,
     * at least one.
     */
    private static int lastThatMayCount(CandidatePool found, int from, float least) {
        int end = from + RERANK_BATCH;
        while (end < found.size() && ScoredOrdinal.score(found.get(end)) >= least) {
            end += RERANK_BATCH;
        }
        return end;
    }

    /** Announces the points at some places, all of which will be scored most likely. */
    private void announce(CandidatePool found, int from, int end) {
        for (int place = from; place < end; place++) {
            graph.vectors().expect(ScoredOrdinal.ordinal(found.get(place)), graph.ahead());
        }
    }

    /**
     * Offers every accepted point of a range whose score is at least {@code minScore}, without the
     * graph.
     *
     * @param from first ordinal
     * @param to one past the last ordinal
     * @return number of scores computed
     */
    public long scan(
            float[] query,
            int from,
            int to,
            OrdinalSet accept,
            float minScore,
            NeighborQueue results) {
        exact.load(query);
        long scanned = 0;
        int count = accept.copy(from, to, ordinals);
        exact.fetch(ordinals, count);
        while (count > 0) {
            int more = fetchMore(exact, accept, count, to);
            exact.scoreFetched(ordinals, count, scores);
            for (int i = 0; i < count; i++) {
                if (scores[i] >= minScore) {
                    results.offer(ordinals[i], scores[i]);
                }
            }
            scanned += count;
            count = turnTo(more);
        }
        return scanned;
    }

    /** Fetches the batch after the one that is about to be scored; returns how many it has. */
    private int fetchMore(RowScorer scorer, OrdinalSet accept, int count, int to) {
        if (count < ordinals.length) {
            return 0;
        }
        int more = accept.copy(ordinals[count - 1] + 1, to, ahead);
        scorer.fetch(ahead, more);
        return more;
    }

    private int turnTo(int more) {
        int[] done = ordinals;
        ordinals = ahead;
        ahead = done;
        return more;
    }

    /**
     * As {@link #scan}, by codes if the graph has them: of the best {@code ef} by code, or of as
     * many as are scored exactly as a rule if those are more, so many are scored exactly as after a
     * walk.
     */
    public long scanCodes(
            float[] query,
            int from,
            int to,
            OrdinalSet accept,
            int ef,
            float minScore,
            NeighborQueue results) {
        if (!coded) {
            return scan(query, from, to, accept, minScore, results);
        }
        load(query);
        scored = 0;
        reranked = 0;
        candidates.clear(Math.max(ef, firstLook(results.capacity())));
        int count = accept.copy(from, to, ordinals);
        coarse.fetch(ordinals, count);
        while (count > 0) {
            int more = fetchMore(coarse, accept, count, to);
            keep(count);
            count = turnTo(more);
        }
        rerank(candidates, minScore, results);
        return scored;
    }

    private void keep(int count) {
        coarse.scoreFetched(ordinals, count, scores);
        scored += count;
        float worst = candidates.worstScore();
        for (int i = 0; i < count; i++) {
            if (scores[i] < worst) {
                continue; // nearly all of a large set, hence no more than this is done about them
            }
            long point = ScoredOrdinal.of(scores[i], ordinals[i]);
            if (candidates.takes(point)) {
                candidates.add(point);
                worst = candidates.worstScore();
            }
        }
    }

    /**
     * As {@link #search}, for a set that leaves many points out: unless most points around the
     * query are accepted, only those are scored ({@link FilteredWalk}).
     *
     * @param limit scores after which the search gives up
     * @return whether the search came to its end
     */
    public boolean searchAccepted(
            float[] query,
            SearchLimits limits,
            AcceptedPoints points,
            long limit,
            NeighborQueue results) {
        scored = 0;
        reranked = 0;
        visited = 0;
        expired = false;
        if (graph.entry() < 0) {
            return true;
        }
        load(query);
        FilteredWalk accepted = among;
        if (accepted == null) {
            accepted = new FilteredWalk(new LevelZero());
            among = accepted;
        }
        long best = descend();
        int entry = ScoredOrdinal.ordinal(best);
        if (blocks != null && accepted.shareAround(entry, points.set()) >= points.dense()) {
            walkedAll = true;
            walk(best, query, limits, points.set(), results);
            visited = scored;
            return true;
        }
        int k = results.capacity();
        int kept = coded ? firstLook(k) : k;
        boolean ended = accepted.walk(entry, k, kept, limits, points, limit);
        walkedAll = accepted.walkedAll();
        expired = accepted.expired();
        visited = scored + accepted.visited();
        scored += accepted.scored();
        if (coded) {
            rerank(accepted.found(), limits.minScore(), results);
        } else {
            accepted.offer(limits.minScore(), results);
        }
        return ended;
    }

    /** The graph and the loaded query for a {@link FilteredWalk}. */
    private final class LevelZero implements WalkedGraph {
        @Override
        public int capacity() {
            return graph.points();
        }

        @Override
        public int longestList() {
            return graph.longestList();
        }

        @Override
        public int neighbors(int ordinal, int[] target) {
            return graph.read(ordinal, target);
        }

        @Override
        public void fetchList(int ordinal) {
            graph.fetchList(ordinal);
        }

        @Override
        public void fetch(int[] batch, int count) {
            coarse.fetch(batch, count);
        }

        @Override
        public void score(int[] batch, int count, float[] target) {
            coarse.scoreFetched(batch, count, target);
        }
    }

    /**
     * Points scored one by one by the last search, by vector or by code; estimates of whole blocks
     * are not counted.
     */
    public long scored() {
        return scored;
    }

    /** Whether the last {@link #searchAccepted} walked all points. */
    public boolean walkedAll() {
        return walkedAll;
    }

    /** Points that the last search or scan scored again by their vectors, after the codes. */
    public long reranked() {
        return reranked;
    }

    /** Points that the last {@link #searchAccepted} went through, scored or not. */
    public long visited() {
        return visited;
    }

    /** Whether the last search was cut short by its deadline. */
    public boolean expired() {
        return expired;
    }

    /** Goes to ever closer points on the upper levels; returns a point of level 0. */
    private long descend() {
        int slot = graph.entry();
        int top = graph.topLevel();
        ordinals[0] = top == 0 ? slot : graph.level(top).ordinal(slot);
        coarse.score(ordinals, 1, scores);
        scored++;
        float score = scores[0];
        for (int level = top; level >= 1; level--) {
            LevelLists links = graph.level(level);
            long best = ScoredOrdinal.of(score, slot); // slots are in the order of their ordinals
            long at;
            do {
                at = best;
                int count = links.read(ScoredOrdinal.ordinal(at), slots);
                for (int i = 0; i < count; i++) {
                    ordinals[i] = links.ordinal(slots[i]);
                }
                coarse.score(ordinals, count, scores);
                scored += count;
                for (int i = 0; i < count; i++) {
                    best = Math.max(best, ScoredOrdinal.of(scores[i], slots[i]));
                }
            } while (best != at);
            score = ScoredOrdinal.score(best);
            slot = links.below(ScoredOrdinal.ordinal(best));
        }
        return ScoredOrdinal.of(score, slot);
    }
}
