package io.arbalest.hnsw.sealed;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/**
 * The segments of the last few arrays that were handed to native code, so that none is made for a
 * call: who walks a graph has a handful of arrays and keeps them.
 *
 * <p>Confined to one thread.
 */
final class KnownArrays {
    private static final int MOST = 4;

    private final @Nullable Object[] arrays = new @Nullable Object[MOST];
    private final MemorySegment[] segments = new MemorySegment[MOST];
    private int next;

    MemorySegment segment(int[] array) {
        int at = find(array);
        return at >= 0 ? segments[at] : keep(array, MemorySegment.ofArray(array));
    }

    MemorySegment segment(float[] array) {
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
