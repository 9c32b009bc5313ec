package io.arbalest.hnsw;

/**
 * The best points that a walk has found, sorted, each with a mark once the walk has expanded it.
 * Bounded: a better point pushes out the worst.
 *
 * <p>One array of packed longs, best first. Insertion moves what is worse by one place, which for a
 * few hundred points is cheaper than the branches of two heaps.
 *
 * <p>Confined to one thread.
 */
public final class CandidatePool {
    private static final long EXPANDED = 1;

    private long[] items = new long[256]; // ScoredOrdinal, lower half shifted left, EXPANDED below
    private int limit;
    private int reach; // places from which points are expanded
    private int size;
    private int cursor; // all before it are expanded

    /** An empty pool that holds nothing until it is cleared. */
    public CandidatePool() {}

    /** Forgets everything and holds at most {@code newLimit} points from now on. */
    public void clear(int newLimit) {
        clear(newLimit, newLimit);
    }

    /** As {@link #clear(int)}; only the best {@code newReach} points are ever expanded. */
    public void clear(int newLimit, int newReach) {
        reach = newReach;
        if (items.length < newLimit) {
            items = new long[newLimit];
        }
        limit = newLimit;
        size = 0;
        cursor = 0;
    }

    public int size() {
        return size;
    }

    /** Whether a point with this packed score would be taken. */
    public boolean takes(long scored) {
        return size < limit || marked(scored) > items[size - 1];
    }

    /** Whether a point with this packed score would be expanded. */
    boolean reaches(long scored) {
        return size < reach || marked(scored) > items[reach - 1];
    }

    /** The score that a point has to pass, minus infinity while there is room. */
    public float worstScore() {
        return size < limit ? Float.NEGATIVE_INFINITY : ScoredOrdinal.score(items[size - 1]);
    }

    /**
     * Takes a point for which {@link #takes} is true and which is not in the pool.
     *
     * @return the place that it got
     */
    public int add(long scored) {
        long item = marked(scored);
        int low = 0;
        for (int left = size; left > 0; ) { // without branches that depend on the items
            int half = (left + 1) >>> 1;
            low = items[low + half - 1] > item ? low + half : low;
            left -= half;
        }
        int moved = Math.min(size, limit - 1) - low;
        System.arraycopy(items, low, items, low + 1, moved);
        items[low] = item;
        size = Math.min(size + 1, limit);
        cursor = Math.min(cursor, low);
        return low;
    }

    /** The best point that was not expanded, or {@link Long#MIN_VALUE}. */
    public long bestUnexpanded() {
        int end = Math.min(size, reach);
        while (cursor < end && (items[cursor] & EXPANDED) != 0) {
            cursor++;
        }
        return cursor < end ? plain(items[cursor]) : Long.MIN_VALUE;
    }

    /** Marks the point that {@link #bestUnexpanded} has just returned. */
    public void markExpanded() {
        items[cursor++] |= EXPANDED;
    }

    /** Lets every point count as not expanded. */
    void markAllNew() {
        for (int i = 0; i < size; i++) {
            items[i] &= ~EXPANDED;
        }
        cursor = 0;
    }

    /** The packed point at a place, best first. */
    public long get(int place) {
        return plain(items[place]);
    }

    /** Copies all packed points, best first, and returns how many there are. */
    int copyTo(long[] target) {
        for (int i = 0; i < size; i++) {
            target[i] = plain(items[i]);
        }
        return size;
    }

    private static long marked(long scored) {
        return (scored & 0xffffffff_00000000L) | ((scored & 0x7fffffffL) << 1);
    }

    private static long plain(long item) {
        return (item & 0xffffffff_00000000L) | 0x80000000L | ((item >>> 1) & 0x7fffffffL);
    }
}
