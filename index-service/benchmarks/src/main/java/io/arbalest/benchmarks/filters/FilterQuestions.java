package io.arbalest.benchmarks.filters;

import io.arbalest.model.Filter;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Numbers of rows to filter by, questions with filters of a wanted selectivity, and their answers.
 *
 * <p>An uncorrelated filter asks for a random number below a bound. A correlated one asks for the
 * points nearest to a pivot, and is asked with queries that lie far from it: of {@value #PIVOTS}
 * pivots each query takes the one least like itself. So an ordinary walk ends up where nothing
 * matches.
 *
 * <p>The truth is brute force over the rows that match, from the binary16 vectors.
 *
 * <p>Immutable but for its vectors, which the constructor rounds to binary16.
 */
final class FilterQuestions {
    static final int K = 10;

    /** Numbers of a row: one at random, and its place by each pivot. */
    static final int COLUMNS = 9;

    private static final int PIVOTS = COLUMNS - 1;
    private static final int PARTS = 1_000_000;

    private final float[][] base;
    private final float[][] queries;
    private final Metric metric;

    /** By column, then by row: a place among all rows in parts of a million. */
    private final int[][] columns = new int[COLUMNS][];

    /** For each query, the score of each row. */
    private final float[][] scores;

    private final int[] pivotOfQuery;

    FilterQuestions(float[][] base, float[][] queries, Metric metric) {
        this.base = base;
        this.queries = queries;
        this.metric = metric;
        SplittableRandom source = new SplittableRandom(42);
        float[] anything = new float[base.length];
        for (int row = 0; row < anything.length; row++) {
            anything[row] = source.nextFloat();
        }
        columns[0] = places(anything);
        for (float[] row : base) {
            round(row);
        }
        float[][] pivots = new float[PIVOTS][];
        for (int pivot = 0; pivot < PIVOTS; pivot++) {
            pivots[pivot] = base[source.nextInt(base.length)];
            columns[1 + pivot] = places(scoresOf(pivots[pivot]));
        }
        this.scores = new float[queries.length][];
        this.pivotOfQuery = new int[queries.length];
        for (int query = 0; query < queries.length; query++) {
            float[] vector = queries[query];
            scores[query] = scoresOf(vector);
            for (int pivot = 1; pivot < PIVOTS; pivot++) {
                if (score(vector, pivots[pivot]) < score(vector, pivots[pivotOfQuery[query]])) {
                    pivotOfQuery[query] = pivot;
                }
            }
        }
    }

    /**
     * A query with its filter, and what it should find.
     *
     * @param filter null: none
     * @param column the number that the filter asks about
     * @param bound the number of rows that match is below
     * @param best the nearest rows that match, best first
     */
    record Question(int query, @Nullable Filter filter, int column, int bound, int[] best) {}

    /** One question a query, with filters that a share of the rows pass. */
    Question[] filtered(double percent, boolean correlated) {
        int bound = (int) Math.round(percent / 100 * PARTS);
        Question[] questions = new Question[queries.length];
        for (int query = 0; query < queries.length; query++) {
            int column = correlated ? 1 + pivotOfQuery[query] : 0;
            Filter filter = new Filter.Compare(name(column), Filter.Order.LESS, (long) bound);
            questions[query] =
                    new Question(query, filter, column, bound, truth(query, column, bound));
        }
        return questions;
    }

    /** One question a query, without a filter. */
    Question[] unfiltered() {
        Question[] questions = new Question[queries.length];
        for (int query = 0; query < queries.length; query++) {
            questions[query] = new Question(query, null, 0, PARTS, truth(query, 0, PARTS));
        }
        return questions;
    }

    int rows() {
        return base.length;
    }

    int queries() {
        return queries.length;
    }

    float[] row(int row) {
        return base[row];
    }

    float[] query(int query) {
        return queries[query];
    }

    /** Name of the field that holds a column. */
    static String name(int column) {
        return column == 0 ? "random" : "place" + (column - 1);
    }

    /** The numbers of a row, by column. */
    int number(int column, int row) {
        return columns[column][row];
    }

    /** A number that no filter accepts. */
    static int beyond() {
        return PARTS + 1;
    }

    boolean matches(Question question, int row) {
        return columns[question.column][row] < question.bound;
    }

    /**
     * The numbers of rows that were found. Rows that were written meanwhile are copies, and no
     * filter accepts them.
     *
     * @throws IllegalStateException if one does not match
     */
    int[] rows(Question question, int[] keys) {
        int[] found = new int[keys.length];
        for (int i = 0; i < found.length; i++) {
            found[i] = keys[i] % rows();
            boolean written = keys[i] >= rows();
            if (question.filter != null && (written || !matches(question, found[i]))) {
                throw new IllegalStateException(
                        "row " + keys[i] + " does not match " + question.filter);
            }
        }
        return found;
    }

    /** How many of the rows found are as near as the best. */
    int hits(Question question, int[] found) {
        if (question.best.length == 0) {
            return 0;
        }
        float[] scoreOfRow = scores[question.query];
        float worst = scoreOfRow[question.best[question.best.length - 1]];
        worst -= Math.abs(worst) * 1e-6f; // sums of floats round
        int hits = 0;
        for (int row : found) {
            hits += scoreOfRow[row] >= worst ? 1 : 0;
        }
        return Math.min(hits, question.best.length);
    }

    private int[] truth(int query, int column, int bound) {
        int[] best = new int[K];
        int count = 0;
        float[] scoreOfRow = scores[query];
        for (int row = 0; row < base.length; row++) {
            if (columns[column][row] >= bound
                    || (count == K && scoreOfRow[row] <= scoreOfRow[best[K - 1]])) {
                continue;
            }
            int place = count < K ? count++ : K - 1;
            while (place > 0 && scoreOfRow[best[place - 1]] < scoreOfRow[row]) {
                best[place] = best[place - 1];
                place--;
            }
            best[place] = row;
        }
        return Arrays.copyOf(best, count);
    }

    private static void round(float[] vector) {
        for (int i = 0; i < vector.length; i++) {
            vector[i] = Float.float16ToFloat(Float.floatToFloat16(vector[i]));
        }
    }

    private float score(float[] left, float[] right) {
        float dot = 0;
        float squares = 0;
        float leftSquares = 0;
        for (int i = 0; i < left.length; i++) {
            dot += left[i] * right[i];
            squares += right[i] * right[i];
            leftSquares += left[i] * left[i];
        }
        return switch (metric) {
            case L2 -> 2 * dot - squares;
            case IP -> dot;
            case COSINE -> (float) (dot / Math.sqrt((double) squares * leftSquares));
        };
    }

    private float[] scoresOf(float[] query) {
        float[] found = new float[base.length];
        for (int row = 0; row < found.length; row++) {
            found[row] = score(query, base[row]);
        }
        return found;
    }

    /** The place of each row among all, the highest score first. */
    private int[] places(float[] scoreOfRow) {
        Integer[] order = new Integer[base.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(scoreOfRow[b], scoreOfRow[a]));
        int[] found = new int[order.length];
        for (int place = 0; place < order.length; place++) {
            found[order[place]] = (int) ((long) place * PARTS / order.length);
        }
        return found;
    }
}
