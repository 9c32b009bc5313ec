package io.arbalest.benchmarks;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.engine.EngineOptions;
import io.arbalest.engine.Env;
import io.arbalest.engine.NodeEngine;
import io.arbalest.engine.ReplicaTransport;
import io.arbalest.engine.RowBatch;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardStatistics;
import io.arbalest.engine.WriteResult;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.metadata.RocksDbEnvironment;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.HashRange;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;

import org.jspecify.annotations.Nullable;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * How long a shard takes from its opening to the first correct search.
 *
 * <p>{@code write DIRECTORY ROWS [DIMENSION] [M] [EF_CONSTRUCTION]} fills a shard with clustered
 * points and stops without closing it, as a killed process does. {@code open DIRECTORY ROWS
 * [DIMENSION]} opens the shard and searches for points whose nearest neighbour is known, itself; it
 * prints CSV.
 *
 * <p>Confined to the main thread.
 */
public final class RestartCheck {
    private static final UUID INCARNATION = new UUID(1, 1);
    private static final int BATCH = 512;
    private static final int IN_FLIGHT = 8;
    private static final int CLUSTERS = 1000;
    private static final int QUERIES = 100;
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path directory;
    private final int rows;
    private final CollectionDefinition definition;
    private final PrintStream out;

    private RestartCheck(String[] args, PrintStream out) {
        this.directory = Path.of(args[1]);
        this.rows = Integer.parseInt(args[2]);
        this.definition =
                new CollectionDefinition(
                        "restart",
                        INCARNATION,
                        KeyType.INT64,
                        number(args, 3, 128),
                        Metric.L2,
                        new HnswParams(number(args, 4, 16), number(args, 5, 200), 64),
                        List.of(),
                        1,
                        1);
        this.out = out;
    }

    private static int number(String[] args, int at, int fallback) {
        return args.length > at ? Integer.parseInt(args[at]) : fallback;
    }

    /** See the class. */
    public static void main(String[] args) throws Exception {
        try (PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
            RestartCheck check = new RestartCheck(args, out);
            if (args[0].equals("write")) {
                check.write();
                Runtime.getRuntime().halt(137);
            }
            check.open();
        }
    }

    private NodeEngine engine(SystemScheduler scheduler, RocksDbEnvironment rocks) {
        Env env =
                new Env(
                        Clock.SYSTEM,
                        scheduler,
                        RandomGenerator.getDefault(),
                        new FileChannelDisk(),
                        ReplicaTransport.NONE,
                        rocks::open,
                        Metrics.NONE);
        NodeEngine engine =
                new NodeEngine("n0", directory, EngineOptions.DEFAULT.withIndexerThreads(2), env);
        ShardAssignment assignment =
                new ShardAssignment(
                        new ShardId(INCARNATION, 0),
                        HashRange.ofEqualParts(0, 1),
                        1,
                        1,
                        "n0",
                        List.of("n0"),
                        List.of());
        engine.follow(
                new ClusterImage(
                        1,
                        Map.of(),
                        Map.of(
                                "restart",
                                new ClusterImage.Collection(definition, List.of(assignment)))));
        return engine;
    }

    private static Shard ready(NodeEngine engine) throws InterruptedException {
        while (!engine.ready()) {
            Thread.sleep(1);
        }
        return engine.shard("restart", 0).orElseThrow();
    }

