package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.PreparedQuery;
import io.arbalest.hnsw.ScoredOrdinal;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.simd.Rotation;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * How far codes can be trusted among points that lie as close together as those that a walk
 * compares.
 *
 * <p>Points of the graph, evenly spaced by ordinal, are taken as queries. Each is compared with the
 * neighbours of its neighbours, exactly and by a kind of code, written and scored as a packed graph
 * does it: bytes and nibbles around the mean of all, signs from the blocks of the neighbours, of
 * several estimates the best. Kept are the ranks by code of the exact best {@value #BEST}. The
 * query itself and its own block stay out, and with it neighbours that are in no other block:
 * nothing in the graph is as near to a query from elsewhere.
 *
 * <p>The figures are a function of the vectors and the lists alone.
 *
 * <p>Confined to one thread; made on those of its ranges too.
 */
final class CodeSample {
    /** Points that are taken as queries. */
    static final int QUERIES = 128;

    /** How many of the exact best are looked for. */
    static final int BEST = 50;

    private static final int PARENTS = 16; // neighbours whose neighbours are compared
    private static final int MEAN_OF = 4096; // points that tell the mean of all

    private final VectorTable vectors;
    private final int[] ordinals; // in the table, by ordinal of the graph
    private final int[][] lists;
    private final int[] placeOf; // of a graph's ordinal among the points of a query, -1: not there
    private final float[] mean;
    private final PreparedQuery prepared;
    private final short[] halves;
    private final CodeKind kind;
    private final int[] ranks = new int[QUERIES * BEST]; // BEST a query
    private int queries;

    private int[] points = new int[1024]; // of a query: ordinals of the graph, parents first
    private int count;
    private int parents;
    private int[] candidates = new int[1024]; // of a query: places of the points that are compared
    private int candidateCount;

    private CodeSample(
            VectorTable vectors, int[] ordinals, int[][] lists, CodeKind kind, float[] mean) {
        this.vectors = vectors;
        this.ordinals = ordinals;
        this.lists = lists;
        this.mean = mean;
        this.kind = kind;
        placeOf = new int[ordinals.length];
        Arrays.fill(placeOf, -1);
        prepared = vectors.newQuery();
        halves = new short[vectors.dimension()];
    }

    /**
     * Compares.
     *
     * @param ordinals of the table, by ordinal of the graph; at least one
     * @param lists of level 0, by ordinal of the graph
     * @param kind what to compare with the vectors
     */
    static CodeSample of(
            VectorTable vectors, int[] ordinals, int[][] lists, CodeKind kind, PointRanges ranges) {
        int[] some = spread(MEAN_OF, ordinals.length);
        for (int i = 0; i < some.length; i++) {
            some[i] = ordinals[some[i]];
        }
        float[] mean = CodeWriter.mean(vectors, some);
        int[] queries = spread(QUERIES, ordinals.length);
        SortedMap<Integer, CodeSample> parts = new ConcurrentSkipListMap<>();
        ranges.run(
                queries.length,
                (from, to) -> {
                    CodeSample part = new CodeSample(vectors, ordinals, lists, kind, mean);
                    for (int i = from; i < to; i++) {
                        part.compare(queries[i]);
                    }
                    parts.put(from, part);
                });
        CodeSample all = new CodeSample(vectors, ordinals, lists, kind, mean);
        parts.values().forEach(all::take);
        return all;
    }

    private void take(CodeSample part) {
        System.arraycopy(part.ranks, 0, ranks, queries * BEST, part.queries * BEST);
        queries += part.queries;
    }

    /** Points that were compared as queries; those with too few points around are left out. */
    int queries() {
        return queries;
    }

    /**
     * The share of the exact best {@code k}, at most {@value #BEST}, that are among the best {@code
     * depth} by code.
     */
    double share(int k, int depth) {
        int within = 0;
        for (int query = 0; query < queries; query++) {
            for (int i = 0; i < k; i++) {
                within += ranks[query * BEST + i] < depth ? 1 : 0;
            }
        }
        return queries == 0 ? 0 : (double) within / queries / k;
    }

    /** Evenly spaced ordinals below {@code count}, at most so many. */
    private static int[] spread(int atMost, int count) {
        int take = Math.min(atMost, count);
        int[] some = new int[take];
        for (int i = 0; i < take; i++) {
            some[i] = (int) ((long) i * count / take);
        }
        return some;
    }

    private void compare(int query) {
        gather(query);
        if (candidateCount >= 2 * BEST) {
            vectors.prepareStored(ordinals[query], prepared);
            int[] rows = rows();
            float[] exact = new float[count];
            vectors.score(prepared, rows, count, exact);
            int[] best = order(exact);
            int[] byCode = order(scores(rows, plain(ordinals[query]), exact));
            int[] rank = new int[count];
            for (int i = 0; i < candidateCount; i++) {
                rank[byCode[i]] = i;
            }
            for (int i = 0; i < BEST; i++) {
                ranks[queries * BEST + i] = rank[best[i]];
            }
            queries++;
        }
        for (int i = 0; i < count; i++) {
            placeOf[points[i]] = -1;
        }
    }

    /** Takes the neighbours and their neighbours, without the query. */
    private void gather(int query) {
        count = 0;
        parents = 0;
        for (int neighbor : lists[query]) {
            if (count < PARENTS && neighbor != query) {
                add(neighbor);
            }
        }
        parents = count;
        boolean[] compared = new boolean[parents];
        candidateCount = 0;
        for (int i = 0; i < parents; i++) {
            for (int neighbor : lists[points[i]]) {
                boolean fresh = placeOf[neighbor] < 0;
                if (neighbor != query) {
                    add(neighbor);
                    int place = placeOf[neighbor];
                    if (fresh || (place < parents && !compared[place])) {
                        compare(place, compared);
                    }
                }
            }
        }
    }

    private void compare(int place, boolean[] compared) {
        if (place < compared.length) {
            compared[place] = true;
        }
        if (candidateCount == candidates.length) {
            candidates = Arrays.copyOf(candidates, 2 * candidateCount);
        }
        candidates[candidateCount++] = place;
    }

    private void add(int ordinal) {
        if (placeOf[ordinal] >= 0) {
            return;
        }
        if (count == points.length) {
            points = Arrays.copyOf(points, 2 * count);
        }
        placeOf[ordinal] = count;
        points[count++] = ordinal;
    }

    private int[] rows() {
        int[] rows = new int[count];
        for (int i = 0; i < count; i++) {
            rows[i] = ordinals[points[i]];
        }
        return rows;
    }

    private float[] plain(int row) {
        vectors.read(row, halves);
        float[] plain = new float[halves.length];
        for (int i = 0; i < plain.length; i++) {
            plain[i] = Float.float16ToFloat(halves[i]);
        }
        return plain;
    }

    private float[] scores(int[] rows, float[] query, float[] exact) {
        return switch (kind) {
            case NONE -> exact;
            case BYTES, NIBBLES -> codeScores(CodeForm.of(kind, query.length), rows, query);
            case SIGNS -> signScores(rows, query, exact);
        };
    }

    private float[] codeScores(CodeForm form, int[] rows, float[] query) {
        float[] scores = new float[rows.length];
        int[] all = new int[rows.length];
        Arrays.setAll(all, i -> i);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment codes =
                    arena.allocate(
                            form.sectionBytes(query.length, rows.length),
                            SealedGraphFormat.ALIGNMENT);
            CodeWriter.write(vectors, rows, form, codes, mean, PointRanges.HERE);
            CodeScorer scorer =
                    new CodeScorer(codes, form, rows.length, query.length, vectors.metric());
            scorer.load(query);
            scorer.score(all, all.length, scores);
        }
        return scores;
    }

    private float[] signScores(int[] rows, float[] query, float[] exact) {
        float[] scores = new float[rows.length];
        Arrays.fill(scores, Float.NEGATIVE_INFINITY);
        int[][] blocks = new int[parents][];
        int longest = 1;
        for (int parent = 0; parent < parents; parent++) {
            blocks[parent] =
                    Arrays.stream(lists[points[parent]])
                            .map(neighbor -> placeOf[neighbor])
                            .filter(place -> place >= 0)
                            .toArray();
            longest = Math.max(longest, blocks[parent].length);
        }
        long rowBytes = SealedGraphFormat.blockRowBytes(query.length, longest);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory =
                    arena.allocate(Math.max(1, parents * rowBytes), SealedGraphFormat.ALIGNMENT);
            new BlockWriter(vectors, rows, PackedGraph.ROTATION_SEED)
                    .write(blocks, 0, memory, rowBytes);
            BlockScorer scorer =
                    new BlockScorer(
                            memory,
                            rowBytes,
                            query.length,
                            vectors.metric(),
                            new Rotation(query.length, PackedGraph.ROTATION_SEED));
            scorer.load(query);
            for (int parent = 0; parent < parents; parent++) {
                for (int i = 0; i < blocks[parent].length; i++) {
                    if (i % scorer.scores.length == 0) {
                        long above =
                                scorer.score(
                                        parent,
                                        i / scorer.scores.length,
                                        exact[parent],
                                        Float.NEGATIVE_INFINITY);
                        assert above != 0;
                    }
                    int place = blocks[parent][i];
                    float estimate = scorer.scores[i % scorer.scores.length];
                    scores[place] = Math.max(scores[place], estimate);
                }
            }
        }
        return scores;
    }

    /** Places of the candidates by score, best first. */
    private int[] order(float[] scores) {
        long[] ranked = new long[candidateCount];
        for (int i = 0; i < candidateCount; i++) {
            ranked[i] = ~ScoredOrdinal.of(scores[candidates[i]], candidates[i]);
        }
        Arrays.sort(ranked);
        int[] order = new int[candidateCount];
        for (int i = 0; i < candidateCount; i++) {
            order[i] = ScoredOrdinal.ordinal(~ranked[i]);
        }
        return order;
    }
}
