package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.ScoredOrdinal;

/**
 * The best points that a walk has found, best first, each with a mark once the walk has expanded
 * it. Bounded: a better point pushes out the worst.
 *
 * <p>One sorted array of packed longs: for a few hundred points moving what is worse by one place
 * costs less than the branches of two heaps.
 *
 * <p>Confined to one thread.
 */
final class CandidatePool {
    private static final long EXPANDED = 1;

    private long[] items = new long[256]; // ScoredOrdinal, lower half shifted left, EXPANDED below
    private int limit;
    private int size;
    private int cursor; // all before it are expanded

    /** Forgets everything and holds at most {@code newLimit} points from now on. */
    void clear(int newLimit) {
        if (items.length < newLimit) {
            items = new long[newLimit];
        }
        limit = newLimit;
        size = 0;
        cursor = 0;
    }

    int size() {
        return size;
    }

    /** The score that a point has to pass, minus infinity while there is room. */
    float worstScore() {
        return size < limit ? Float.NEGATIVE_INFINITY : ScoredOrdinal.score(items[size - 1]);
    }

    /** Whether a point with this packed score would be taken. */
    boolean takes(long scored) {
        return size < limit || marked(scored) > items[size - 1];
    }

    /**
     * Takes a point for which {@link #takes} is true and which is not in the pool.
     *
     * @return the place that it got
     */
    int add(long scored) {
        long item = marked(scored);
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (items[middle] > item) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        int moved = Math.min(size, limit - 1) - low;
        System.arraycopy(items, low, items, low + 1, moved);
        items[low] = item;
        size = Math.min(size + 1, limit);
        cursor = Math.min(cursor, low);
        return low;
    }

    /** The best point that was not expanded, or {@link Long#MIN_VALUE}. */
    long bestUnexpanded() {
        while (cursor < size && (items[cursor] & EXPANDED) != 0) {
            cursor++;
        }
        return cursor < size ? plain(items[cursor]) : Long.MIN_VALUE;
    }

    /** Marks the point that {@link #bestUnexpanded} has just returned. */
    void markExpanded() {
        items[cursor++] |= EXPANDED;
    }

    /** The packed point at a place, best first. */
    long get(int place) {
        return plain(items[place]);
    }

    private static long marked(long scored) {
        return (scored & 0xffffffff_00000000L) | ((scored & 0x7fffffffL) << 1);
    }

    private static long plain(long item) {
        return (item & 0xffffffff_00000000L) | 0x80000000L | ((item >>> 1) & 0x7fffffffL);
    }
}
