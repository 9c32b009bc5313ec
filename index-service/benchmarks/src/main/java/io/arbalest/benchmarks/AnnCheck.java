package io.arbalest.benchmarks;

import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.common.Clock;
import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSearcher;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.PreparedQuery;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Builds a growing graph of a data set and prints recall@10 against queries per second as CSV.
 *
 * <p>{@code --base B.fvecs[.gz] --query Q.fvecs[.gz] --truth T.ivecs[.gz] --metric l2|ip|cosine
 * [--ef 20,40,80,160] [--m 16] [--ef-construction 200] [--link-threads 1] [--passes 4] [--limit
 * N]}. With {@code --limit} recall is measured against the truth within the first N rows.
 *
 * <p>{@code build_s} is CPU time of all threads. Searches run on one thread; {@code qps} is queries
 * per second of its CPU time, the best of the passes for each slice of {@value #SLICE} queries, so
 * that other load on the machine counts little.
 *
 * <p>Confined to the main thread.
 */
public final class AnnCheck {
    private static final int K = 10;
    private static final int SLICE = 50;
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Map<String, String> options = new HashMap<>();
    private final PrintStream out;

    private AnnCheck(String[] args, PrintStream out) {
        this.out = out;
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
    }

    /** See the class. */
    public static void main(String[] args) throws Exception {
        try (PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
            new AnnCheck(args, out).run();
        }
    }

    private String option(String name, String fallback) {
        return options.getOrDefault("--" + name, fallback);
    }

    private Path path(String name) {
        String value = option(name, "");
        if (value.isEmpty()) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return Path.of(value);
    }

    private void run() throws Exception {
        float[][] base = VectorFile.floats(path("base"), Integer.MAX_VALUE);
        float[][] queries = VectorFile.floats(path("query"), Integer.MAX_VALUE);
        int[][] truth = VectorFile.ints(path("truth"), Integer.MAX_VALUE);
        int limit = Integer.parseInt(option("limit", "0"));
        if (limit > 0 && limit < base.length) {
            base = Arrays.copyOf(base, limit);
            truth = within(truth, limit);
        }
        Metric metric = Metric.ofLabel(option("metric", "l2"));
        int m = Integer.parseInt(option("m", "16"));
        int efConstruction = Integer.parseInt(option("ef-construction", "200"));
        try (VectorTable table = new VectorTable(base[0].length, metric, base.length);
                GrowingGraph graph = new GrowingGraph(table, m, efConstruction, 1, base.length)) {
            fill(table, base);
            double buildSeconds = link(graph, base.length);
            out.println(
                    "system,dataset,n,dim,params,threads,ef,build_s,recall10,qps,p50_us,p99_us,"
                            + "bytes_per_vector,scored");
            for (String ef : option("ef", "20,40,80,160").split(",", -1)) {
                String head =
                        String.format(
                                Locale.ROOT,
                                "arbalest,%s,%d,%d,m=%d efc=%d,1,%s,%.1f",
                                dataset(),
                                base.length,
                                base[0].length,
                                m,
                                efConstruction,
                                ef,
                                buildSeconds);
                double bytes = (double) (table.sizeBytes() + graph.sizeBytes()) / base.length;
                out.println(
                        head
                                + ","
                                + measure(
                                        table, graph, queries, truth, Integer.parseInt(ef), bytes));
            }
        }
    }

    /** The name of the directory that holds the base. */
    private String dataset() {
        Path parent = path("base").toAbsolutePath().getParent();
        return parent == null ? "" : String.valueOf(parent.getFileName());
    }

    private static void fill(VectorTable table, float[][] base) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(2L * base[0].length);
            for (int ordinal = 0; ordinal < base.length; ordinal++) {
                for (int i = 0; i < base[ordinal].length; i++) {
                    row.set(HALF, 2L * i, Float.floatToFloat16(base[ordinal][i]));
                }
                table.set(ordinal, row, 0);
            }
        }
    }

    /** Links all points and returns the CPU seconds of the linking threads. */
    private double link(GrowingGraph graph, int count) throws Exception {
        int threads = Integer.parseInt(option("link-threads", "1"));
        AtomicInteger next = new AtomicInteger();
        double cpuSeconds = 0;
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Long>> nanos =
                    java.util.stream.IntStream.range(0, threads)
                            .mapToObj(thread ->
                                    pool.submit(() -> {
                                        long start = threadNanos();
                                        for (int i = next.getAndIncrement();
                                                i < count;
                                                i = next.getAndIncrement()) {
                                            graph.link(i);
                                        }
                                        return threadNanos() - start;
                                    }))
                            .toList();
            for (Future<Long> future : nanos) {
                cpuSeconds += future.get() * 1e-9;
            }
        }
        return cpuSeconds;
    }

    private String measure(
            VectorTable table,
            GrowingGraph graph,
            float[][] queries,
            int[][] truth,
            int ef,
            double bytes) {
        GraphSearcher searcher = graph.newSearcher();
        NeighborQueue results = new NeighborQueue(K);
        int passes = Integer.parseInt(option("passes", "4"));
        long[] sliceNanos = new long[(queries.length + SLICE - 1) / SLICE];
        Arrays.fill(sliceNanos, Long.MAX_VALUE);
        long[] latency = new long[queries.length];
        Arrays.fill(latency, Long.MAX_VALUE);
        long hits = 0;
        long scored = 0;
        for (int pass = 0; pass < passes; pass++) {
            hits = 0;
            scored = 0;
            for (int slice = 0; slice < sliceNanos.length; slice++) {
                long start = threadNanos();
                for (int i = slice * SLICE;
                        i < Math.min(queries.length, (slice + 1) * SLICE);
                        i++) {
                    long began = Clock.SYSTEM.monotonicNanos();
                    PreparedQuery query = table.prepare(queries[i]);
                    results.clear(K);
                    searcher.search(query, ef, OrdinalSet.ALL, Float.NEGATIVE_INFINITY, results);
                    scored += searcher.scored();
                    hits += common(results.ordinalsBestFirst(), truth[i]);
                    latency[i] = Math.min(latency[i], Clock.SYSTEM.monotonicNanos() - began);
                }
                sliceNanos[slice] = Math.min(sliceNanos[slice], threadNanos() - start);
            }
        }
        Arrays.sort(latency);
        return String.format(
                Locale.ROOT,
                "%.4f,%.0f,%.1f,%.1f,%.0f,%.0f",
                (double) hits / queries.length / K,
                queries.length / (Arrays.stream(sliceNanos).sum() * 1e-9),
                latency[latency.length / 2] * 1e-3,
                latency[latency.length * 99 / 100] * 1e-3,
                bytes,
                (double) scored / queries.length);
    }

    private static int common(int[] found, int[] truth) {
        int count = 0;
        for (int ordinal : found) {
            for (int i = 0; i < K; i++) {
                count += truth[i] == ordinal ? 1 : 0;
            }
        }
        return count;
    }

    private static int[][] within(int[][] truth, int limit) throws IOException {
        int[][] kept = new int[truth.length][];
        for (int i = 0; i < truth.length; i++) {
            kept[i] = Arrays.stream(truth[i]).filter(ordinal -> ordinal < limit).toArray();
            if (kept[i].length < K) {
                throw new IOException(
                        "the truth of query " + i + " has fewer than " + K + " of the first rows");
            }
        }
        return kept;
    }

    private static long threadNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
