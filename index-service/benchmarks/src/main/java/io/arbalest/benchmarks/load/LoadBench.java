package io.arbalest.benchmarks.load;

import io.arbalest.benchmarks.shard.LocalShard;
import io.arbalest.engine.EngineOptions;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * One shard with one client that writes as fast as it is let and one that searches: each alone,
 * then both, in turns, so that what else the machine does and the growth of the index hit all of
 * them; then searches while segments are merged.
 *
 * <p>A write counts from its first batch until all its rows are linked. Merges are provoked by
 * deleting every third row, so that every sealed segment is due, and held back while searches of
 * the same segments are measured.
 *
 * <p>Confined to one thread, but for the two clients.
 */
public final class LoadBench {
    private static final int DELETE_BATCH = 512;
    private static final int ONE_OF = 3;
    private static final int QUIET_LOOKS = 10;
    private static final long LOOK_MILLIS = 10;
    private static final int SMALL_ROWS = 20_000;
    private static final long SMALL_SEARCH_NANOS = 1_000_000_000;

    /**
     * What to measure.
     *
     * @param truth for each query the nearest rows of the base, best first
     * @param firstRows that are there before anything is measured
     * @param rounds of searching, writing and both
     * @param batch rows of a write
     * @param inFlight writes that are not acknowledged
     * @param searchNanos how long each round searches alone
     * @param directory of the shard's files
     */
    public record Settings(
            float[][] base,
            float[][] queries,
            int[][] truth,
            Metric metric,
            HnswParams hnsw,
            EngineOptions options,
            int firstRows,
            int rounds,
            int batch,
            int inFlight,
            long searchNanos,
            Path directory) {

        /**
         * The same for a small shard, which seals and merges segments within seconds.
         *
         * @param elsewhere directory of its files
         */
        public Settings small(Path elsewhere) {
            int rows = Math.min(Math.ceilDiv(base.length, 4), SMALL_ROWS);
            int segmentRows = Math.min(options.growingSegmentRows(), Math.max(1, rows / 4));
            return new Settings(
                    Arrays.copyOf(base, rows),
                    queries,
                    truth,
                    metric,
                    hnsw,
                    options.withGrowingSegmentRows(segmentRows),
                    rows / 2,
                    1,
                    batch,
                    inFlight,
                    Math.min(searchNanos, SMALL_SEARCH_NANOS),
                    elsewhere);
        }
    }

    /**
     * One kind of load, over all rounds. What does not apply is NaN.
     *
     * @param rows written and linked
     * @param rowsPerSecond of wall time
     * @param ingestRatio to writing alone
     * @param p50 microseconds of wall time, as the others
     * @param p99Ratio to searching alone; of searches during merges, to the same segments before
     */
    public record Row(
            String load,
            long rows,
            double rowsPerSecond,
            double ingestRatio,
            long queries,
            double qps,
            double p50,
            double p99,
            double p999,
            double p99Ratio,
            double recall) {}

    private final Settings settings;
    private final Searches idle;
    private final Searches mixed;
    private final Searches held;
    private final Searches merging;
    private volatile int written; // rows below this are acknowledged
    private long aloneRows;
    private long aloneNanos;
    private long mixedRows;
    private long mixedNanos;

    public LoadBench(Settings settings) {
        this.settings = settings;
        idle = new Searches(settings.queries(), settings.truth());
        mixed = new Searches(settings.queries(), settings.truth());
        held = new Searches(settings.queries(), settings.truth());
        merging = new Searches(settings.queries(), settings.truth());
    }

    /** Measures and hands on each row as it is known. */
    public void run(Consumer<Row> sink, Consumer<String> progress) throws Exception {
        try (LocalShard shard =
                        new LocalShard(
                                settings.directory(),
                                List.of(),
                                settings.base()[0].length,
                                settings.metric(),
                                settings.hnsw(),
                                settings.options());
                ExecutorService client = Executors.newSingleThreadExecutor()) {
            long begin = System.nanoTime();
            write(shard, settings.firstRows());
            awaitQuiet(shard);
            progress.accept(
                    written
                            + " rows there after "
                            + (System.nanoTime() - begin) / 1_000_000
                            + " ms");
            search(
                    shard,
                    new Searches(settings.queries(), settings.truth()),
                    settings.searchNanos());
            rounds(shard, client, progress);
            double alone = perSecond(aloneRows, aloneNanos);
            double beside = perSecond(mixedRows, mixedNanos);
            Searches none = new Searches(settings.queries(), settings.truth());
            sink.accept(row("search", idle, idle, 0, Double.NaN, Double.NaN));
            sink.accept(row("write", none, none, aloneRows, alone, 1));
            sink.accept(row("both", mixed, idle, mixedRows, beside, beside / alone));
            searchWhileMerging(shard, client, progress);
            sink.accept(row("held", held, idle, 0, Double.NaN, Double.NaN));
            sink.accept(row("merge", merging, held, 0, Double.NaN, Double.NaN));
        }
    }

