package io.arbalest.hnsw;

import java.util.Arrays;

/**
 * The k best results seen. A larger score is better; of equal scores the smaller ordinal is better,
 * so the content does not depend on the order of offers. A NaN score is never taken.
 *
 * <p>Reusable; confined to one thread.
 */
public final class NeighborQueue {
    private final LongHeap heap;
    private int k;

    /** Keeps at most {@code k} results, at least 1. */
    public NeighborQueue(int k) {
        heap = new LongHeap(k);
        clear(k);
    }

    /** Takes the result if it is among the k best seen so far. */
    public boolean offer(int ordinal, float score) {
        if (Float.isNaN(score)) {
            return false;
        }
        long packed = ScoredOrdinal.of(score, ordinal);
        if (heap.size() < k) {
            heap.push(packed);
            return true;
        }
        if (packed <= heap.top()) {
            return false;
        }
        heap.replaceTop(packed);
        return true;
    }

    /** Number of results held. */
    public int size() {
        return heap.size();
    }

    /** The most results that are held. */
    public int capacity() {
        return k;
    }

    /**
     * The score that a further result has to reach: the k-th best, or minus infinity while fewer
     * than k are held.
     */
    public float worstScore() {
        return heap.size() < k ? Float.NEGATIVE_INFINITY : ScoredOrdinal.score(heap.top());
    }

    /** The ordinals held, best first. */
    public int[] ordinalsBestFirst() {
        long[] packed = bestFirst();
        int[] ordinals = new int[packed.length];
        for (int i = 0; i < ordinals.length; i++) {
            ordinals[i] = ScoredOrdinal.ordinal(packed[i]);
        }
        return ordinals;
    }

    /** The scores held, best first. */
    public float[] scoresBestFirst() {
        long[] packed = bestFirst();
        float[] scores = new float[packed.length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = ScoredOrdinal.score(packed[i]);
        }
        return scores;
    }

    /** Forgets everything and keeps at most {@code newK} results from now on. */
    public void clear(int newK) {
        if (newK < 1) {
            throw new IllegalArgumentException("k " + newK + " is not positive");
        }
        k = newK;
        heap.clear();
    }

    /** The results held, packed as {@link ScoredOrdinal} does, best first. */
    public long[] bestFirst() {
        int size = heap.size();
        long[] packed = new long[size];
        for (int i = 0; i < size; i++) {
            packed[i] = heap.get(i);
        }
        Arrays.sort(packed);
        for (int i = 0, j = size - 1; i < j; i++, j--) {
            long swap = packed[i];
            packed[i] = packed[j];
            packed[j] = swap;
        }
        return packed;
    }
}
