package io.arbalest.benchmarks.churn;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.sealed.SealedMerge;
import io.arbalest.hnsw.sealed.SealedSearcher;
import io.arbalest.memory.MemoryBudget;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Replaces all points of a packed graph, a share at a time, each time by a merge as a shard does
 * it, and compares its recall with that of a graph which is built at once.
 *
 * <p>In each merge a random share of the points is dead, and those that died in the merge before
 * are there again as new points of a small graph. So in the end every point has been replaced once,
 * the points are those of the base, and one truth holds for both graphs.
 *
 * <p>Confined to one thread.
 */
public final class ChurnBench {
    private static final int K = 10;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final float[][] base;
    private final float[][] queries;
    private final int[][] truth;
    private final Metric metric;
    private final HnswParams params;
    private long peakBytes;

    /**
     * @param truth for each query the nearest rows of the base, best first, ten or more
     */
    public ChurnBench(
            float[][] base, float[][] queries, int[][] truth, Metric metric, HnswParams params) {
        this.base = base;
        this.queries = queries;
        this.truth = truth;
        this.metric = metric;
        this.params = params;
    }

    /**
     * Recall of both graphs at one ef.
     *
     * @param freshSeconds processor time of building the fresh graph
     * @param mergeSeconds of all merges, with building and packing the new points
     * @param peakBytes that a merge held at most
     */
    public record Row(
            int merges,
            int ef,
            double fresh,
            double churned,
            double freshSeconds,
            double mergeSeconds,
            long peakBytes) {}

    /** Measures and hands on each row as it is known. */
    public void run(int merges, int[] efs, Consumer<Row> sink, Consumer<String> progress) {
        int[] all = new int[base.length];
        Arrays.setAll(all, i -> i);
        long begin = THREADS.getCurrentThreadCpuTime();
        try (Sealed fresh = Sealed.built(base, all, metric, params, 1)) {
            double freshSeconds = (THREADS.getCurrentThreadCpuTime() - begin) / 1e9;
            progress.accept("built in " + Math.round(freshSeconds) + " s");
            Sealed first = Sealed.built(base, all, metric, params, 2);
            begin = THREADS.getCurrentThreadCpuTime();
            try (Sealed churned = churned(first, merges, progress)) {
                double mergeSeconds = (THREADS.getCurrentThreadCpuTime() - begin) / 1e9;
                for (int ef : efs) {
                    sink.accept(
                            new Row(
                                    merges,
                                    ef,
                                    recall(fresh, ef),
                                    recall(churned, ef),
                                    freshSeconds,
                                    mergeSeconds,
                                    peakBytes));
                }
            }
        }
    }

    private Sealed churned(Sealed first, int merges, Consumer<String> progress) {
        int[] order = new int[base.length];
        Arrays.setAll(order, i -> i);
        SplittableRandom random = new SplittableRandom(42);
        for (int i = order.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int row = order[i];
            order[i] = order[other];
            order[other] = row;
        }
        Sealed graph = first;
        for (int merge = 0; merge < merges; merge++) {
            BitSet dying = new BitSet();
            Arrays.stream(chunk(order, merge, merges - 1)).forEach(dying::set);
            int[] back = chunk(order, merge - 1, merges - 1);
            Sealed before = graph;
            graph = merged(before, dying, back, merge);
            before.close();
            progress.accept("merge " + (merge + 1) + ": " + graph.rows().length + " points");
        }
        return graph;
    }

    /** One of as many about equal parts as there are; none before the first and after the last. */
    private static int[] chunk(int[] order, int number, int parts) {
        if (number < 0 || number >= parts) {
            return new int[0];
        }
        int from = (int) ((long) order.length * number / parts);
        int to = (int) ((long) order.length * (number + 1) / parts);
        return Arrays.copyOfRange(order, from, to);
    }

    private Sealed merged(Sealed before, BitSet dying, int[] back, long seed) {
        int[] rows = before.rows();
        SealedMerge.Part old =
                new SealedMerge.Part(before.graph(), ordinal -> !dying.get(rows[ordinal]));
        if (back.length == 0) {
            return merged(List.of(old), List.of(rows), seed);
        }
        try (Sealed fresh = Sealed.built(base, back, metric, params, seed)) {
            SealedMerge.Part young = new SealedMerge.Part(fresh.graph(), OrdinalSet.ALL);
            return merged(List.of(old, young), List.of(rows, fresh.rows()), seed);
        }
    }

    private Sealed merged(List<SealedMerge.Part> parts, List<int[]> rows, long seed) {
        try (SealedMerge merge =
                new SealedMerge(
                        parts,
                        params.m(),
                        params.efConstruction(),
                        seed,
                        MemoryBudget.unlimited("merge"),
                        () -> false)) {
            peakBytes = Math.max(peakBytes, merge.sizeBytes());
            return Sealed.written(
                    merge.pack(), ordinal -> rows.get(merge.part(ordinal))[merge.ordinal(ordinal)]);
        }
    }

    private double recall(Sealed graph, int ef) {
        SealedSearcher searcher = graph.graph().newSearcher();
        NeighborQueue results = new NeighborQueue(K);
        long hits = 0;
        for (int query = 0; query < queries.length; query++) {
            results.clear(K);
            searcher.search(queries[query], SearchLimits.of(ef), OrdinalSet.ALL, results);
            for (int ordinal : results.ordinalsBestFirst()) {
                for (int place = 0; place < K; place++) {
                    hits += truth[query][place] == graph.rows()[ordinal] ? 1 : 0;
                }
            }
        }
        return (double) hits / ((long) K * queries.length);
    }
}
