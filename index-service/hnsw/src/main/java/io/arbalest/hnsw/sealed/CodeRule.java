package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.IndexCodes;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Which codes a packed graph gets: those that the collection asks for, else the cheapest that lose
 * nothing, as measured among the graph's own points ({@link CodeSample}).
 *
 * <p>Codes are good enough if {@value #ENOUGH} of the exact best {@code k} are among the best so
 * many by code as the walk keeps, the collection's {@code ef}:
 *
 * <table>
 * <caption>in this order, the first that is good enough</caption>
 * <tr><td>signs</td><td>layout fast: {@code k} = 10. A block costs several times the memory of the
 * others</td></tr>
 * <tr><td>nibbles</td><td>any {@code k} up to half the ef, and at least {@value #LEAST_NIBBLES}
 * elements: below that a row of bytes is few cache lines already</td></tr>
 * <tr><td>bytes</td><td>any {@code k} up to half the ef</td></tr>
 * <tr><td>none</td><td>always. At once up to {@value #MOST_NONE} elements: such a vector is one
 * cache line, which is what a code would be</td></tr>
 * </table>
 *
 * <p>A graph of fewer than {@value #LEAST_POINTS} points is not measured: whatever it has, its
 * searches are short.
 *
 * <p>Immutable.
 */
public final class CodeRule {
    /** The share of the exact best that must be found. */
    static final double ENOUGH = 0.99;

    static final int MOST_NONE = 32;
    static final int LEAST_NIBBLES = 384;
    static final int LEAST_POINTS = 512;

    private static final int LEAST_QUERIES = 32;
    private static final int FEW = 10; // the k of most searches

    private final IndexCodes wanted;
    private final int ef;

    private CodeRule(IndexCodes wanted, int ef) {
        this.wanted = wanted;
        this.ef = ef;
    }

    /**
     * What a collection asks for.
     *
     * @param ef candidates that its searches keep
     */
    public static CodeRule of(IndexCodes wanted, int ef) {
        if (ef < 1) {
            throw new IllegalArgumentException("ef " + ef);
        }
        return new CodeRule(wanted, ef);
    }

    /** One kind, whatever the points. */
    public static CodeRule always(CodeKind codes) {
        return new CodeRule(new IndexCodes(codes.kind(), IndexCodes.Layout.AUTO), 1);
    }

    /**
     * Chooses for a graph.
     *
     * @param ordinals of the table, by ordinal of the graph
     * @param lists of level 0, by ordinal of the graph
     */
    CodeChoice choose(VectorTable vectors, int[] ordinals, int[][] lists, PointRanges ranges) {
        if (wanted.kind() != IndexCodes.Kind.AUTO) {
            return new CodeChoice(CodeKind.valueOf(wanted.kind().name()), "as the collection asks");
        }
        boolean fast = wanted.layout() == IndexCodes.Layout.FAST;
        int dimension = vectors.dimension();
        if (dimension <= MOST_NONE && !fast) {
            return new CodeChoice(CodeKind.NONE, dimension + " elements are one cache line");
        }
        if (ordinals.length < LEAST_POINTS) {
            return unmeasured(fast, ordinals.length + " points are not measured");
        }
        int half = Math.clamp(ef / 2, 1, CodeSample.BEST);
        int few = Math.min(FEW, half);
        StringBuilder measured = new StringBuilder("of the best by vector, found by code:");
        for (CodeKind kind : cheapestFirst(fast, dimension)) {
            CodeSample sample = CodeSample.of(vectors, ordinals, lists, kind, ranges);
            if (sample.queries() < LEAST_QUERIES) {
                return unmeasured(fast, "too few points lie together to measure");
            }
            boolean signs = kind == CodeKind.SIGNS;
            int k = signs ? few : half;
            int depth = signs ? Math.max(ef, few) : 2 * half;
            double share = sample.share(k, depth);
            say(measured, kind, k, depth, share);
            if (share >= ENOUGH) {
                return new CodeChoice(kind, measured.toString());
            }
        }
        return new CodeChoice(CodeKind.NONE, measured.toString());
    }

    private static List<CodeKind> cheapestFirst(boolean fast, int dimension) {
        List<CodeKind> kinds = new ArrayList<>();
        if (fast) {
            kinds.add(CodeKind.SIGNS);
        }
        if (dimension >= LEAST_NIBBLES) {
            kinds.add(CodeKind.NIBBLES);
        }
        kinds.add(CodeKind.BYTES);
        return kinds;
    }

    private static CodeChoice unmeasured(boolean fast, String reason) {
        return new CodeChoice(fast ? CodeKind.SIGNS : CodeKind.BYTES, reason);
    }

    private static void say(StringBuilder text, CodeKind codes, int k, int depth, double share) {
        text.append(
                String.format(
                        Locale.ROOT,
                        " %s %.4f of %d among %d;",
                        codes.kind().label(),
                        share,
                        k,
                        depth));
    }
}
