package io.arbalest.hnsw;

import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Fills the empty lists of a growing graph with the live points of another graph, so that a merge
 * goes on from what is linked already.
 *
 * <p>A list without dead neighbours is copied. In any other list the living neighbours stay, and
 * each dead one is replaced by one of its own living neighbours (the consolidation of FreshDiskANN,
 * arXiv 2105.09613), so the work is proportional to the number of dead neighbours, not to the
 * graph.
 *
 * <p>Mending alone would rot a graph, a little with each merge: what is near a dead point is not
 * always what a search for neighbours would have found. So points that lost neighbours look for new
 * ones as a new point does, first those that lost the most: two for each point that died, and at
 * most an eighth of all. Where few die at once hardly a point loses more than one neighbour, so to
 * have lost many is no condition.
 *
 * <p>Afterwards every point but the first is given a link from a point of smaller ordinal, which is
 * what {@link Linker} keeps from then on, and every point can be reached from the entry on level 0.
 *
 * <p>Used once, by one thread, before anything else touches the graph.
 */
final class GraphLoader {
    private static final int REACH_ROUNDS = 16;

    /** Points that look for new neighbours: at most so many for each dead one. */
    private static final int AGAIN_FOR_EACH_DEAD = 2;

    /** And at most one of so many. */
    private static final int AGAIN_AT_MOST = 8;

    private static final long TAKEN = Long.MIN_VALUE;

    private final VectorTable vectors;
    private final Links links;
    private final GraphSource source;
    private final int[] ordinals;
    private final Linker linker;
    private final DiverseSelection selection;
    private final PreparedQuery query;
    private final PreparedQuery other;
    private final int[] list;
    private final int[] behind;
    private final int[] selected;
    private final long[] found;
    private final VisitedSet seen;
    private final int[] lost; // dead neighbours on level 0, by ordinal of the source; 0 of the dead
    private int[] candidates = new int[256];
    private float[] scores = new float[256];
    private long[] ranked = new long[256];
    private int[] toRank = new int[256];
    private long entry = GrowingGraph.EMPTY;

    /**
     * @param ordinals by ordinal of the source: the ordinal here, or -1 for a dead point
     */
    GraphLoader(
            VectorTable vectors, Links links, GraphSource source, int[] ordinals, int ef, int m) {
        this.vectors = vectors;
        this.links = links;
        this.source = source;
        this.ordinals = ordinals;
        linker = new Linker(vectors, links, new ReentrantLock[] {new ReentrantLock()}, m, ef);
        selection = new DiverseSelection(vectors, links.limit(0));
        query = vectors.newQuery();
        other = vectors.newQuery();
        list = new int[Math.max(source.limit(0), Math.max(source.limit(1), links.limit(0)))];
        behind = new int[list.length];
        selected = new int[links.limit(0)];
        found = new long[ef];
        seen = new VisitedSet(vectors.capacity());
        lost = new int[ordinals.length];
    }

    /** Loads, and returns the entry in the form of {@link GrowingGraph#entry}. */
    long load() {
        addPoints();
        for (int from = 0; from < ordinals.length; from++) {
            int to = here(from);
            for (int level = 0; to >= 0 && level <= links.level(to); level++) {
                links.write(to, level, selected, gather(from, to, level));
            }
        }
        countLinks();
        if (entry != GrowingGraph.EMPTY) {
            giveParents();
            linkAgain();
            reachAll();
        }
        return entry;
    }

    /**
     * Lets the points that lost the most neighbours find new ones, and of those that lost one fewer
     * as many as are left to choose, spread evenly.
     */
    private void linkAgain() {
        int living = 0;
        int[] points = new int[links.limit(0) + 1]; // by neighbours lost
        for (int from = 0; from < ordinals.length; from++) {
            if (here(from) >= 0) {
                points[lost[from]]++;
                living++;
            }
        }
        int dead = ordinals.length - living;
        int left = (int) Math.min(living / AGAIN_AT_MOST, (long) AGAIN_FOR_EACH_DEAD * dead);
        int some = links.limit(0); // lost by points of which some are chosen, and by more by all
        while (some > 1 && points[some] <= left) {
            left -= points[some--];
        }
        int share = Math.min(left, points[some]);
        int turn = 0;
        for (int from = 0; from < ordinals.length; from++) {
            if (lost[from] < some) {
                continue; // a dead point counts as one that lost none
            }
            if (lost[from] == some) {
                turn += share;
                if (turn < points[some]) {
                    continue;
                }
                turn -= points[some];
            }
            linker.linkAgain(here(from), entry);
        }
    }

    /** The ordinal here of a point of the source that is linked there and lives, or -1. */
    private int here(int from) {
        return ordinals[from] >= 0 && source.levelOf(from) >= 0 ? ordinals[from] : -1;
    }

    private void addPoints() {
        int preferred = source.entryOrdinal();
        for (int from = 0; from < ordinals.length; from++) {
            int to = here(from);
            if (to >= 0) {
                int level = links.add(to, source.levelOf(from));
                boolean higher = entry == GrowingGraph.EMPTY || level > GrowingGraph.level(entry);
                if (higher || (from == preferred && level == GrowingGraph.level(entry))) {
                    entry = ((long) level << 32) | to;
                }
            }
        }
    }

