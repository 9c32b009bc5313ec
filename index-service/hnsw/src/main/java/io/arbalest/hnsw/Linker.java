package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Links one point at a time into a growing graph (algorithms 1 and 4 of arXiv 1603.09320).
 *
 * <p>The order makes a point safe to walk through at any moment: candidates of all levels are searched first, then the point's
 * own lists are written, then its neighbours are pointed at it, level 0 first. So nobody reaches a point on a level below which
 * its lists are still empty.
 *
 * <p>Confined to one thread at a time.
 */
final class Linker {
    private final VectorTable vectors;
    private final Links links;
    private final ReentrantLock[] stripes;
    private final int m;
    private final int efConstruction;
    private final GraphWalk walk;
    private final PreparedQuery query;
    private final PreparedQuery other;
    private final int[] neighbors;
    private final float[] scores;
    private final int[] selected;
    private final long[] ranked;
    private int[][] chosen = new int[0][];

    Linker(VectorTable vectors, Links links, ReentrantLock[] stripes, int m, int efConstruction) {
        this.vectors = vectors;
        this.links = links;
        this.stripes = stripes;
        this.m = m;
        this.efConstruction = efConstruction;
        walk = new GraphWalk(vectors, links, vectors.capacity());
        query = vectors.newQuery();
        other = vectors.newQuery();
        neighbors = new int[links.limit(0) + 1];
        scores = new float[links.limit(0) + 1];
        selected = new int[links.limit(0) + 1];
        ranked = new long[Math.max(efConstruction, links.limit(0) + 1)];
    }

    /** Links a point whose lists were added and are empty. */
    void link(int ordinal, int level, long entry) {
        vectors.prepareStored(ordinal, query);
        int top = GrowingGraph.level(entry);
        int from = Math.min(level, top);
        if (chosen.length <= from) {
            chosen = Arrays.copyOf(chosen, from + 1);
        }
        long best = walk.descend(query, GrowingGraph.ordinal(entry), top, from + 1);
        for (int at = from; at >= 0; at--) {
            walk.walk(query, best, efConstruction, at, OrdinalSet.ALL);
            int count = walk.found().drainDescending(ranked);
            best = ranked[0];
            chosen[at] = Arrays.copyOf(selected, select(count, m));
        }
        for (int at = 0; at <= from; at++) {
            links.write(ordinal, at, chosen[at], chosen[at].length);
        }
        for (int at = 0; at <= from; at++) {
            for (int neighbor : chosen[at]) {
                pointAt(neighbor, at, ordinal);
            }
        }
    }

    private void pointAt(int from, int level, int to) {
        ReentrantLock lock = stripes[from & (stripes.length - 1)];
        lock.lock();
        try {
            if (!links.append(from, level, to)) {
                shrink(from, level, to);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Chooses anew among the neighbours of a full list and one more; the caller holds the point's lock. */
    private void shrink(int point, int level, int more) {
        int count = links.read(point, level, neighbors);
        neighbors[count++] = more;
        vectors.prepareStored(point, other);
        vectors.score(other, neighbors, count, scores);
        for (int i = 0; i < count; i++) {
            ranked[i] = ~ScoredOrdinal.of(scores[i], neighbors[i]);
        }
        Arrays.sort(ranked, 0, count);
        for (int i = 0; i < count; i++) {
            ranked[i] = ~ranked[i];
        }
        links.write(point, level, selected, select(count, links.limit(level)));
    }

    /** Keeps, best first, each ranked point that is closer to the base than to every point kept before it. */
    private int select(int count, int limit) {
        int kept = 0;
        for (int i = 0; i < count && kept < limit; i++) {
            int candidate = ScoredOrdinal.ordinal(ranked[i]);
            if (kept == 0 || isDiverse(candidate, ScoredOrdinal.score(ranked[i]), kept)) {
                selected[kept++] = candidate;
            }
        }
        return kept;
    }

    private boolean isDiverse(int candidate, float scoreToBase, int kept) {
        vectors.prepareStored(candidate, other);
        for (int i = 0; i < kept; i++) {
            if (vectors.score(other, selected[i]) > scoreToBase) {
                return false;
            }
        }
        return true;
    }
}
