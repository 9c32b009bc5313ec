package io.arbalest.hnsw.sealed;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.AcceptedPoints;
import io.arbalest.hnsw.FilteredWalk;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.WalkedGraph;

import org.jspecify.annotations.Nullable;

/**
 * Searches one packed graph: greedy descent through the upper levels, then a best-first walk of
 * level 0.
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

    private final SealedGraph graph;
    private final RowScorer exact;
    private final ListWalk walk;
    private final int[] slots;
    private final int[] ordinals;
    private final float[] scores;
    private long descentScored;
    private @Nullable FilteredWalk among;
    private long amongScored;
    private long amongVisited;

    SealedSearcher(SealedGraph graph) {
        this.graph = graph;
        exact = new HalfScorer(graph.vectors());
        walk = new ListWalk(graph, exact);
        int longest = Math.max(SCAN_BATCH, graph.longestList());
        slots = new int[longest];
        ordinals = new int[longest];
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
        descentScored = 0;
        amongScored = 0;
        walk.reset();
        if (graph.entry() < 0) {
            return;
        }
        exact.load(query);
        long entry = descend();
        walk.walk(entry, Math.max(limits.ef(), results.capacity()), limits, accept);
        CandidatePool found = walk.found();
        for (int i = 0; i < found.size(); i++) {
            float score = ScoredOrdinal.score(found.get(i));
            if (score < limits.minScore()
                    || !results.offer(ScoredOrdinal.ordinal(found.get(i)), score)) {
                return; // all that follow are worse
            }
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
        int count = 0;
        for (int ordinal = accept.next(from, to);
                ordinal < to;
                ordinal = accept.next(ordinal + 1, to)) {
            ordinals[count++] = ordinal;
            if (count == ordinals.length) {
                scanned += offer(count, minScore, results);
                count = 0;
            }
        }
        return scanned + offer(count, minScore, results);
    }

    private int offer(int count, float minScore, NeighborQueue results) {
        exact.score(ordinals, count, scores);
        for (int i = 0; i < count; i++) {
            if (scores[i] >= minScore) {
                results.offer(ordinals[i], scores[i]);
            }
        }
        return count;
    }

    /**
     * As {@link #search}, for a set that leaves many points out: only accepted points are scored
     * ({@link FilteredWalk}).
     *
     * @param limit scores after which the search gives up
     * @return whether the search came to its end
     */
    public boolean searchAccepted(
            float[] query,
            int ef,
            AcceptedPoints points,
            float minScore,
            long limit,
            NeighborQueue results) {
        descentScored = 0;
        amongScored = 0;
        amongVisited = 0;
        walk.reset();
        if (graph.entry() < 0) {
            return true;
        }
        exact.load(query);
        FilteredWalk accepted = among;
        if (accepted == null) {
            accepted = new FilteredWalk(new LevelZero());
            among = accepted;
        }
        int entry = ScoredOrdinal.ordinal(descend());
        int kept = Math.max(ef, results.capacity());
        boolean ended = accepted.walk(entry, kept, points, limit);
        amongScored = accepted.scored();
        amongVisited = accepted.visited();
        accepted.offer(minScore, results);
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
        public void score(int[] batch, int count, float[] target) {
            exact.score(batch, count, target);
        }
    }

    /** Vectors and codes scored by the last search. */
    public long scored() {
        return descentScored + walk.scored() + amongScored;
    }

    /** Points that the last {@link #searchAccepted} went through, scored or not. */
    public long visited() {
        return descentScored + amongVisited;
    }

    /** Whether the last search was cut short by its deadline. */
    public boolean expired() {
        return walk.expired();
    }

    /** Goes to ever closer points on the upper levels; returns a point of level 0. */
    private long descend() {
        int slot = graph.entry();
        int top = graph.topLevel();
        ordinals[0] = top == 0 ? slot : graph.level(top).ordinal(slot);
        exact.score(ordinals, 1, scores);
        descentScored++;
        long best = ScoredOrdinal.of(scores[0], ordinals[0]);
        for (int level = top; level >= 1; level--) {
            LevelLists lists = graph.level(level);
            int at;
            do {
                at = slot;
                int count = lists.read(at, slots);
                for (int i = 0; i < count; i++) {
                    ordinals[i] = lists.ordinal(slots[i]);
                }
                exact.score(ordinals, count, scores);
                descentScored += count;
                for (int i = 0; i < count; i++) {
                    long neighbor = ScoredOrdinal.of(scores[i], ordinals[i]);
                    if (neighbor > best) {
                        best = neighbor;
                        slot = slots[i];
                    }
                }
            } while (slot != at);
            slot = lists.below(slot);
        }
        return best;
    }
}
