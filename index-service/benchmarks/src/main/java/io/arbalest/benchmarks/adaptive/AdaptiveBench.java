package io.arbalest.benchmarks.adaptive;

import io.arbalest.benchmarks.shard.LocalShard;
import io.arbalest.engine.EngineOptions;
import io.arbalest.engine.FoundRow;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardSearchResult;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/**
 * The same queries with walks that go to their end and with walks that end once the best have
 * settled ({@link SearchSpec#adaptiveStop}), one after the other, on a shard of one sealed segment.
 *
 * <p>Confined to one thread.
 */
public final class AdaptiveBench {
    private static final int BATCH = 512;

    /**
     * What to measure.
     *
     * @param base elements that binary16 holds
     * @param truth for each query at least {@code k} nearest rows of the base, best first
     * @param efs candidates kept
     * @param rounds in which each query is asked both ways; times are the mean of all
     * @param directory of the shard's files
     */
    public record Settings(
            float[][] base,
            float[][] queries,
            int[][] truth,
            Metric metric,
            HnswParams hnsw,
            int k,
            int[] efs,
            int rounds,
            Path directory) {}

    /**
     * One ef.
     *
     * @param codes that the walk scored by
     * @param scored distances a query, to the end
     * @param scoredAdaptively distances a query, with the adaptive stop
     * @param recall mean share of the k nearest among the k returned
     * @param qps queries per second of wall time, one at a time
     */
    public record Row(
            int ef,
            String codes,
            double scored,
            double scoredAdaptively,
            double recall,
            double recallAdaptively,
            double qps,
            double qpsAdaptively) {
        /** Share of the distances that were not computed. */
        public double saved() {
            return 1 - scoredAdaptively / scored;
        }

        /** Recall that was lost, as a share. */
        public double lost() {
            return recall - recallAdaptively;
        }
    }

    private static final class Sum {
        private long scored;
        private long hits;
        private long nanos;
        private long queries;

        double scoredEach() {
            return (double) scored / queries;
        }

        double recall(int k) {
            return (double) hits / (queries * k);
        }

        double perSecond() {
            return queries * 1e9 / nanos;
        }
    }

    private final Settings settings;

    public AdaptiveBench(Settings settings) {
        this.settings = settings;
    }

    /** Fills a shard, measures, and hands on each row as it is known. */
    public void run(Consumer<Row> sink, Consumer<String> progress) throws Exception {
        int rows = settings.base().length;
        try (LocalShard shard =
                new LocalShard(
                        settings.directory(),
                        List.of(),
                        settings.base()[0].length,
                        settings.metric(),
                        settings.hnsw(),
                        EngineOptions.DEFAULT.withIndexerThreads(2).withGrowingSegmentRows(rows))) {
            @Nullable Object[] none = {};
            for (int from = 0; from < rows; from += BATCH) {
                int to = Math.min(rows, from + BATCH);
                shard.write(
                                from,
                                Arrays.asList(settings.base()).subList(from, to),
                                Collections.nCopies(to - from, none))
                        .join();
            }
            shard.awaitSealed(rows, settings.base()[0], none);
            progress.accept(rows + " rows are in one sealed segment");
            for (int ef : settings.efs()) {
                sink.accept(measured(shard.shard(), ef));
            }
        }
    }

    private Row measured(Shard shard, int ef) {
        SearchSpec whole = SearchSpec.nearest(settings.k(), ef, null);
        SearchSpec adaptive = whole.withAdaptiveStop(true);
        String codes = ask(shard, 0, whole, new Sum());
        Sum toTheEnd = new Sum();
        Sum untilSettled = new Sum();
        for (int round = 0; round < settings.rounds(); round++) {
            for (int query = 0; query < settings.queries().length; query++) {
                ask(shard, query, whole, toTheEnd);
                ask(shard, query, adaptive, untilSettled);
            }
        }
        return new Row(
                ef,
                codes,
                toTheEnd.scoredEach(),
                untilSettled.scoredEach(),
                toTheEnd.recall(settings.k()),
                untilSettled.recall(settings.k()),
                toTheEnd.perSecond(),
                untilSettled.perSecond());
    }

    /** Asks one query and returns the codes of the largest segment. */
    private String ask(Shard shard, int query, SearchSpec spec, Sum sum) {
        long begin = System.nanoTime();
        ShardSearchResult result = shard.search(List.of(settings.queries()[query]), spec);
        sum.nanos += System.nanoTime() - begin;
        sum.queries++;
        sum.scored += result.scored();
        int[] nearest = settings.truth()[query];
        for (FoundRow row : result.rows().getFirst()) {
            int number = Math.toIntExact(row.key().asLong());
            for (int place = 0; place < settings.k(); place++) {
                sum.hits += nearest[place] == number ? 1 : 0;
            }
        }
        return result.plans().getFirst().codes();
    }
}
