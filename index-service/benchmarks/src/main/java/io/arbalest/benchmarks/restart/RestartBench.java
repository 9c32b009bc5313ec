package io.arbalest.benchmarks.restart;

import io.arbalest.benchmarks.data.ClusteredVectors;
import io.arbalest.benchmarks.data.ExactTruth;
import io.arbalest.benchmarks.data.RowReader;
import io.arbalest.benchmarks.report.Percentiles;
import io.arbalest.benchmarks.shard.Directories;
import io.arbalest.benchmarks.shard.LocalNode;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fills a shard of a node, kills the node as soon as all rows are acknowledged, starts it again and
 * asks until it answers right: the nearest points of a sealed row's vector and of the vector of the
 * row that was written last are these rows. Then asks query after query, and says for each second
 * how near the answers are to the exact ones and how long they took, until all rows are linked and
 * for a while after.
 *
 * <p>The client has talked to another node before, as one that has been running does. The page
 * cache is that of a process that was killed, not of a machine that was switched on.
 *
 * <p>Confined to one thread.
 */
final class RestartBench {
    static final int K = 10;

    private static final String COLLECTION = "restart";
    private static final int CLUSTERS = 600;
    private static final int SEED = 42;
    private static final int QUERIES = 200;
    private static final int WARM_ROWS = 2_000;
    private static final long LONGEST_NANOS = 3_600_000_000_000L;
    private static final long PAUSE_MILLIS = 5;
    private static final Pattern SERVES =
            Pattern.compile(
                    "shard "
                            + COLLECTION
                            + "/0 serves: ([0-9.,]+) rows recovered in ([0-9.,]+) ms");

    /**
     * What to measure.
     *
     * @param settledSeconds to go on asking once all rows are linked
     */
    record Settings(int rows, int dimension, HnswParams hnsw, int settledSeconds, Path directory) {}

    /**
     * The first answer.
     *
     * @param processSeconds from the start of the process, launcher included
     * @param openingSeconds from the opening of the shard
     * @param recoveredRows that were put back into memory, and are to be linked
     */
    record First(double processSeconds, double openingSeconds, long recoveredRows) {}

    /**
     * Some time of asking.
     *
     * @param phase linking, linked; all of a phase has second 0
     * @param tail rows that were not linked at the end of it
     * @param p50 microseconds of a call, as p99
     */
    record Span(
            String phase,
            int second,
            long tail,
            int queries,
            double recall,
            double p50,
            double p99) {}

    private final Settings settings;
    private final Consumer<String> progress;
    private final ClusteredVectors vectors;
    private final float[][] queries;

    RestartBench(Settings settings, Consumer<String> progress) {
        this.settings = settings;
        this.progress = progress;
        int dimension = settings.dimension();
        this.vectors =
                new ClusteredVectors(
                        new ClusteredVectors.Shape(
                                dimension,
                                ClusteredVectors.Shape.latentOf(dimension),
                                CLUSTERS,
                                false,
                                SEED));
        this.queries = new float[QUERIES][dimension];
        for (int i = 0; i < QUERIES; i++) {
            vectors.row(-1 - i, queries[i]);
        }
    }

    /** Fills a node in the directory and kills it; not if there is one already. */
    void fill() throws Exception {
        if (LocalNode.ranIn(settings.directory())) {
            progress.accept("the node in " + settings.directory() + " is used as it is");
            return;
        }
        LocalNode node = LocalNode.start(settings.directory());
        try (ArbalestClient client = ArbalestClient.connect(List.of(node.endpoint()))) {
            long begin = System.nanoTime();
            write(client, settings.rows());
            progress.accept(
                    String.format(
                            Locale.ROOT,
                            "%d rows written in %.1f s",
                            settings.rows(),
                            (System.nanoTime() - begin) / 1e9));
        } finally {
            node.kill();
        }
    }

    private void write(ArbalestClient client, int rows) throws Exception {
        client.createCollection(
                new CollectionDefinition(
                        COLLECTION,
                        new UUID(0, 0),
                        KeyType.INT64,
                        settings.dimension(),
                        Metric.L2,
                        settings.hnsw(),
                        List.of(),
                        1,
                        1),
                false);
        try (PointWriter writer =
                client.openWriter(
                        COLLECTION, WriterOptions.DEFAULT, PointWriter.RejectionHandler.FAIL)) {
            for (int row = 0; row < rows; row++) {
                if (row % 100_000 == 0) {
                    progress.accept(row + " rows sent");
                }
                writer.write(
                        Point.upsert(
                                PointKey.of((long) row),
                                vector(row),
                                Map.of(),
                                new Version(0, row, 0)));
            }
            writer.flush().get(1, TimeUnit.HOURS);
        }
    }

    /** As the index stores it. */
    private float[] vector(int row) {
        float[] vector = new float[settings.dimension()];
        vectors.row(row, vector);
        for (int i = 0; i < vector.length; i++) {
            vector[i] = Binary16.toFloat(Binary16.fromFloat(vector[i]));
        }
        return vector;
    }

    /** Starts the node again and measures until all is linked. */
    void measure(Consumer<First> first, Consumer<Span> spans) throws Exception {
        progress.accept("computing the exact neighbours of " + QUERIES + " queries");
        int[][] truth =
                ExactTruth.of(queries, new Generated(), Metric.L2, Math.min(K, settings.rows()), 1);
        warmClient();
        int before = served(LocalNode.log(settings.directory())).length;
        long started = System.nanoTime();
        LocalNode node = LocalNode.launch(settings.directory());
        try (ArbalestClient client = ArbalestClient.connect(List.of(node.endpoint()))) {
            long served = awaitFirst(client, started, before);
            double process = (System.nanoTime() - started) / 1e9;
            String[] line = served(LocalNode.log(settings.directory()))[before];
            double opening = Double.parseDouble(line[1]) / 1e3 + (System.nanoTime() - served) / 1e9;
            first.accept(new First(process, opening, Long.parseLong(line[0])));
            ask(client, truth, spans);
        } finally {
            node.kill();
        }
    }