    /** Chooses the neighbours of a point on a level and returns how many they are. */
    private int gather(int from, int to, int level) {
        int count = source.neighbors(from, level, list);
        seen.clear();
        seen.add(to);
        int size = 0;
        int dead = 0;
        for (int i = 0; i < count; i++) {
            int neighbor = here(list[i]);
            dead += neighbor < 0 ? 1 : 0;
            size = addCandidate(neighbor, level, size);
        }
        if (level == 0) {
            lost[from] = Math.min(dead, links.limit(0));
        }
        if (size > links.limit(level)) {
            rank(to, 0, size);
            return selection.select(ranked, size, links.limit(level), selected);
        }
        System.arraycopy(candidates, 0, selected, 0, size);
        return dead > 0 ? fill(to, level, count, size) : size;
    }

    /**
     * Gives a point as many neighbours as it had, from those of its dead ones: first what is
     * diverse, then what is nearest. Those that live all stay. Choosing anew among all would leave
     * a shorter list each time, and recall would fall with every merge.
     *
     * @param count neighbours that it had, in {@link #list}
     * @param live of them, in {@link #candidates} and {@link #selected}
     * @return how many it has
     */
    private int fill(int to, int level, int count, int live) {
        int size = live;
        for (int i = 0; i < count; i++) {
            if (here(list[i]) < 0) {
                int reached = source.neighbors(list[i], level, behind);
                for (int j = 0; j < reached; j++) {
                    size = addCandidate(here(behind[j]), level, size);
                }
            }
        }
        int added = size - live;
        rank(to, live, added);
        int kept = live;
        int wanted = Math.min(count, links.limit(level));
        for (int i = 0; i < added && kept < wanted; i++) {
            int candidate = ScoredOrdinal.ordinal(ranked[i]);
            vectors.prepareStored(candidate, other);
            float bound = ScoredOrdinal.score(ranked[i]);
            if (!vectors.anyAbove(other, selected, kept, scores, bound)) {
                selected[kept++] = candidate;
                ranked[i] = TAKEN;
            }
        }
        for (int i = 0; i < added && kept < wanted; i++) {
            if (ranked[i] != TAKEN) {
                selected[kept++] = ScoredOrdinal.ordinal(ranked[i]);
            }
        }
        return kept;
    }

    /** Ranks some of the candidates by their distance from a point, the nearest first. */
    private void rank(int to, int from, int count) {
        vectors.prepareStored(to, query);
        System.arraycopy(candidates, from, ordinalsToRank(count), 0, count);
        vectors.score(query, toRank, count, scores);
        for (int i = 0; i < count; i++) {
            ranked[i] = ~ScoredOrdinal.of(scores[i], toRank[i]);
        }
        Arrays.sort(ranked, 0, count);
        for (int i = 0; i < count; i++) {
            ranked[i] = ~ranked[i];
        }
    }

    private int[] ordinalsToRank(int count) {
        if (toRank.length < count) {
            toRank = new int[Math.max(count, candidates.length)];
        }
        return toRank;
    }

    private int addCandidate(int neighbor, int level, int size) {
        if (neighbor < 0 || links.level(neighbor) < level || !seen.add(neighbor)) {
            return size;
        }
        if (size == candidates.length) {
            candidates = Arrays.copyOf(candidates, 2 * size);
            scores = new float[2 * size];
            ranked = new long[2 * size];
        }
        candidates[size] = neighbor;
        return size + 1;
    }

    private void countLinks() {
        for (int from = 0; from < ordinals.length; from++) {
            int to = here(from);
            int count = to < 0 ? 0 : links.read(to, 0, list);
            for (int i = 0; i < count; i++) {
                if (to < list[i]) {
                    links.retain(list[i]);
                }
            }
        }
    }

    /** Gives each point that has none a link from a near point of smaller ordinal. */
    private void giveParents() {
        for (int from = 0; from < ordinals.length; from++) {
            int to = here(from);
            if (to < 0 || links.inDegree(to) > 0) {
                continue;
            }
            int count = links.read(to, 0, list);
            boolean given = false;
            for (int i = 0; i < count && !given; i++) {
                given = list[i] < to && linker.adopt(list[i], to);
            }
            int near = given ? 0 : linker.findNear(to, entry, found);
            for (int i = 0; i < near && !given; i++) {
                int parent = ScoredOrdinal.ordinal(found[i]);
                given = parent < to && linker.adopt(parent, to);
            }
        }
    }

    /** Links what cannot be reached from the entry on level 0 from the nearest that can. */
    private void reachAll() {
        for (int round = 0; round < REACH_ROUNDS; round++) {
            BitSet reached = new BitSet();
            boolean complete = true;
            spread(GrowingGraph.ordinal(entry), reached);
            for (int from = 0; from < ordinals.length; from++) {
                int to = here(from);
                if (to < 0 || reached.get(to)) {
                    continue;
                }
                complete = false;
                int near = linker.findNear(to, entry, found);
                boolean given = false;
                for (int i = 0; i < near && !given; i++) {
                    int parent = ScoredOrdinal.ordinal(found[i]);
                    given = reached.get(parent) && linker.adopt(parent, to);
                }
                if (!given) {
                    linker.adopt(GrowingGraph.ordinal(entry), to);
                }
                spread(to, reached);
            }
            if (complete) {
                return;
            }
        }
        throw new IllegalStateException("a loaded graph does not hang together");
    }

    private void spread(int start, BitSet reached) {
        int[] open = new int[1024];
        int size = 0;
        reached.set(start);
        open[size++] = start;
        while (size > 0) {
            int count = links.read(open[--size], 0, list);
            for (int i = 0; i < count; i++) {
                if (!reached.get(list[i])) {
                    reached.set(list[i]);
                    if (size == open.length) {
                        open = Arrays.copyOf(open, 2 * size);
                    }
                    open[size++] = list[i];
                }
            }
        }
    }
}
