package io.arbalest.benchmarks.filters;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.engine.EngineOptions;
import io.arbalest.engine.Env;
import io.arbalest.engine.NodeEngine;
import io.arbalest.engine.ReplicaTransport;
import io.arbalest.engine.RowBatch;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.SegmentPlan;
import io.arbalest.engine.Shard;
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
final class FilteredShard implements AutoCloseable {
    private static final int SETTLE_MILLIS = 50;
    private static final UUID INCARNATION = new UUID(1, 1);
    private static final String NAME = "bench";
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final CollectionDefinition definition;
    private final RocksDbEnvironment rocks = new RocksDbEnvironment();
    private final SystemScheduler scheduler = new SystemScheduler();
    private final NodeEngine engine;
    private final Shard shard;

    /**
     * Opens it.
     *
     * @param segmentRows rows after which a segment is sealed
     */
    FilteredShard(
            Path directory,
            List<Field> fields,
            int dimension,
            Metric metric,
            HnswParams hnsw,
            int segmentRows)
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
                        Metrics.NONE);
        this.engine =
                new NodeEngine(
                        "n0",
                        directory,
                        EngineOptions.DEFAULT
                                .withIndexerThreads(2)
                                .withGrowingSegmentRows(segmentRows),
                        env);
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

    Shard shard() {
        return shard;
    }

    /** Writes upserts. */
    CompletableFuture<WriteResult> write(
            long firstKey, List<float[]> vectors, List<@Nullable Object[]> metadata) {
        return write(OperationKind.UPSERT, firstKey, vectors, metadata);
    }

    private CompletableFuture<WriteResult> write(
            OperationKind kind,
            long firstKey,
            List<float[]> vectors,
            List<@Nullable Object[]> metadata) {
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
        present.set(0, kind == OperationKind.UPSERT ? rows : 0);
        return shard.write(
                0,
                new RowBatch(
                        Collections.nCopies(rows, kind),
                        keys,
                        Collections.nCopies(rows, null),
                        halves,
                        present,
                        metadata,
                        RowBatch.Writer.ANONYMOUS,
                        false));
    }

    /**
     * Waits until full segments are sealed and merged.
     *
     * @param rows that were written; the last of them filled a segment
     * @param marker a row that may be written and deleted: a segment is sealed once another one has
     *     begun
     */
    void awaitSealed(int rows, float[] marker, @Nullable Object[] metadata)
            throws InterruptedException {
        List<@Nullable Object[]> values = Collections.singletonList(metadata);
        write(OperationKind.UPSERT, rows, List.of(marker), values).join();
        write(OperationKind.DELETE, rows, List.of(new float[marker.length]), values).join();
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
        SearchSpec spec =
                new SearchSpec(
                        1,
                        0,
                        false,
                        false,
                        null,
                        Double.NEGATIVE_INFINITY,
                        List.of(),
                        false,
                        0,
                        Long.MAX_VALUE);
        return shard.search(List.of(query), spec).plans();
    }

    @Override
    public void close() {
        engine.close();
        scheduler.close();
        rocks.close();
    }
}
