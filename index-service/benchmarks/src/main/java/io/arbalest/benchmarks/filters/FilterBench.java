package io.arbalest.benchmarks.filters;

import io.arbalest.engine.FilterPlan;
import io.arbalest.engine.FoundRow;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.SegmentPlan;
import io.arbalest.engine.ShardSearchResult;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Searches one shard with filters of several selectivities, with every plan, the plans and the
 * search without a filter in turns for each query, so that what else the machine does hits all of
 * them.
 *
 * <p>An uncorrelated filter asks for a random number below a bound. A correlated one asks for the
 * points nearest to a pivot, and is asked with queries that lie far from it: of {@value #PIVOTS}
 * pivots each query takes the one least like itself. So the walk ends up where nothing matches.
 *
 * <p>Recall is against brute force over the rows that match, from the binary16 vectors.
 *
 * <p>Confined to one thread; with {@code ingestRate}, another one writes rows that match nothing.
 */
public final class FilterBench {
    private static final int K = 10;
    private static final int PIVOTS = 8;
    private static final int PARTS = 1_000_000;
    private static final int BATCH = 512;
    private static final double[] SELECTIVITIES = {100, 50, 10, 1, 0.1, 0.01};

    /**
     * What to measure.
     *
     * @param queries how many of them, from the first
     * @param passes over the queries; the first one is not counted
     * @param ingestRate rows a second that are written meanwhile; 0: none
     */
    public record Settings(
            float[][] base,
            float[][] queries,
            Metric metric,
            HnswParams hnsw,
            int passes,
            int ingestRate,
            Path directory) {}

    /**
     * One measurement.
     *
     * @param selectivity percent of the rows that match
     * @param plan what was asked for
     * @param chosen what was done, for each segment
     * @param p50 microseconds, as are the others
     * @param scored distances a query
     */
    public record Row(
            double selectivity,
            boolean correlated,
            FilterPlan plan,
            double recall,
            double p50,
            double p99,
            double unfilteredP50,
            double unfilteredP99,
            double unfilteredRecall,
            String chosen,
            double scored,
            double fallbacks) {}

    private final Settings settings;
    private final int rows;
    private final int[] random;

    /** For each pivot, the place of each row among all, nearest first, in parts of a million. */
    private final int[][] places = new int[PIVOTS][];

    /** For each query, the score of each row. */
    private final float[][] scores;

    private final int[] pivotOfQuery;

    public FilterBench(Settings settings) {
        this.settings = settings;
        this.rows = settings.base().length;
        SplittableRandom source = new SplittableRandom(42);
        this.random = new int[rows];
        Integer[] order = new Integer[rows];
        Arrays.setAll(order, i -> i);
        for (int i = rows - 1; i > 0; i--) {
            int other = source.nextInt(i + 1);
            Integer swap = order[i];
            order[i] = order[other];
            order[other] = swap;
        }
        for (int place = 0; place < rows; place++) {
            random[order[place]] = (int) ((long) place * PARTS / rows);
        }
        for (float[] row : settings.base()) {
            round(row);
        }
        float[][] pivots = new float[PIVOTS][];
        for (int pivot = 0; pivot < PIVOTS; pivot++) {
            pivots[pivot] = settings.base()[source.nextInt(rows)];
            places[pivot] = places(scoresOf(pivots[pivot]));
        }
        this.scores = new float[settings.queries().length][];
        this.pivotOfQuery = new int[scores.length];
        for (int query = 0; query < scores.length; query++) {
            scores[query] = scoresOf(settings.queries()[query]);
            for (int pivot = 1; pivot < PIVOTS; pivot++) {
                float[] vector = settings.queries()[query];
                if (score(vector, pivots[pivot]) < score(vector, pivots[pivotOfQuery[query]])) {
                    pivotOfQuery[query] = pivot;
                }
            }
        }
    }

    private static void round(float[] vector) {
        for (int i = 0; i < vector.length; i++) {
            vector[i] = Float.float16ToFloat(Float.floatToFloat16(vector[i]));
        }
    }

    private float score(float[] left, float[] right) {
        float dot = 0;
        float squares = 0;
        for (int i = 0; i < left.length; i++) {
            dot += left[i] * right[i];
            squares += right[i] * right[i];
        }
        return settings.metric() == Metric.L2 ? 2 * dot - squares : dot;
    }

    private float[] scoresOf(float[] query) {
        float[] found = new float[rows];
        for (int row = 0; row < rows; row++) {
            found[row] = score(query, settings.base()[row]);
        }
        return found;
    }

    private int[] places(float[] scoreOfRow) {
        Integer[] order = new Integer[rows];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(scoreOfRow[b], scoreOfRow[a]));
        int[] found = new int[rows];
        for (int place = 0; place < rows; place++) {
            found[order[place]] = (int) ((long) place * PARTS / rows);
        }
        return found;
    }

    /** Fills a shard, measures and hands on each row as it is known. */
    public void run(List<FilterPlan> plans, Consumer<Row> sink, Consumer<String> progress)
            throws InterruptedException {
        List<Field> fields = new ArrayList<>(List.of(new Field("random", FieldType.LONG)));
        for (int pivot = 0; pivot < PIVOTS; pivot++) {
            fields.add(new Field("place" + pivot, FieldType.LONG));
        }
        int dimension = settings.base()[0].length;
        try (FilteredShard shard =
                new FilteredShard(
                        settings.directory(),
                        fields,
                        dimension,
                        settings.metric(),
                        settings.hnsw())) {
            long begin = System.nanoTime();
            fill(shard);
            progress.accept(
                    rows
                            + " rows written and linked in "
                            + (System.nanoTime() - begin) / 1_000_000
                            + " ms");
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Void> writing =
                    settings.ingestRate() == 0
                            ? CompletableFuture.completedFuture(null)
                            : CompletableFuture.runAsync(() -> ingest(shard, done));
            for (boolean correlated : new boolean[] {false, true}) {
                for (double selectivity : SELECTIVITIES) {
                    measure(shard, plans, selectivity, correlated).forEach(sink);
                }
            }
            done.set(true);
            writing.join();
        }
    }

    private void fill(FilteredShard shard) throws InterruptedException {
        List<CompletableFuture<?>> sent = new ArrayList<>();
        for (int from = 0; from < rows; from += BATCH) {
            int to = Math.min(rows, from + BATCH);
            List<@Nullable Object[]> metadata = new ArrayList<>();
            for (int row = from; row < to; row++) {
                @Nullable Object[] values = new @Nullable Object[1 + PIVOTS];
                values[0] = (long) random[row];
                for (int pivot = 0; pivot < PIVOTS; pivot++) {
                    values[1 + pivot] = (long) places[pivot][row];
                }
                metadata.add(values);
            }
            sent.add(shard.write(from, Arrays.asList(settings.base()).subList(from, to), metadata));
            if (sent.size() == 4) {
                sent.removeFirst().join();
            }
        }
        sent.forEach(CompletableFuture::join);
        shard.awaitLinked();
    }

    /** Writes copies of rows, with numbers that no filter accepts. */
    private void ingest(FilteredShard shard, AtomicBoolean done) {
        @Nullable Object[] beyond = new @Nullable Object[1 + PIVOTS];
        Arrays.fill(beyond, (long) PARTS + 1);
        int perTick = Math.max(1, settings.ingestRate() / 100);
        long next = System.nanoTime();
        for (long key = rows; !done.get(); key += perTick) {
            List<float[]> vectors = new ArrayList<>();
            List<@Nullable Object[]> metadata = new ArrayList<>();
            for (int i = 0; i < perTick; i++) {
                vectors.add(settings.base()[(int) ((key + i) % rows)]);
                metadata.add(beyond);
            }
            shard.write(key, vectors, metadata).join();
            next += 10_000_000;
            while (System.nanoTime() < next) {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    /** Times and recall of one way to search. */
    private static final class Series {
        private final long[] nanos;
        private int count;
        private long hits;
        private long wanted;
        private long scored;
        private long fallbacks;
        private String chosen = "";

        Series(int samples) {
            nanos = new long[samples];
        }

        double percentile(double share) {
            long[] sorted = Arrays.copyOf(nanos, count);
            Arrays.sort(sorted);
            return sorted[(int) Math.max(0, Math.ceil(share * count) - 1)] / 1e3;
        }

        double recall() {
            return wanted == 0 ? 1 : (double) hits / wanted;
        }
    }

    private List<Row> measure(
            FilteredShard shard, List<FilterPlan> plans, double selectivity, boolean correlated) {
        int samples = settings.queries().length * settings.passes();
        Series unfiltered = new Series(samples);
        List<Series> series = new ArrayList<>();
        plans.forEach(_ -> series.add(new Series(samples)));
        long bound = Math.round(selectivity / 100 * PARTS);
        long[][] all = new long[scores.length][];
        long[][] matching = new long[scores.length][];
        for (int query = 0; query < scores.length; query++) {
            all[query] = truth(query, null, bound);
            matching[query] =
                    truth(query, correlated ? places[pivotOfQuery[query]] : random, bound);
        }
        for (int pass = 0; pass <= settings.passes(); pass++) {
            for (int query = 0; query < scores.length; query++) {
                int[] column = correlated ? places[pivotOfQuery[query]] : random;
                String field = correlated ? "place" + pivotOfQuery[query] : "random";
                Filter filter = new Filter.Compare(field, Filter.Order.LESS, bound);
                Question plain = new Question(query, null, null, PARTS, all[query]);
                Question filtered = new Question(query, filter, column, bound, matching[query]);
                search(shard, plain, FilterPlan.AUTO, pass > 0, unfiltered);
                for (int plan = 0; plan < plans.size(); plan++) {
                    search(shard, filtered, plans.get(plan), pass > 0, series.get(plan));
                }
            }
        }
        List<Row> measured = new ArrayList<>();
        for (int plan = 0; plan < plans.size(); plan++) {
            Series one = series.get(plan);
            measured.add(
                    new Row(
                            selectivity,
                            correlated,
                            plans.get(plan),
                            one.recall(),
                            one.percentile(0.5),
                            one.percentile(0.99),
                            unfiltered.percentile(0.5),
                            unfiltered.percentile(0.99),
                            unfiltered.recall(),
                            one.chosen,
                            (double) one.scored / one.count,
                            (double) one.fallbacks / one.count));
        }
        return measured;
    }

    /**
     * A query with its filter, and what it should find.
     *
     * @param column the number that the filter asks about, by row; null: no filter
     */
    private record Question(
            int query, @Nullable Filter filter, int @Nullable [] column, long bound, long[] best) {}

    private void search(
            FilteredShard shard,
            Question question,
            FilterPlan plan,
            boolean counted,
            Series series) {
        int query = question.query;
        int[] column = question.column;
        SearchSpec spec =
                new SearchSpec(
                        K,
                        0,
                        false,
                        false,
                        question.filter,
                        Double.NEGATIVE_INFINITY,
                        List.of(),
                        false,
                        0,
                        Long.MAX_VALUE,
                        plan);
        List<float[]> vectors = List.of(settings.queries()[query]);
        long begin = System.nanoTime();
        ShardSearchResult found = shard.shard().search(vectors, spec);
        long nanos = System.nanoTime() - begin;
        if (!counted) {
            return;
        }
        series.nanos[series.count++] = nanos;
        series.scored += found.scored() + found.tailScored();
        series.chosen =
                found.plans().stream().map(p -> p.plan().label()).collect(Collectors.joining("+"));
        series.fallbacks += found.plans().stream().mapToLong(SegmentPlan::fallbacks).sum();
        long[] best = question.best;
        series.wanted += best.length;
        int hits = 0;
        for (FoundRow row : found.rows().getFirst()) {
            long key = row.key().asLong();
            int number = (int) (key % rows);
            if (column != null && (key >= rows || column[number] >= question.bound)) {
                throw new IllegalStateException(
                        "row " + key + " does not match " + question.filter);
            }
            hits += best.length > 0 && scores[query][number] >= worst(query, best) ? 1 : 0;
        }
        series.hits += Math.min(hits, best.length);
        if (found.rows().getFirst().size() < best.length) {
            throw new IllegalStateException(
                    found.rows().getFirst().size() + " rows, expected " + best.length);
        }
    }

    /** A little below the worst of the best rows, because sums of floats round. */
    private float worst(int query, long[] best) {
        float worst = scores[query][(int) best[best.length - 1]];
        return worst - Math.abs(worst) * 1e-6f;
    }

    /** The nearest rows that match, best first. */
    private long[] truth(int query, int @Nullable [] column, long bound) {
        long[] best = new long[K];
        int count = 0;
        float[] scoreOfRow = scores[query];
        for (int row = 0; row < rows; row++) {
            if (column != null && column[row] >= bound) {
                continue;
            }
            if (count == K && scoreOfRow[row] <= scoreOfRow[(int) best[K - 1]]) {
                continue;
            }
            int place = count < K ? count++ : K - 1;
            while (place > 0 && scoreOfRow[(int) best[place - 1]] < scoreOfRow[row]) {
                best[place] = best[place - 1];
                place--;
            }
            best[place] = row;
        }
        return Arrays.copyOf(best, count);
    }
}
