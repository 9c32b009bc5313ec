package io.arbalest.benchmarks.get;

import io.arbalest.benchmarks.report.Percentiles;
import io.arbalest.benchmarks.shard.LocalNode;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Gets random points from a node that this starts, with the Java client, one call after the other.
 * Numbers of keys take turns after {@value #BLOCK} calls each, in an order drawn anew for every
 * round. What is asked in the first seconds, while the node still seals what was written, is not
 * counted. Every answer is compared with what was written.
 *
 * <p>Confined to one thread.
 */
final class GetBench {
    /** Fields of a point. */
    static final int FIELDS = 5;

    /** Calls between turns. */
    static final int BLOCK = 250;

    private static final long WARM_NANOS = 10_000_000_000L;
    private static final String COLLECTION = "get";

    /** One number of keys; times in microseconds. */
    record Row(int keys, int calls, double keysPerSecond, double p50, double p99, double p999) {}

    private final int rows;
    private final int dimension;
    private final List<Integer> keyCounts;
    private final int rounds;
    private final ArbalestClient.GetOptions options;
    private final List<String> wanted;
    private final Consumer<String> progress;
    private final SplittableRandom random = new SplittableRandom(7);

    GetBench(
            int rows,
            int dimension,
            List<Integer> keyCounts,
            int calls,
            int fields,
            boolean vector,
            Consumer<String> progress) {
        this.rows = rows;
        this.dimension = dimension;
        this.keyCounts = keyCounts;
        this.rounds = Math.max(1, calls / BLOCK);
        this.wanted = names().subList(0, fields);
        this.options =
                new ArbalestClient.GetOptions(
                        wanted, vector, Optional.empty(), Duration.ofSeconds(10));
        this.progress = progress;
    }

    private static List<String> names() {
        return List.of("title", "year", "price", "public", "tags");
    }

    /** Starts, fills, measures, and stops the node. */
    List<Row> run(Path directory) throws Exception {
        try (LocalNode node = LocalNode.start(directory);
                ArbalestClient client = ArbalestClient.connect(List.of(node.endpoint()))) {
            fill(client);
            long[][] nanos = new long[keyCounts.size()][rounds * BLOCK];
            List<Integer> turns = new ArrayList<>();
            for (int i = 0; i < keyCounts.size(); i++) {
                turns.add(i);
            }
            Random order = new Random(7);
            long warm = System.nanoTime() + WARM_NANOS;
            for (int round = -1; round < rounds; round++) {
                if (round == 0 && System.nanoTime() < warm) {
                    round = -1;
                }
                Collections.shuffle(turns, order);
                for (int turn : turns) {
                    for (int call = 0; call < BLOCK; call++) {
                        long took = ask(client, keyCounts.get(turn));
                        if (round >= 0) {
                            nanos[turn][round * BLOCK + call] = took;
                        }
                    }
                }
            }
            List<Row> measured = new ArrayList<>();
            for (int i = 0; i < nanos.length; i++) {
                measured.add(row(keyCounts.get(i), nanos[i]));
            }
            return measured;
        }
    }

    private static Row row(int keys, long[] nanos) {
        double seconds = Arrays.stream(nanos).sum() / 1e9;
        Arrays.sort(nanos);
        return new Row(
                keys,
                nanos.length,
                (double) keys * nanos.length / seconds,
                Percentiles.of(nanos, 0.5) / 1e3,
                Percentiles.of(nanos, 0.99) / 1e3,
                Percentiles.of(nanos, 0.999) / 1e3);
    }

    private void fill(ArbalestClient client) throws Exception {
        long begin = System.nanoTime();
        client.createCollection(
                new CollectionDefinition(
                        COLLECTION,
                        new UUID(0, 1),
                        KeyType.INT64,
                        dimension,
                        Metric.L2,
                        HnswParams.DEFAULT,
                        List.of(
                                new Field("title", FieldType.STRING),
                                new Field("year", FieldType.LONG),
                                new Field("price", FieldType.DOUBLE),
                                new Field("public", FieldType.BOOLEAN),
                                new Field("tags", FieldType.STRING_ARRAY)),
                        1,
                        1),
                true);
        try (PointWriter writer =
                client.openWriter(
                        COLLECTION,
                        WriterOptions.DEFAULT,
                        (point, error) -> {
                            throw error;
                        })) {
            for (long key = 0; key < rows; key++) {
                writer.write(Point.upsert(PointKey.of(key), vector(key), metadata(key), null));
            }
            writer.flush().join();
        }
        while (client.shardReports(COLLECTION).stream().anyMatch(r -> r.tailPoints() > 0)) {
            Thread.sleep(50);
        }
        progress.accept(
                rows
                        + " points written and linked in "
                        + (System.nanoTime() - begin) / 1_000_000
                        + " ms");
    }

    private float[] vector(long key) {
        SplittableRandom elements = new SplittableRandom(key);
        float[] vector = new float[dimension];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) elements.nextGaussian();
        }
        return vector;
    }

    private static Map<String, Object> metadata(long key) {
        return Map.of(
                "title",
                "the title of point " + key,
                "year",
                1900 + key % 120,
                "price",
                key / 8.0,
                "public",
                key % 2 == 0,
                "tags",
                List.of("tag-" + key % 30, "tag-" + key % 7));
    }

    private long ask(ArbalestClient client, int count) {
        List<PointKey> keys = new ArrayList<>(count);
        long[] expected = random.longs(count, 0, rows).distinct().toArray();
        for (long key : expected) {
            keys.add(PointKey.of(key));
        }
        long begin = System.nanoTime();
        Map<PointKey, Hit> hits = client.get(COLLECTION, keys, options);
        long nanos = System.nanoTime() - begin;
        for (long key : expected) {
            Hit hit = hits.get(PointKey.of(key));
            if (hit == null || !right(hit, metadata(key))) {
                throw new IllegalStateException("key " + key + " has " + hit);
            }
        }
        return nanos;
    }

    private boolean right(Hit hit, Map<String, Object> written) {
        boolean right = hit.metadata().size() == wanted.size();
        for (String field : wanted) {
            right &= Objects.equals(written.get(field), hit.metadata().get(field));
        }
        return right && (hit.vector() != null) == options.includeVector();
    }
}
