package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Links one point at a time into a growing graph (algorithms 1 and 4 of arXiv 1603.09320).
 *
 * <p>The order makes a point safe to walk through at any moment: candidates of all levels are
 * searched first, then the point's own lists are written, then its neighbours are pointed at it,
 * level 0 first. So nobody reaches a point on a level below which its lists are still empty.
 *
 * <p>On level 0 every point keeps a link from a point of smaller ordinal, whatever the selection
 * says. So there is a tree from the first point to all others, and duplicates and outliers stay
 * reachable.
 *
 * <p>Confined to one thread at a time.
 */
final class Linker {
    /** Walks by code after which it is judged how many of them were in vain. */
    private static final int JUDGED = 1024;

    private static final int FEW = 8; // one of so many is let pass
    private static final int LEAST_BEST = 16; // of fewer, chance would decide

    /** Candidates of a walk for each of the best that it is judged by, else none is trusted. */
    private static final int DEPTH = 4;

    private final VectorTable vectors;
    private final Links links;
    private final ReentrantLock[] stripes;
    private final int m;
    private final int efConstruction;
    private final GraphWalk walk;
    private final PreparedQuery query;
    private final PreparedQuery other;
    private final DiverseSelection selection;
    private final int[] neighbors;
    private final float[] scores;
    private final int[] selected;
    private final long[] ranked;
    private final long[] nearest;
    private final int[] found;
    private final float[] foundScores;
    private int[][] chosen = new int[0][];
    private CandidateCodes.@Nullable Linking linking;
    private int walksByCode;
    private int walksInVain;
    private boolean distrusts;

    Linker(VectorTable vectors, Links links, ReentrantLock[] stripes, int m, int efConstruction) {
        this.vectors = vectors;
        this.links = links;
        this.stripes = stripes;
        this.m = m;
        this.efConstruction = efConstruction;
        walk = new GraphWalk(vectors, links, vectors.capacity());
        query = vectors.newQuery();
        other = vectors.newQuery();
        selection = new DiverseSelection(vectors, links.limit(0));
        neighbors = new int[links.limit(0) + 1];
        scores = new float[links.limit(0) + 1];
        selected = new int[links.limit(0) + 1];
        ranked = new long[Math.max(efConstruction, links.limit(0) + 1)];
        nearest = new long[efConstruction];
        found = new int[efConstruction];
        foundScores = new float[efConstruction];
    }

    /**
     * Writes the point's code, if there are codes; before its lists are added, so that nothing of
     * the point is there if there is no room.
     *
     * @param codes of the graph, or null; once there they stay the same until they are dropped
     * @return false if there is no room for the code
     */
    boolean begin(int ordinal, @Nullable CandidateCodes codes) {
        if (codes == null) {
            linking = null;
            distrusts = false;
            return true;
        }
        if (linking == null) {
            linking = codes.newLinking();
        }
        return linking.begin(ordinal);
    }

    /** Whether a walk keeps enough candidates to be trusted by code. */
    static boolean canGoByCodes(int m, int efConstruction) {
        return efConstruction >= DEPTH * Math.max(m, LEAST_BEST);
    }

    /** Whether of the last points too many had to be looked for by vector after all. */
    boolean distrustsCodes() {
        return distrusts;
    }

    /** Links a point that was begun, whose lists were added and are empty. */
    void link(int ordinal, int level, long entry) {
        vectors.prepareStored(ordinal, query);
        int top = GrowingGraph.level(entry);
        int from = Math.min(level, top);
        if (chosen.length <= from) {
            chosen = Arrays.copyOf(chosen, from + 1);
        }
        long best = walk.descend(query, GrowingGraph.ordinal(entry), top, from + 1);
        int count = 0;
        for (int at = from; at >= 0; at--) {
            count = candidates(best, at);
            best = ranked[0];
            chosen[at] = Arrays.copyOf(selected, selection.select(ranked, count, m, selected));
        }
        System.arraycopy(ranked, 0, nearest, 0, count);
        for (int at = 0; at <= from; at++) {
            links.write(ordinal, at, chosen[at], chosen[at].length);
        }
        for (int neighbor : chosen[0]) {
            retain(ordinal, neighbor);
        }
        for (int at = 0; at <= from; at++) {
            for (int neighbor : chosen[at]) {
                pointAt(neighbor, at, ordinal);
            }
        }
        for (int i = 0; i < count && links.inDegree(ordinal) == 0; i++) {
            int near = ScoredOrdinal.ordinal(nearest[i]);
            if (near < ordinal) {
                adopt(near, ordinal);
            }
        }
    }

    /** Fills {@link #ranked} with the best that a walk finds; returns how many they are. */
    private int candidates(long entry, int level) {
        if (linking != null) { // scores by code are on the scale of the entry's, by vector
            walk.walk(linking, entry, efConstruction, level);
            int count = walk.found().copyTo(ranked);
            for (int i = 0; i < count; i++) {
                found[i] = ScoredOrdinal.ordinal(ranked[i]);
            }
            vectors.score(query, found, count, foundScores);
            rank(found, foundScores, count);
            boolean inVain = isInVain(count);
            judge(inVain);
            if (!inVain) {
                return count;
            }
        }
        walk.walk(query, entry, efConstruction, level);
        return walk.found().copyTo(ranked);
    }

