package io.arbalest.metadata;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which rows were ever changed in place: what was copied from the others when they were appended
 * still holds. One bit a row, and none for a segment without a changed row.
 *
 * <p>The applier adds and forgets; reading is thread-safe. A reader that does not see a row here
 * began before the change was written.
 */
final class ChangedRows {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final Map<Integer, long[]> bySegment = new ConcurrentHashMap<>();

    /** Whether no row of any segment was changed. */
    boolean isEmpty() {
        return bySegment.isEmpty();
    }

    boolean contains(int segment, int ordinal) {
        long[] words = bySegment.get(segment);
        int word = ordinal >>> 6;
        return words != null
                && word < words.length
                && ((long) WORD.getAcquire(words, word) >>> (ordinal & 63) & 1) != 0;
    }

    void add(int segment, int ordinal) {
        int word = ordinal >>> 6;
        long[] words = bySegment.get(segment);
        if (words == null || word >= words.length) {
            words = words == null ? new long[word + 1] : Arrays.copyOf(words, word + 1 + word / 2);
            bySegment.put(segment, words);
        }
        WORD.setRelease(words, word, words[word] | 1L << (ordinal & 63));
    }

    void forget(int segment) {
        bySegment.remove(segment);
    }
}
