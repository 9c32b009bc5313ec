package io.arbalest.memory;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * The segments of the last few arrays that were handed to native code: an array needs an object
 * around it there, and one made for the call is not always optimised away. Who walks a graph has a
 * handful of arrays and keeps them.
 *
 * <p>Holds on to the arrays. Confined to one thread.
 */
public final class KnownArrays {
    private static final int MOST = 4;

    private final @Nullable Object[] arrays = new @Nullable Object[MOST];
    private final MemorySegment[] segments = new MemorySegment[MOST];
    private int next;

    /** None is known. */
    public KnownArrays() {}

    /** The whole array; allocates nothing if it is one of the last few. */
    public MemorySegment segment(int[] array) {
        int at = find(array);
        return at >= 0 ? segments[at] : keep(array, MemorySegment.ofArray(array));
    }

    /** As {@link #segment(int[])}. */
    public MemorySegment segment(float[] array) {
        int at = find(array);
        return at >= 0 ? segments[at] : keep(array, MemorySegment.ofArray(array));
    }

    @SuppressWarnings("ReferenceEquality") // the very array, whatever is in it
    private int find(Object array) {
        for (int i = 0; i < MOST; i++) {
            if (arrays[i] == array) {
                return i;
            }
        }
        return -1;
    }

    private MemorySegment keep(Object array, MemorySegment segment) {
        arrays[next] = array;
        segments[next] = segment;
        next = (next + 1) % MOST;
        return segment;
    }
}
