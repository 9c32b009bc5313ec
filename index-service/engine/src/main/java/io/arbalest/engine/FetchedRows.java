package io.arbalest.engine;

import io.arbalest.hnsw.sealed.RowsAhead;
import io.arbalest.io.NativeMemory;
import io.arbalest.io.NativeThreads;

import java.lang.foreign.MemorySegment;

/**
 * Vectors of a mapped file, fetched together by madvise(2) while searches find that some are not in
 * memory. A search that had to wait for the disk shows in its thread's count of major page faults;
 * then the searches that follow announce what they will read. Asking costs as much as it takes to
 * score a vector, announcing as much as a dozen, so nothing is announced while all are in memory.
 *
 * <p>Thread-safe; what several searches count at once may get lost.
 */
final class FetchedRows implements RowsAhead {
    /** Searches that announce after one had to wait: those that need not are few beside them. */
    private static final int ANNOUNCING = 1024;

    private static final ThreadLocal<long[]> SEEN_FAULTS =
            ThreadLocal.withInitial(() -> new long[1]);

    private final MemorySegment vectors;
    private volatile int left;

    FetchedRows(MemorySegment vectors) {
        this.vectors = vectors;
    }

    @Override
    public boolean begin() {
        long faults = NativeThreads.majorFaults();
        long[] seen = SEEN_FAULTS.get();
        if (faults != seen[0]) {
            seen[0] = faults;
            left = ANNOUNCING;
        }
        int now = left;
        if (now > 0) {
            left = now - 1;
        }
        return now > 0;
    }

    @Override
    public void expect(long offset, long bytes) {
        NativeMemory.advise(vectors.asSlice(offset, bytes), NativeMemory.Advice.WILL_NEED);
    }
}
