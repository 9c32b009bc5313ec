package io.arbalest.metadata;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * Which rows of one segment had their metadata changed in place, in the order of the changes. What
 * was computed from the rows before a change is put right by looking at the row again, so it need
 * not be thrown away.
 *
 * <p>A change is registered before it is written and completed after. A reader takes {@link
 * #completed()} first, then reads rows and postings in any order, and then looks again at each row
 * of {@link #since} that position: it has seen every change that was complete, whole.
 *
 * <p>The applier registers and completes; reading is thread-safe.
 */
final class UpdateLog {
    /** Changes remembered. */
    static final int CAPACITY = 1 << 14;

    private int[] ordinals = new int[16];
    private int size;

    /** Changes forgotten: the position of the first one remembered. */
    private long first;

    private volatile long completed;

    synchronized void register(int ordinal) {
        if (size == CAPACITY) {
            int forgotten = CAPACITY / 2;
            System.arraycopy(ordinals, forgotten, ordinals, 0, size - forgotten);
            size -= forgotten;
            first += forgotten;
        }
        if (size == ordinals.length) {
            ordinals = Arrays.copyOf(ordinals, 2 * size);
        }
        ordinals[size++] = ordinal;
    }

    /** Everything registered is in the store. */
    synchronized void complete() {
        completed = first + size;
    }

    /** The position up to which changes are in the store. */
    long completed() {
        return completed;
    }

    /** The rows registered since a position; null: the log no longer goes back so far. */
    synchronized int @Nullable [] since(long position) {
        if (position < first) {
            return null;
        }
        int[] changed = Arrays.copyOfRange(ordinals, (int) (position - first), size);
        return Arrays.stream(changed).distinct().toArray();
    }
}
