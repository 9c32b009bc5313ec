package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.filters.FilterQuestions.Question;
import io.arbalest.benchmarks.filters.FilterWay.Answer;
import io.arbalest.benchmarks.report.Percentiles;
import io.arbalest.benchmarks.shard.LocalShard;
import io.arbalest.engine.EngineOptions;
import io.arbalest.engine.FilterPlan;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Searches one shard with filters of several selectivities, with every plan, without a filter, and
 * with a peer. They take turns after {@value #BLOCK} queries each, in an order that is drawn anew
 * for every round of turns: what else the machine does, and what the one before has left in the
 * caches, hit all of them alike.
 *
 * <p>The rows lie in sealed segments, as those of a shard that has run for a while do.
 *
 * <p>Confined to one thread; with {@code ingestRate}, another one writes rows that match nothing.
 */
public final class FilterBench {
    private static final int BATCH = 512;
    private static final int BLOCK = 25;

    /**
     * What to measure.
     *
     * @param selectivities percent of the rows that match
     * @param passes over the queries; one more is made before them and not counted
     * @param ef candidates of a search
     * @param segments sealed segments that the rows are spread over, before any merge
     * @param ingestRate rows a second that are written meanwhile; 0: none
     * @param peerEfs candidates of Lucene's searches; empty: without Lucene
     */
    public record Settings(
            float[][] base,
            float[][] queries,
            Metric metric,
            HnswParams hnsw,
            List<Double> selectivities,
            int passes,
            int ef,
            int segments,
            int ingestRate,
            List<FilterPlan> plans,
            List<Integer> peerEfs,
            Path directory) {}

    /**
     * One measurement.
     *
     * @param selectivity percent of the rows that match
     * @param plan what was asked for, or the peer
     * @param p50 microseconds, as are the other times
     * @param chosen what was done, for each sealed segment
     * @param scored distances a query
     * @param fallbacks walks given up, a query
     */
    public record Row(
            double selectivity,
            boolean correlated,
            String plan,
            int ef,
            double recall,
            double p50,
            double p99,
            double mean,
            double unfilteredP50,
            double unfilteredP99,
            double unfilteredRecall,
            String chosen,
            double scored,
            double fallbacks) {}

    private final Settings settings;
    private final FilterQuestions questions;

    /** Computes all truth, which takes a while. */
    public FilterBench(Settings settings) {
        this.settings = settings;
        this.questions =
                new FilterQuestions(settings.base(), settings.queries(), settings.metric());
    }

    /** Fills a shard, measures and hands on each row as it is known. */
    public void run(Consumer<Row> sink, Consumer<String> progress) throws Exception {
        List<Field> fields = new ArrayList<>();
        for (int column = 0; column < FilterQuestions.COLUMNS; column++) {
            fields.add(new Field(FilterQuestions.name(column), FieldType.LONG));
        }
        int segmentRows = (questions.rows() + settings.segments() - 1) / settings.segments();
        try (LuceneFilters lucene = lucene(progress);
                LocalShard shard =
                        new LocalShard(
                                settings.directory().resolve("shard"),
                                fields,
                                questions.row(0).length,
                                settings.metric(),
                                settings.hnsw(),
                                EngineOptions.DEFAULT
                                        .withIndexerThreads(2)
                                        .withGrowingSegmentRows(segmentRows))) {
            long begin = System.nanoTime();
            fill(shard);
            progress.accept(
                    questions.rows()
                            + " rows written, linked and sealed in "
                            + millisSince(begin)
                            + " ms");
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Void> writing =
                    settings.ingestRate() == 0
                            ? CompletableFuture.completedFuture(null)
                            : CompletableFuture.runAsync(() -> ingest(shard, done));
            List<FilterWay> ways = ways(shard, lucene);
            for (boolean correlated : new boolean[] {false, true}) {
                for (double selectivity : settings.selectivities()) {
                    measure(ways, selectivity, correlated).forEach(sink);
                }
            }
            done.set(true);
            writing.join();
        }
    }

    private static long millisSince(long begin) {
        return (System.nanoTime() - begin) / 1_000_000;
    }

    private @Nullable LuceneFilters lucene(Consumer<String> progress) throws Exception {
        if (settings.peerEfs().isEmpty()) {
            return null;
        }
        long begin = System.nanoTime();
        Path path = settings.directory().resolve("lucene");
        LuceneFilters lucene =
                new LuceneFilters(questions, settings.metric(), settings.hnsw(), path);
        progress.accept("lucene built in " + millisSince(begin) + " ms");
        return lucene;
    }

    private List<FilterWay> ways(LocalShard shard, @Nullable LuceneFilters lucene) {
        List<FilterWay> ways = new ArrayList<>();
        ways.add(way("unfiltered", FilterPlan.AUTO, shard));
        settings.plans().forEach(plan -> ways.add(way(plan.label(), plan, shard)));
        if (lucene != null) {
            settings.peerEfs().forEach(ef -> ways.add(lucene.way(ef)));
        }
        return ways;
    }

    private FilterWay way(String label, FilterPlan plan, LocalShard shard) {
        return new ShardWay(label, settings.ef(), plan, shard.shard(), questions);
    }

    private void fill(LocalShard shard) throws InterruptedException {
        List<CompletableFuture<?>> sent = new ArrayList<>();
        for (int from = 0; from < questions.rows(); from += BATCH) {
            int to = Math.min(questions.rows(), from + BATCH);
            List<float[]> vectors = new ArrayList<>();
            List<@Nullable Object[]> metadata = new ArrayList<>();
            for (int row = from; row < to; row++) {
                @Nullable Object[] values = new @Nullable Object[FilterQuestions.COLUMNS];
                for (int column = 0; column < values.length; column++) {
                    values[column] = (long) questions.number(column, row);
                }
                vectors.add(questions.row(row));
                metadata.add(values);
            }
            sent.add(shard.write(from, vectors, metadata));
            if (sent.size() == 4) {
                sent.removeFirst().join();
            }
        }
        sent.forEach(CompletableFuture::join);
        shard.awaitSealed(questions.rows(), questions.row(0), beyond());
    }

    private static @Nullable Object[] beyond() {
        @Nullable Object[] values = new @Nullable Object[FilterQuestions.COLUMNS];
        Arrays.fill(values, (long) FilterQuestions.beyond());
        return values;
    }

    /** Writes copies of rows, with numbers that no filter accepts. */
    private void ingest(LocalShard shard, AtomicBoolean done) {
        int perTick = Math.max(1, settings.ingestRate() / 100);
        long next = System.nanoTime();
        for (long key = 2L * questions.rows(); !done.get(); key += perTick) {
            List<float[]> vectors = new ArrayList<>();
            List<@Nullable Object[]> metadata = new ArrayList<>();
            for (int i = 0; i < perTick; i++) {
                vectors.add(questions.row((int) ((key + i) % questions.rows())));
                metadata.add(beyond());
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
        private final long[][] nanos; // by query, then by pass
        private long answers;
        private long hits;
        private long wanted;
        private long scored;
        private long fallbacks;
        private String chosen = "";

        Series(int queries, int passes) {
            nanos = new long[queries][passes];
        }

        /**
         * The times to report, ascending: each query's median over its passes, or, where the
         * disturbance is what is measured, all.
         */
        long[] times(boolean all) {
            if (all) {
                return Arrays.stream(nanos).flatMapToLong(Arrays::stream).sorted().toArray();
            }
            return Arrays.stream(nanos)
                    .mapToLong(passes ->
                            Arrays.stream(passes).sorted().toArray()[(passes.length - 1) / 2])
                    .sorted()
                    .toArray();
        }

        double recall() {
            return wanted == 0 ? 1 : (double) hits / wanted;
        }
    }

    private List<Row> measure(List<FilterWay> ways, double selectivity, boolean correlated)
            throws Exception {
        Question[] filtered = questions.filtered(selectivity, correlated);
        Question[] plain = questions.unfiltered();
        List<Series> series =
                ways.stream().map(_ -> new Series(questions.queries(), settings.passes())).toList();
        List<Integer> turns = new ArrayList<>(IntStream.range(0, ways.size()).boxed().toList());
        Random order = new Random(7);
        for (int pass = -1; pass < settings.passes(); pass++) {
            for (int from = 0; from < questions.queries(); from += BLOCK) {
                Collections.shuffle(turns, order);
                int to = Math.min(questions.queries(), from + BLOCK);
                for (int way : turns) {
                    for (int query = from; query < to; query++) {
                        Question question = way == 0 ? plain[query] : filtered[query];
                        ask(ways.get(way), question, pass, series.get(way));
                    }
                }
            }
        }
        return IntStream.range(1, ways.size())
                .mapToObj(way ->
                        row(selectivity, correlated, ways.get(way), series.get(way), series.get(0)))
                .toList();
    }

    private Row row(
            double selectivity, boolean correlated, FilterWay way, Series one, Series unfiltered) {
        long[] times = one.times(settings.ingestRate() > 0);
        long[] plain = unfiltered.times(settings.ingestRate() > 0);
        return new Row(
                selectivity,
                correlated,
                way.label(),
                way.ef(),
                one.recall(),
                Percentiles.of(times, 0.5) / 1e3,
                Percentiles.of(times, 0.99) / 1e3,
                Arrays.stream(times).average().orElse(Double.NaN) / 1e3,
                Percentiles.of(plain, 0.5) / 1e3,
                Percentiles.of(plain, 0.99) / 1e3,
                unfiltered.recall(),
                one.chosen,
                (double) one.scored / one.answers,
                (double) one.fallbacks / one.answers);
    }

    private void ask(FilterWay way, Question question, int pass, Series series) throws Exception {
        long begin = System.nanoTime();
        Answer answer = way.answer(question);
        long nanos = System.nanoTime() - begin;
        if (pass < 0) {
            return;
        }
        series.nanos[question.query()][pass] = nanos;
        series.answers++;
        series.scored += answer.scored();
        series.chosen = answer.chosen();
        series.fallbacks += answer.fallbacks();
        series.wanted += question.best().length;
        int[] rows = questions.rows(question, answer.keys());
        series.hits += questions.hits(question, rows);
        if (rows.length < question.best().length && !way.label().equals("lucene")) {
            throw new IllegalStateException(
                    rows.length + " rows, expected " + question.best().length);
        }
    }
}