    /**
     * Whether the walk by code that found these may have missed some that matter: of the best by
     * vector more than a few are in the worse half by code, so others are likely beyond it. Codes
     * that were good for the points there were need not be so for those that come.
     */
    private boolean isInVain(int count) {
        if (count < efConstruction) {
            return false; // the walk has met all that there is
        }
        int best = Math.max(m, LEAST_BEST);
        long last = ranked[best - 1];
        int strays = 0;
        for (int i = count / 2; i < count; i++) {
            strays += ScoredOrdinal.of(foundScores[i], found[i]) >= last ? 1 : 0;
        }
        return strays * FEW > best;
    }

    /** Counts walks in vain, and tells after so many whether to go by codes any longer. */
    private void judge(boolean inVain) {
        walksByCode++;
        walksInVain += inVain ? 1 : 0;
        if (walksByCode == JUDGED) {
            distrusts = walksInVain * FEW > walksByCode;
            walksByCode = 0;
            walksInVain = 0;
        }
    }

    /** Fills {@link #ranked} with scored points, best first. */
    private void rank(int[] ordinals, float[] ordinalScores, int count) {
        for (int i = 0; i < count; i++) {
            ranked[i] = ~ScoredOrdinal.of(ordinalScores[i], ordinals[i]);
        }
        Arrays.sort(ranked, 0, count);
        for (int i = 0; i < count; i++) {
            ranked[i] = ~ranked[i];
        }
    }

    /**
     * Lets a linked point find neighbours on level 0 as if it were new; those that it has stay as
     * far as the selection lets them.
     */
    void linkAgain(int ordinal, long entry) {
        int count = findNear(ordinal, entry, ranked);
        int[] wanted = Arrays.copyOf(selected, selection.select(ranked, count, m, selected));
        for (int neighbor : wanted) {
            if (isLinked(ordinal, neighbor)) {
                continue; // whether it links back was decided before
            }
            pointAt(ordinal, 0, neighbor);
            if (!isLinked(neighbor, ordinal)) {
                pointAt(neighbor, 0, ordinal);
            }
        }
    }

    /**
     * Walks to a linked point.
     *
     * @param target receives the other points met, best first; room for {@code efConstruction}
     * @return how many they are
     */
    int findNear(int ordinal, long entry, long[] target) {
        vectors.prepareStored(ordinal, query);
        long best = walk.descend(query, GrowingGraph.ordinal(entry), GrowingGraph.level(entry), 1);
        OrdinalSet others = point -> point != ordinal;
        walk.walk(query, best, 0, SearchLimits.of(efConstruction), 1, others);
        return walk.found().copyTo(target);
    }

    private boolean isLinked(int from, int to) {
        int count = links.read(from, 0, neighbors);
        for (int i = 0; i < count; i++) {
            if (neighbors[i] == to) {
                return true;
            }
        }
        return false;
    }

    private void pointAt(int from, int level, int to) {
        ReentrantLock lock = lockOf(from);
        lock.lock();
        try {
            if (!links.append(from, level, to)) {
                shrink(from, level, to);
            } else if (level == 0) {
                retain(from, to);
            }
        } finally {
            lock.unlock();
        }
    }

    private void retain(int from, int to) {
        if (from < to) {
            links.retain(to);
        }
    }

    /** Whether the link may be dropped; if so it is no longer counted. */
    private boolean release(int from, int to) {
        return from > to || links.release(to);
    }

    private ReentrantLock lockOf(int ordinal) {
        return stripes[ordinal & (stripes.length - 1)]; // their number is a power of two
    }

    /**
     * Puts a point that nobody chose into a list of level 0 that has room or an entry to spare.
     *
     * @return false if the list has neither
     */
    boolean adopt(int from, int to) {
        ReentrantLock lock = lockOf(from);
        lock.lock();
        try {
            if (links.append(from, 0, to)) {
                retain(from, to);
                return true;
            }
            int count = links.read(from, 0, neighbors);
            for (int i = count - 1; i >= 0; i--) {
                if (release(from, neighbors[i])) {
                    neighbors[i] = to;
                    links.write(from, 0, neighbors, count);
                    retain(from, to);
                    return true;
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Chooses anew among the neighbours of a full list and one more; the caller holds the point's
     * lock.
     */
    private void shrink(int point, int level, int more) {
        int count = links.read(point, level, neighbors);
        neighbors[count++] = more;
        vectors.prepareStored(point, other);
        vectors.score(other, neighbors, count, scores);
        rank(neighbors, scores, count);
        int kept = selection.select(ranked, count, links.limit(level), selected);
        if (level == 0) {
            kept = keepLastLinks(point, count, kept, more);
        }
        links.write(point, level, selected, kept);
    }

    /**
     * Counts the links that a selection drops and puts those back that are the last to their point,
     * in place of the worst that can be spared.
     */
    private int keepLastLinks(int point, int count, int selectedCount, int more) {
        int dropped = 0;
        for (int i = 0, next = 0; i < count; i++) { // both are in ranked order
            int candidate = ScoredOrdinal.ordinal(ranked[i]);
            boolean isSelected = next < selectedCount && selected[next] == candidate;
            if (isSelected) {
                next++;
            }
            if (isSelected && candidate == more) {
                retain(point, more);
            } else if (!isSelected && candidate != more) {
                neighbors[dropped++] = candidate;
            }
        }
        int kept = selectedCount;
        int spare = selectedCount - 1;
        for (int i = 0; i < dropped; i++) {
            if (release(point, neighbors[i])) {
                continue;
            }
            if (kept < links.limit(0)) {
                selected[kept++] = neighbors[i];
                continue;
            }
            while (spare >= 0 && !release(point, selected[spare])) {
                spare--;
            }
            if (spare >= 0) {
                selected[spare--] = neighbors[i];
            }
        }
        return kept;
    }
}