    /** Rows recovered and milliseconds of each opening. */
    private static String[][] served(String log) {
        Matcher line = SERVES.matcher(log);
        return line.results()
                .map(m -> new String[] {digits(m.group(1)), digits(m.group(2))})
                .toArray(String[][]::new);
    }

    private static String digits(String number) {
        return number.replaceAll("\\D", "");
    }

    /** When the shard began to serve, seen from here; a little late at most. */
    private long awaitFirst(ArbalestClient client, long started, int before) throws Exception {
        float[] last = vector(settings.rows() - 1);
        float[] sealed = vector(settings.rows() / 2);
        long serves = 0;
        while (System.nanoTime() - started < LONGEST_NANOS) {
            if (serves == 0 && served(LocalNode.log(settings.directory())).length > before) {
                serves = System.nanoTime();
            }
            if (serves != 0
                    && isNearest(client, last, settings.rows() - 1)
                    && isNearest(client, sealed, settings.rows() / 2)) {
                return serves;
            }
            if (serves == 0) {
                Thread.sleep(PAUSE_MILLIS);
            }
        }
        throw new ArbalestException(
                ErrorCode.PROCESS_FAILED, "no right answer within an hour", "see the node's log");
    }

    private static boolean isNearest(ArbalestClient client, float[] vector, int row) {
        try {
            SearchResult found = client.search(COLLECTION, List.of(vector), SearchQuery.nearest(K));
            return !found.partial()
                    && found.hits().getFirst().getFirst().key().equals(PointKey.of((long) row));
        } catch (ArbalestException _) {
            return false; // it does not serve yet
        }
    }

    private void ask(ArbalestClient client, int[][] truth, Consumer<Span> spans) {
        Asked linking = new Asked("linking");
        Asked linked = new Asked("linked");
        int settled = 0;
        int next = 0;
        for (int second = 1; settled < settings.settledSeconds(); second++) {
            Asked phase = settled == 0 && tail(client) > 0 ? linking : linked;
            Asked now = new Asked(phase.phase);
            long end = System.nanoTime() + 1_000_000_000L;
            while (System.nanoTime() < end) {
                int query = next++ % QUERIES;
                long begin = System.nanoTime();
                SearchResult found =
                        client.search(COLLECTION, List.of(queries[query]), SearchQuery.nearest(K));
                long took = System.nanoTime() - begin;
                int hits = hits(found, truth[query]);
                now.add(took, hits);
                phase.add(took, hits);
            }
            spans.accept(now.span(second, tail(client)));
            settled += phase == linked ? 1 : 0;
        }
        spans.accept(linking.span(0, 0));
        spans.accept(linked.span(0, 0));
    }

    private static int hits(SearchResult found, int[] nearest) {
        int hits = 0;
        for (Hit hit : found.hits().getFirst()) {
            long key = hit.key().asLong();
            hits += Arrays.stream(nearest).anyMatch(row -> row == key) ? 1 : 0;
        }
        return hits;
    }

    private static long tail(ArbalestClient client) {
        return client.shardReports(COLLECTION).stream()
                .mapToLong(ArbalestClient.ShardReport::tailPoints)
                .sum();
    }

    /** Loads and compiles what a client needs that has been running. */
    private void warmClient() throws Exception {
        progress.accept("warming the client with another node");
        Directories.temporary(
                "arbalest-bench-restart",
                directory -> {
                    try (LocalNode other = LocalNode.start(directory);
                            ArbalestClient client =
                                    ArbalestClient.connect(List.of(other.endpoint()))) {
                        write(client, Math.min(WARM_ROWS, settings.rows()));
                        long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
                        for (int i = 0; System.nanoTime() < end; i++) {
                            SearchResult _ =
                                    client.search(
                                            COLLECTION,
                                            List.of(queries[i % QUERIES]),
                                            SearchQuery.nearest(K));
                        }
                    }
                });
    }

    /** What was written, made again. */
    private final class Generated implements RowReader {
        @Override
        public int rows() {
            return settings.rows();
        }

        @Override
        public int dimension() {
            return settings.dimension();
        }

        @Override
        public void read(int row, float[] target) {
            System.arraycopy(vector(row), 0, target, 0, target.length);
        }
    }

    /** Calls, how long they took and what they found. */
    private static final class Asked {
        private static final int MOST = 1 << 22;

        private final String phase;
        private long[] nanos = new long[1 << 10];
        private int count;
        private long hits;

        Asked(String phase) {
            this.phase = phase;
        }

        void add(long took, int found) {
            if (count == MOST) {
                return;
            }
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * count);
            }
            nanos[count++] = took;
            hits += found;
        }

        Span span(int second, long tail) {
            long[] sorted = Arrays.copyOf(nanos, count);
            Arrays.sort(sorted);
            return new Span(
                    phase,
                    second,
                    tail,
                    count,
                    count == 0 ? Double.NaN : (double) hits / count / K,
                    Percentiles.of(sorted, 0.5) / 1e3,
                    Percentiles.of(sorted, 0.99) / 1e3);
        }
    }
}
