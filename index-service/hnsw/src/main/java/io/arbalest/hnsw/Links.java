package io.arbalest.hnsw;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;

/**
 * The neighbour lists of a growing graph. A list is a count followed by that many ordinals, at a
 * fixed place: level 0 in chunks with a fixed stride, the upper levels of a point in one array of
 * its own. On level 0 a word before the count says in how many lists of points with smaller
 * ordinals the point stands, so that a writer does not cut the last such link.
 *
 * <p>Writers hold the lock of the list's point. Readers take no lock: every element is stored with
 * release and loaded with acquire semantics, so whoever sees an ordinal in a list sees all that its
 * writer saw: the vector and the point's own lists. A reader that meets a list being rewritten sees
 * old and new neighbours mixed, all of them valid.
 *
 * <p>Thread-safe as described.
 */
final class Links {
    private static final VarHandle INT = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle ARRAY = MethodHandles.arrayElementVarHandle(int[][].class);
    private static final int CHUNK_SHIFT = 12;
    private static final int CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;

    private final int m;
    private final int stride0;
    private final int stride;
    private final int[][] level0;
    private final int[][] upper;

    Links(int m, int capacity) {
        this.m = m;
        stride0 = 2 * m + 2;
        stride = m + 1;
        level0 = new int[((capacity - 1) >>> CHUNK_SHIFT) + 1][];
        upper = new int[capacity][];
    }

    /** Most neighbours on a level. */
    int limit(int level) {
        return level == 0 ? 2 * m : m;
    }

    /** Makes empty lists for a new point on levels 0 to {@code level}. */
    void add(int ordinal, int level) {
        int chunk = ordinal >>> CHUNK_SHIFT;
        if (ARRAY.getAcquire(level0, chunk) == null) {
            ARRAY.compareAndSet(level0, chunk, (int[]) null, new int[stride0 << CHUNK_SHIFT]);
        }
        if (level > 0) {
            ARRAY.setRelease(upper, ordinal, new int[level * stride]);
        }
    }

    /** The highest level on which the point has a list, or -1 if it has none. */
    int level(int ordinal) {
        if (ARRAY.getAcquire(level0, ordinal >>> CHUNK_SHIFT) == null) {
            return -1;
        }
        int[] lists = (int[]) ARRAY.getAcquire(upper, ordinal);
        return lists == null ? 0 : lists.length / stride;
    }

    /** Copies a list and returns its length. */
    int read(int ordinal, int level, int[] target) {
        int[] list = list(ordinal, level);
        int at = start(ordinal, level);
        int count = (int) INT.getAcquire(list, at);
        for (int i = 0; i < count; i++) {
            target[i] = (int) INT.getAcquire(list, at + 1 + i);
        }
        return count;
    }

    /**
     * Replaces a list; the caller holds the point's lock, or is the only one who knows the point.
     */
    void write(int ordinal, int level, int[] neighbors, int count) {
        int[] list = list(ordinal, level);
        int at = start(ordinal, level);
        for (int i = 0; i < count; i++) {
            INT.setRelease(list, at + 1 + i, neighbors[i]);
        }
        INT.setRelease(list, at, count);
    }

    /** Appends to a list if there is room; the caller holds the point's lock. */
    boolean append(int ordinal, int level, int neighbor) {
        int[] list = list(ordinal, level);
        int at = start(ordinal, level);
        int count = (int) INT.getAcquire(list, at);
        if (count == limit(level)) {
            return false;
        }
        INT.setRelease(list, at + 1 + count, neighbor);
        INT.setRelease(list, at, count + 1);
        return true;
    }

    /** In how many lists of level 0 the point stands, of those that are counted. */
    int inDegree(int ordinal) {
        return (int) INT.getAcquire(list(ordinal, 0), start(ordinal, 0) - 1);
    }

    /** Counts one more list of level 0 in which the point stands. */
    void retain(int ordinal) {
        INT.getAndAdd(list(ordinal, 0), start(ordinal, 0) - 1, 1);
    }

    /**
     * Counts one list less, unless that would leave none: then changes nothing and answers false.
     */
    boolean release(int ordinal) {
        int[] list = list(ordinal, 0);
        int at = start(ordinal, 0) - 1;
        while (true) {
            int degree = (int) INT.getAcquire(list, at);
            if (degree <= 1) {
                return false;
            }
            if (INT.compareAndSet(list, at, degree, degree - 1)) {
                return true;
            }
        }
    }

    /** Bytes of the lists so far. */
    long sizeBytes() {
        long bytes = 0;
        for (int i = 0; i < level0.length; i++) {
            bytes += ARRAY.getAcquire(level0, i) == null ? 0 : (4L * stride0) << CHUNK_SHIFT;
        }
        return bytes + 4L * upper.length;
    }

    private int[] list(int ordinal, int level) {
        int[][] lists = level == 0 ? level0 : upper;
        return (int[])
                Objects.requireNonNull(
                        ARRAY.getAcquire(lists, level == 0 ? ordinal >>> CHUNK_SHIFT : ordinal));
    }

    private int start(int ordinal, int level) {
        return level == 0 ? (ordinal & CHUNK_MASK) * stride0 + 1 : (level - 1) * stride;
    }
}
