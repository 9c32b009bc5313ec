package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.PreparedQuery;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.VectorTable;

import java.util.Arrays;

/**
 * Fills lists that have places to spare with the nearest neighbours of neighbours: a block of codes
 * costs the same whether its places are used or not.
 *
 * <p>Confined to one thread.
 */
final class ListFiller {
    private final VectorTable vectors;
    private final int[] ordinals; // in the table, by compact ordinal
    private final PreparedQuery query;
    private final short[] marks;
    private short mark;
    private int[] candidates = new int[1024];
    private int[] rows = new int[1024];
    private float[] scores = new float[1024];
    private long[] ranked = new long[1024];

    ListFiller(VectorTable vectors, int[] ordinals) {
        this.vectors = vectors;
        this.ordinals = ordinals;
        query = vectors.newQuery();
        marks = new short[ordinals.length];
    }

    /**
     * New lists of at most {@code limit} neighbours for the points from {@code from}, before {@code
     * to}; each starts with the old one.
     */
    void fill(int[][] lists, int limit, int from, int to, int[][] filled) {
        for (int point = from; point < to; point++) {
            filled[point] = lists[point].length < limit ? fill(lists, point, limit) : lists[point];
        }
    }

    private int[] fill(int[][] lists, int point, int limit) {
        if (++mark == 0) {
            Arrays.fill(marks, (short) 0);
            mark = 1;
        }
        marks[point] = mark;
        for (int neighbor : lists[point]) {
            marks[neighbor] = mark;
        }
        int found = 0;
        for (int neighbor : lists[point]) {
            for (int candidate : lists[neighbor]) {
                if (marks[candidate] != mark) {
                    marks[candidate] = mark;
                    found = add(candidate, found);
                }
            }
        }
        vectors.prepareStored(ordinals[point], query);
        vectors.score(query, rows, found, scores);
        for (int i = 0; i < found; i++) {
            ranked[i] = ~ScoredOrdinal.of(scores[i], candidates[i]);
        }
        Arrays.sort(ranked, 0, found);
        int old = lists[point].length;
        int[] list = Arrays.copyOf(lists[point], Math.min(limit, old + found));
        for (int i = old; i < list.length; i++) {
            list[i] = ScoredOrdinal.ordinal(~ranked[i - old]);
        }
        return list;
    }

    private int add(int candidate, int found) {
        if (found == candidates.length) {
            candidates = Arrays.copyOf(candidates, 2 * found);
            rows = Arrays.copyOf(rows, 2 * found);
            scores = new float[2 * found];
            ranked = new long[2 * found];
        }
        candidates[found] = candidate;
        rows[found] = ordinals[candidate];
        return found + 1;
    }
}