    private void rounds(LocalShard shard, ExecutorService client, Consumer<String> progress)
            throws Exception {
        int rest = settings.base().length - written;
        int slices = 2 * settings.rounds();
        int first = written;
        for (int round = 0; round < settings.rounds(); round++) {
            search(shard, idle, settings.searchNanos());
            long begin = System.nanoTime();
            aloneRows -= written;
            write(shard, first + (int) ((long) rest * (2 * round + 1) / slices));
            aloneRows += written;
            aloneNanos += System.nanoTime() - begin;
            awaitQuiet(shard);
            AtomicBoolean done = new AtomicBoolean();
            Future<?> searching =
                    client.submit(() ->
                            mixed.run(shard.shard(), () -> written, LoadBench::any, done::get));
            begin = System.nanoTime();
            mixedRows -= written;
            try {
                write(shard, first + (int) ((long) rest * (2 * round + 2) / slices));
                mixedRows += written;
                mixedNanos += System.nanoTime() - begin;
            } finally {
                done.set(true);
            }
            searching.get();
            awaitQuiet(shard);
            progress.accept(
                    String.format(
                            Locale.ROOT,
                            "round %d: %d rows there, p99 so far %.0f us alone, %.0f us beside"
                                    + " writes",
                            round + 1,
                            written,
                            idle.micros(0.99),
                            mixed.micros(0.99)));
        }
        search(shard, idle, settings.searchNanos());
    }

    private void searchWhileMerging(
            LocalShard shard, ExecutorService client, Consumer<String> progress) throws Exception {
        shard.holdMerges();
        List<Long> doomed = new ArrayList<>();
        for (long row = 0; row < written; row += ONE_OF) {
            doomed.add(row);
        }
        CompletableFuture<?> last = CompletableFuture.completedFuture(null);
        for (int from = 0; from < doomed.size(); from += DELETE_BATCH) {
            last.join();
            int to = Math.min(doomed.size(), from + DELETE_BATCH);
            last = shard.delete(doomed.subList(from, to));
        }
        last.join();
        IntPredicate live = row -> row % ONE_OF != 0;
        long end = System.nanoTime() + 2 * settings.searchNanos();
        held.run(shard.shard(), () -> written, live, () -> System.nanoTime() >= end);
        if (shard.gauge("arbalest_engine_merging") == 0) {
            throw new IllegalStateException(
                    "nothing is merged: no segment is sealed; write more rows or use smaller"
                            + " segments");
        }
        long begin = System.nanoTime();
        AtomicBoolean done = new AtomicBoolean();
        Future<?> searching =
                client.submit(() -> merging.run(shard.shard(), () -> written, live, done::get));
        try {
            shard.releaseMerges();
            while (shard.gauge("arbalest_engine_merging") != 0) {
                Thread.sleep(LOOK_MILLIS);
            }
        } finally {
            done.set(true);
        }
        searching.get();
        progress.accept("merged for " + (System.nanoTime() - begin) / 1_000_000 + " ms");
    }

    private void search(LocalShard shard, Searches searches, long nanos) {
        long end = System.nanoTime() + nanos;
        searches.run(shard.shard(), () -> written, LoadBench::any, () -> System.nanoTime() >= end);
    }

    /** Writes the rows up to a number and waits until they are linked. */
    private void write(LocalShard shard, int upTo) throws InterruptedException {
        ArrayDeque<CompletableFuture<?>> sent = new ArrayDeque<>();
        ArrayDeque<Integer> ends = new ArrayDeque<>();
        @Nullable Object[] none = {};
        int from = written;
        while (from < upTo || !sent.isEmpty()) {
            if (from < upTo && sent.size() < settings.inFlight()) {
                int to = Math.min(upTo, from + settings.batch());
                List<float[]> vectors = Arrays.asList(settings.base()).subList(from, to);
                sent.add(shard.write(from, vectors, Collections.nCopies(to - from, none)));
                ends.add(to);
                from = to;
            } else {
                sent.remove().join();
                written = ends.remove();
            }
        }
        shard.awaitLinked();
    }

    /** Waits until nothing is linked, sealed or merged any more. */
    private static void awaitQuiet(LocalShard shard) throws InterruptedException {
        shard.awaitLinked();
        for (int quiet = 0; quiet < QUIET_LOOKS; quiet++) {
            if (shard.gauge("arbalest_engine_merging") != 0
                    || shard.gauge("arbalest_engine_sealing") != 0) {
                quiet = 0;
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private static boolean any(int row) {
        return row >= 0;
    }

    private static double perSecond(long rows, long nanos) {
        return rows * 1e9 / nanos;
    }

    private static Row row(
            String load,
            Searches searches,
            Searches beside,
            long rows,
            double rowsPerSecond,
            double ingestRatio) {
        return new Row(
                load,
                rows,
                rowsPerSecond,
                ingestRatio,
                searches.samples(),
                searches.perSecond(),
                searches.micros(0.5),
                searches.micros(0.99),
                searches.micros(0.999),
                searches.micros(0.99) / beside.micros(0.99),
                searches.recall());
    }
}
