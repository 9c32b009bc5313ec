package io.arbalest.benchmarks.shard;

import io.arbalest.common.Clock;
import io.arbalest.common.SystemScheduler;
import io.arbalest.engine.EngineOptions;
import io.arbalest.engine.Env;
import io.arbalest.engine.NodeEngine;
import io.arbalest.engine.ReplicaTransport;
import io.arbalest.engine.RowBatch;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.SegmentPlan;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ThreadPriorities;
import io.arbalest.engine.WriteResult;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.metadata.RocksDbEnvironment;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.HashRange;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * A collection of one shard in a node's engine, with its log and its store on disk.
 *
 * <p>Confined to the thread that made it, but for {@link #write} and searches.
 */
public final class LocalShard implements AutoCloseable {
    private static final UUID INCARNATION = new UUID(1, 1);
    private static final String NAME = "bench";
    private static final int SETTLE_MILLIS = 50;
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final CollectionDefinition definition;
    private final LatestGauges gauges = new LatestGauges();
    private final RocksDbEnvironment rocks = new RocksDbEnvironment();
    private final HeldScheduler scheduler =
            new HeldScheduler(new SystemScheduler(ThreadPriorities::enter), "merger");
    private final NodeEngine engine;
    private final Shard shard;

    /**
     * Opens a shard and waits until it serves.
     *
     * @param directory where its files go
     * @param fields of the metadata
     * @param options of the node
     */
    public LocalShard(
            Path directory,
            List<Field> fields,
            int dimension,
            Metric metric,
            HnswParams hnsw,
            EngineOptions options)
            throws InterruptedException {
        this.definition =
                new CollectionDefinition(
                        NAME, INCARNATION, KeyType.INT64, dimension, metric, hnsw, fields, 1, 1);
        Env env =
                new Env(
                        Clock.SYSTEM,
                        scheduler,
                        RandomGenerator.getDefault(),
                        new FileChannelDisk(),
                        ReplicaTransport.NONE,
                        rocks::open,
                        gauges);
        this.engine = new NodeEngine("n0", directory, options, env);
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
                                NAME,
                                new ClusterImage.Collection(definition, List.of(assignment)))));
        while (!engine.ready()) {
            Thread.sleep(1);
        }
        this.shard = engine.shard(NAME, 0).orElseThrow();
    }

    /** The shard itself, for searches. */
    public Shard shard() {
        return shard;
    }

    /** A gauge that the engine shows, by its name. */
    public double gauge(String name) {
        return gauges.value(name);
    }

    /**
     * Writes upserts of keys that follow each other.
     *
     * @param vectors elements that binary16 holds
     * @param metadata values of the fields, by row
     */
    public CompletableFuture<WriteResult> write(
            long firstKey, List<float[]> vectors, List<@Nullable Object[]> metadata) {
        int rows = vectors.size();
        byte[] bytes = new byte[2 * rows * definition.dimension()];
        MemorySegment halves = MemorySegment.ofArray(bytes);
        List<PointKey> keys = new ArrayList<>(rows);
        long offset = 0;
        for (int row = 0; row < rows; row++) {
            keys.add(PointKey.of(firstKey + row));
            for (float element : vectors.get(row)) {
                halves.set(HALF, offset, Float.floatToFloat16(element));
                offset += Short.BYTES;
            }
        }
        BitSet present = new BitSet();
        present.set(0, rows);
        return write(OperationKind.UPSERT, keys, halves, present, metadata);
    }

    /** Deletes rows. */
    public CompletableFuture<WriteResult> delete(List<Long> numbers) {
        List<PointKey> keys = numbers.stream().map(PointKey::of).toList();
        @Nullable Object[] none = new @Nullable Object[definition.fields().size()];
        return write(
                OperationKind.DELETE,
                keys,
                MemorySegment.ofArray(new byte[2 * keys.size() * definition.dimension()]),
                new BitSet(),
                Collections.nCopies(keys.size(), none));
    }

    private CompletableFuture<WriteResult> write(
            OperationKind kind,
            List<PointKey> keys,
            MemorySegment halves,
            BitSet present,
            List<@Nullable Object[]> metadata) {
        return shard.write(
                0,
                new RowBatch(
                        Collections.nCopies(keys.size(), kind),
                        keys,
                        Collections.nCopies(keys.size(), null),
                        halves,
                        present,
                        metadata,
                        RowBatch.Writer.ANONYMOUS,
                        false));
    }

    /** Lets no further segment be sealed or merged, until {@link #releaseMerges}. */
    public void holdMerges() {
        scheduler.hold();
    }

    /** Lets go on what was held. */
    public void releaseMerges() {
        scheduler.release();
    }

    /** Waits until every row is in the graph. */
    public void awaitLinked() throws InterruptedException {
        while (shard.statistics().tailPoints() > 0) {
            Thread.sleep(20);
        }
    }

    /**
     * Waits until full segments are sealed and merged.
     *
     * @param rows that were written; the last of them filled a segment
     * @param marker a row that may be written and deleted: a segment is sealed once another one has
     *     begun
     */
    public void awaitSealed(int rows, float[] marker, @Nullable Object[] metadata)
            throws InterruptedException {
        List<@Nullable Object[]> values = Collections.singletonList(metadata);
        write(rows, List.of(marker), values).join();
        delete(List.of((long) rows)).join();
        while (shard.statistics().tailPoints() > 0 || sealedRows(marker) < rows) {
            Thread.sleep(SETTLE_MILLIS);
        }
        for (long before = -1, now = segments(marker); before != now; now = segments(marker)) {
            before = now;
            Thread.sleep(10 * SETTLE_MILLIS); // a merge may follow
        }
    }

    private long sealedRows(float[] query) {
        return plans(query).stream().filter(SegmentPlan::sealed).mapToLong(SegmentPlan::rows).sum();
    }

    private long segments(float[] query) {
        return plans(query).size();
    }

    private List<SegmentPlan> plans(float[] query) {
        SearchSpec spec = SearchSpec.nearest(1, 0, null);
        return shard.search(List.of(query), spec).plans();
    }

    @Override
    public void close() {
        engine.close();
        scheduler.close();
        rocks.close();
    }
}
