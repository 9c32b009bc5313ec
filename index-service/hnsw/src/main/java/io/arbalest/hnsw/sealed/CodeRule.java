package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.IndexCodes;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * Which codes a packed graph gets: those that the collection asks for, else the cheapest that lose
 * nothing, as measured among the graph's own points ({@link CodeSample}).
 *
 * <p>Codes are good enough if {@value #ENOUGH} of the exact best {@code k} are among the best so
 * many by code as the walk keeps, the collection's {@code ef}:
 *
 * <table>
 * <caption>in this order, the first that is good enough</caption>
 * <tr><td>signs</td><td>layout fast: {@code k} = 10. Layout auto: any {@code k} up to half the ef,
 * {@value #ENOUGH_FOR_ANY} of them, and at least {@value #LEAST_FAST} elements; a block costs
 * several times the memory of bytes, and below that saves little time</td></tr>
 * <tr><td>bytes</td><td>layout not fast, or signs are not good enough: any {@code k} up to half the
 * ef</td></tr>
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

    /** The same for signs, where they must hold for every k: walks lose more than the share. */
    static final double ENOUGH_FOR_ANY = 0.9995;

    static final int MOST_NONE = 32;
    static final int LEAST_FAST = 256;
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
        boolean signs =
                fast || (wanted.layout() == IndexCodes.Layout.AUTO && dimension >= LEAST_FAST);
        Set<CodeKind> kinds =
                signs ? EnumSet.of(CodeKind.BYTES, CodeKind.SIGNS) : EnumSet.of(CodeKind.BYTES);
        CodeSample sample = CodeSample.of(vectors, ordinals, lists, kinds, ranges);
        if (sample.queries() < LEAST_QUERIES) {
            return unmeasured(fast, "too few points lie together to measure");
        }
        return choose(sample, signs, fast);
    }

    private static CodeChoice unmeasured(boolean fast, String reason) {
        return new CodeChoice(fast ? CodeKind.SIGNS : CodeKind.BYTES, reason);
    }

    private CodeChoice choose(CodeSample sample, boolean signs, boolean fast) {
        int half = Math.clamp(ef / 2, 1, CodeSample.BEST);
        int few = Math.min(FEW, half);
        StringBuilder measured = new StringBuilder("of the best by vector, found by code:");
        if (signs) {
            int k = fast ? few : half;
            int depth = fast ? Math.max(ef, few) : 2 * half;
            double share = sample.share(CodeKind.SIGNS, k, depth);
            say(measured, CodeKind.SIGNS, k, depth, share);
            if (share >= (fast ? ENOUGH : ENOUGH_FOR_ANY)) {
                return new CodeChoice(CodeKind.SIGNS, measured.toString());
            }
        }
        double share = sample.share(CodeKind.BYTES, half, 2 * half);
        say(measured, CodeKind.BYTES, half, 2 * half, share);
        CodeKind codes = share >= ENOUGH ? CodeKind.BYTES : CodeKind.NONE;
        return new CodeChoice(codes, measured.toString());
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