    private void write() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            SystemScheduler scheduler = new SystemScheduler();
            Shard shard = ready(engine(scheduler, new RocksDbEnvironment()));
            Deque<CompletableFuture<WriteResult>> sent = new ArrayDeque<>();
            MemorySegment[] vectors = new MemorySegment[IN_FLIGHT + 1];
            Arrays.setAll(vectors, _ -> arena.allocate(2L * BATCH * definition.dimension()));
            for (int from = 0, i = 0; from < rows; from += BATCH, i++) {
                while (sent.size() >= IN_FLIGHT) {
                    sent.remove().join();
                }
                int count = Math.min(BATCH, rows - from);
                sent.add(shard.write(0, batch(from, count, vectors[i % vectors.length])));
                if (i % 200 == 0) {
                    System.err.println(shard.statistics());
                }
            }
            sent.forEach(CompletableFuture::join);
            ShardStatistics last = shard.statistics();
            System.err.println(last);
        }
    }

    private RowBatch batch(int from, int count, MemorySegment vectors) {
        List<PointKey> keys = new ArrayList<>(count);
        @Nullable Object[] none = new @Nullable Object[0];
        List<@Nullable Object[]> metadata = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            keys.add(PointKey.of((long) from + i));
            metadata.add(none);
            float[] vector = vector(from + i);
            for (int d = 0; d < vector.length; d++) {
                vectors.set(HALF, 2L * (i * vector.length + d), Float.floatToFloat16(vector[d]));
            }
        }
        return new RowBatch(
                Collections.nCopies(count, OperationKind.UPSERT),
                keys,
                Collections.nCopies(count, null),
                vectors.asSlice(0, 2L * count * definition.dimension()),
                metadata,
                RowBatch.Writer.ANONYMOUS,
                false);
    }

    /** A point of one of the clusters; the same for the same number. */
    private float[] vector(int number) {
        RandomGenerator random = generator(number);
        RandomGenerator center = generator(-1 - random.nextInt(CLUSTERS));
        float[] vector = new float[definition.dimension()];
        for (int d = 0; d < vector.length; d++) {
            float at = (float) center.nextGaussian() + 0.3f * (float) random.nextGaussian();
            vector[d] = Float.float16ToFloat(Float.floatToFloat16(at));
        }
        return vector;
    }

    private static RandomGenerator generator(long seed) {
        return RandomGeneratorFactory.of("SplittableRandom").create(seed);
    }

    private void open() throws Exception {
        RocksDbEnvironment rocks = new RocksDbEnvironment();
        SystemScheduler scheduler = new SystemScheduler();
        long opened = System.nanoTime();
        try (NodeEngine engine = engine(scheduler, rocks)) {
            Shard shard = ready(engine);
            double serving = (System.nanoTime() - opened) / 1e9;
            boolean first = found(shard, rows / 2);
            double searched = (System.nanoTime() - opened) / 1e9;
            int correct = 0;
            RandomGenerator random = generator(7);
            long started = System.nanoTime();
            for (int i = 0; i < QUERIES; i++) {
                correct += found(shard, random.nextInt(rows)) ? 1 : 0;
            }
            double each = (System.nanoTime() - started) / 1e6 / QUERIES;
            ShardStatistics statistics = shard.statistics();
            out.println(
                    "points,dimension,serving_s,first_search_s,first_correct,self_recall,ms_per_search,"
                        + "live_points,linked_points,tail_points,wal_mb");
            out.println(
                    String.format(
                            Locale.ROOT,
                            "%d,%d,%.2f,%.2f,%b,%.2f,%.2f,%d,%d,%d,%d",
                            rows,
                            definition.dimension(),
                            serving,
                            searched,
                            first,
                            (double) correct / QUERIES,
                            each,
                            statistics.livePoints(),
                            statistics.linkedPoints(),
                            statistics.tailPoints(),
                            statistics.walBytes() >> 20));
        } finally {
            scheduler.close();
            rocks.close();
        }
    }

    /** Whether the nearest point of a point's own vector is the point. */
    private boolean found(Shard shard, int number) {
        SearchSpec spec =
                new SearchSpec(
                        10,
                        64,
                        false,
                        false,
                        null,
                        Double.NEGATIVE_INFINITY,
                        List.of(),
                        false,
                        0,
                        Long.MAX_VALUE);
        return shard.search(List.of(vector(number)), spec)
                .rows()
                .getFirst()
                .getFirst()
                .key()
                .equals(PointKey.of((long) number));
    }
}
