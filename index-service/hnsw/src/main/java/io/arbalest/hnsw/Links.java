package io.arbalest.hnsw;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.arbalest.memory.MemoryBudget;
import io.arbalest.memory.Prefetch;
import io.arbalest.memory.SlabArena;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The neighbour lists of a growing graph, in slabs outside the heap. A list is an array of ordinals
 * plus one that ends at the first zero or at its limit: {@code 2 * m} places on level 0, {@code m}
 * above. Level 0 is found by ordinal; with m = 16 a list is two cache lines. The lists of a point's
 * upper levels lie one behind the other, the first at a place that is kept by ordinal.
 *
 * <p>For level 0 a count is kept by ordinal of how many lists of points with smaller ordinals the
 * point stands in, so that a writer does not cut the last such link.
 *
 * <p>Writers hold the lock of the list's point. Readers take no lock: every place is stored with
 * release semantics, and loads of a whole list are followed by an acquire fence, so whoever sees an
 * ordinal in a list sees all that its writer saw: the vector and the point's own lists. A reader
 * that meets a list being rewritten sees old and new neighbours mixed, all of them valid.
 *
 * <p>Bytes a point: {@code 8 * m} on level 0, on average {@code 4 * m / (m - 1)} above, and 9 on
 * the heap.
 *
 * <p>Thread-safe as described.
 */
final class Links implements AutoCloseable {
    private static final VarHandle PLACE = JAVA_INT.varHandle();
    private static final VarHandle INT = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle BYTE = MethodHandles.arrayElementVarHandle(byte[].class);
    private static final int CACHE_LINE = 64;

    private final int m;
    private final SlabArena level0;
    private final SlabArena upper;
    private final MemorySegment lists0;
    private final MemorySegment lists;
    private final long stride0;
    private final long stride;
    private final int[] upperStart;
    private final AtomicInteger upperUsed = new AtomicInteger();
    private final byte[] levels; // plus one, so that zero is a point without lists
    private final int[] inDegrees;

    Links(int m, int capacity, MemoryBudget budget) {
        this(m, capacity, (long) (1.5 * capacity / (m - 1)) + 1024, budget);
    }

    /**
     * @param upperCapacity lists on upper levels, all points and levels together
     */
    Links(int m, int capacity, long upperCapacity, MemoryBudget budget) {
        this.m = m;
        level0 = new SlabArena(8 * m, m % 8 == 0 ? CACHE_LINE : 8, capacity, budget);
        upper = new SlabArena(4 * m, 4, (int) Math.min(upperCapacity, Integer.MAX_VALUE), budget);
        lists0 = level0.memory();
        lists = upper.memory();
        stride0 = level0.strideBytes();
        stride = upper.strideBytes();
        upperStart = new int[capacity];
        levels = new byte[capacity];
        inDegrees = new int[capacity];
    }

    /** Most neighbours on a level. */
    int limit(int level) {
        return level == 0 ? 2 * m : m;
    }

    /**
     * Makes empty lists for a new point on levels 0 to {@code level}.
     *
     * @return the point's level: as asked, or 0 if there is no place for more upper lists
     */
    int add(int ordinal, int level) {
        level0.ensure(ordinal);
        int granted = 0;
        if (level > 0) {
            int first = upperUsed.getAndAdd(level);
            if (first >= 0 && first <= upper.capacity() - level) {
                for (int i = 0; i < level; i++) {
                    upper.ensure(first + i);
                }
                upperStart[ordinal] = first;
                granted = level;
            } else {
                upperUsed.addAndGet(-level);
            }
        }
        BYTE.setRelease(levels, ordinal, (byte) (granted + 1));
        return granted;
    }

    /** The highest level on which the point has a list, or -1 if it has none. */
    int level(int ordinal) {
        return (byte) BYTE.getAcquire(levels, ordinal) - 1;
    }

    /** Copies a list and returns its length. */
    int read(int ordinal, int level, int[] target) {
        MemorySegment memory = level == 0 ? lists0 : lists;
        long at = start(ordinal, level);
        int limit = limit(level);
        int count = 0;
        while (count < limit) {
            int place = (int) PLACE.getOpaque(memory, at + 4L * count);
            if (place == 0) {
                break;
            }
            target[count++] = place - 1;
        }
        VarHandle.acquireFence();
        return count;
    }

    /** Starts to bring a list of level 0 into the cache. */
    void fetch(int ordinal) {
        Prefetch.span(lists0, ordinal * stride0, stride0);
    }

    /**
     * Replaces a list; the caller holds the point's lock, or is the only one who knows the point.
     */
    void write(int ordinal, int level, int[] neighbors, int count) {
        MemorySegment memory = level == 0 ? lists0 : lists;
        long at = start(ordinal, level);
        for (int i = 0; i < count; i++) {
            PLACE.setRelease(memory, at + 4L * i, neighbors[i] + 1);
        }
        for (int i = count; i < limit(level); i++) {
            PLACE.setRelease(memory, at + 4L * i, 0);
        }
    }

    /** Appends to a list if there is room; the caller holds the point's lock. */
    boolean append(int ordinal, int level, int neighbor) {
        MemorySegment memory = level == 0 ? lists0 : lists;
        long at = start(ordinal, level);
        int limit = limit(level);
        for (int i = 0; i < limit; i++) {
            if ((int) PLACE.getOpaque(memory, at + 4L * i) == 0) {
                PLACE.setRelease(memory, at + 4L * i, neighbor + 1);
                return true;
            }
        }
        return false;
    }

    /** In how many lists of level 0 the point stands, of those that are counted. */
    int inDegree(int ordinal) {
        return (int) INT.getAcquire(inDegrees, ordinal);
    }

    /** Counts one more list of level 0 in which the point stands. */
    void retain(int ordinal) {
        INT.getAndAdd(inDegrees, ordinal, 1);
    }

    /**
     * Counts one list less, unless that would leave none: then changes nothing and answers false.
     */
    boolean release(int ordinal) {
        while (true) {
            int degree = (int) INT.getAcquire(inDegrees, ordinal);
            if (degree <= 1) {
                return false;
            }
            if (INT.compareAndSet(inDegrees, ordinal, degree, degree - 1)) {
                return true;
            }
        }
    }

    /** Bytes held, off-heap and on. */
    long sizeBytes() {
        return level0.allocatedBytes() + upper.allocatedBytes() + 9L * levels.length;
    }

    /** Frees the lists; any later use of one fails. */
    @Override
    public void close() {
        level0.close();
        upper.close();
    }

    private long start(int ordinal, int level) {
        return level == 0 ? ordinal * stride0 : (upperStart[ordinal] + level - 1) * stride;
    }
}
