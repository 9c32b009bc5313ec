package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.data.ClusteredVectors;
import io.arbalest.benchmarks.shard.Directories;
import io.arbalest.benchmarks.shard.LocalShard;
import io.arbalest.engine.EngineOptions;
import io.arbalest.metadata.MetadataBatch;
import io.arbalest.metadata.MetadataCodec;
import io.arbalest.metadata.RocksDbEnvironment;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * What indexed fields cost: rows that a shard takes a second, memory and disk for each of them, and
 * rows that the metadata store takes by itself.
 *
 * <p>Confined to one thread.
 */
final class FieldCost {
    private static final int BATCH = 512;
    private static final int IN_FLIGHT = 4;
    private static final int SEGMENT = 65_536;
    private static final int MOST_STORE_ROWS = 100_000;
    private static final int CLUSTERS = 600;
    private static final FieldType[] TYPES = {
        FieldType.STRING,
        FieldType.LONG,
        FieldType.DOUBLE,
        FieldType.BOOLEAN,
        FieldType.STRING_ARRAY
    };

    /**
     * What one variant came to.
     *
     * @param rowsPerSecond from the first row until all are linked
     * @param acknowledgedPerSecond from the first row until all are acknowledged
     * @param processorMicros processor time of the process for a row, until all are linked and what
     *     was begun in the background has ended: other than the rate, nobody who shares the machine
     *     changes it much
     * @param storeRowsPerSecond of the metadata store alone
     * @param storeProcessorMicros processor time of the metadata store alone, with its flush
     * @param metadataBytes on disk, a point
     * @param segmentBytes on disk, a point
     * @param heapBytes more than before, a point, after a collection
     * @param residentBytes of the process more than before, a point; mapped files that are in
     *     memory are among them
     */
    record Cost(
            double rowsPerSecond,
            double acknowledgedPerSecond,
            double processorMicros,
            double storeRowsPerSecond,
            double storeProcessorMicros,
            double metadataBytes,
            double segmentBytes,
            double heapBytes,
            double residentBytes) {}

    private final int rows;
    private final int fieldCount;
    private final ClusteredVectors.Shape shape;
    private final EngineOptions options;

    FieldCost(int rows, int fieldCount, int dimension, int indexerThreads) {
        this.rows = rows;
        this.fieldCount = fieldCount;
        this.shape =
                new ClusteredVectors.Shape(
                        dimension, ClusteredVectors.Shape.latentOf(dimension), CLUSTERS, false, 42);
        this.options = EngineOptions.DEFAULT.withIndexerThreads(indexerThreads);
    }

    /** Measures with all fields indexed, or none. */
    Cost measure(boolean indexed) throws Exception {
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < fieldCount; i++) {
            fields.add(new Field("f" + i, TYPES[i % TYPES.length], indexed));
        }
        List<Cost> measured = new ArrayList<>();
        Directories.temporary(
                "arbalest-bench-fields",
                directory -> measured.add(measure(fields, store(fields, directory), directory)));
        return measured.getFirst();
    }

    private Cost measure(List<Field> fields, Store store, Path directory) throws Exception {
        Path node = directory.resolve("node");
        long heapBefore = heap();
        long residentBefore = resident();
        double acknowledged;
        double linked;
        long processor = processorNanos();
        long heap;
        long resident;
        try (LocalShard shard =
                new LocalShard(
                        node, fields, shape.dimension(), Metric.L2, HnswParams.DEFAULT, options)) {
            long begin = System.nanoTime();
            write(shard, fields);
            acknowledged = rows * 1e9 / (System.nanoTime() - begin);
            shard.awaitLinked();
            linked = rows * 1e9 / (System.nanoTime() - begin);
            heap = heap() - heapBefore;
            resident = resident() - residentBefore;
        }
        return new Cost(
                linked,
                acknowledged,
                (processorNanos() - processor) / 1e3 / rows,
                store.rowsPerSecond(),
                store.processorMicros(),
                (double) size(node, "metadata") / rows,
                (double) size(node, "segments") / rows,
                (double) heap / rows,
                (double) resident / rows);
    }

    private void write(LocalShard shard, List<Field> fields) {
        ClusteredVectors vectors = new ClusteredVectors(shape);
        SplittableRandom random = new SplittableRandom(7);
        List<CompletableFuture<?>> sent = new ArrayList<>();
        for (int from = 0; from < rows; from += BATCH) {
            int to = Math.min(rows, from + BATCH);
            List<float[]> batch = new ArrayList<>();
            List<@Nullable Object[]> metadata = new ArrayList<>();
            for (int row = from; row < to; row++) {
                float[] vector = new float[shape.dimension()];
                vectors.row(row, vector);
                batch.add(vector);
                metadata.add(values(random, fields));
            }
            sent.add(shard.write(from, batch, metadata));
            if (sent.size() == IN_FLIGHT) {
                sent.removeFirst().join();
            }
        }
        sent.forEach(CompletableFuture::join);
    }

    private static long processorNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }

    /** The metadata store when nothing else is done. */
    private record Store(double rowsPerSecond, double processorMicros) {}

    private Store store(List<Field> fields, Path directory) {
        int count = Math.min(rows, MOST_STORE_ROWS);
        CollectionDefinition definition =
                new CollectionDefinition(
                        "cost",
                        new UUID(1, 1),
                        KeyType.INT64,
                        2,
                        Metric.L2,
                        HnswParams.DEFAULT,
                        fields,
                        1,
                        1);
        SplittableRandom random = new SplittableRandom(7);
        List<@Nullable Object[]> values = new ArrayList<>();
        for (int row = 0; row < count; row++) {
            values.add(values(random, fields));
        }
        try (RocksDbEnvironment rocks = new RocksDbEnvironment();
                ShardMetadata metadata =
                        new ShardMetadata(rocks.open(directory.resolve("store")), definition)) {
            long processor = processorNanos();
            long begin = System.nanoTime();
            for (int from = 0; from < count; from += BATCH) {
                MetadataBatch batch = metadata.begin();
                int to = Math.min(count, from + BATCH);
                for (int row = from; row < to; row++) {
                    batch.upsert(
                            PointKey.of((long) row),
                            Location.ofRow(
                                    new Version(0, row + 1L, 0),
                                    row + 1L,
                                    row / SEGMENT,
                                    row % SEGMENT),
                            MetadataCodec.encode(fields, values.get(row)),
                            values.get(row));
                }
                batch.commit(to);
            }
            double perSecond = count * 1e9 / (System.nanoTime() - begin);
            metadata.flush();
            return new Store(perSecond, (processorNanos() - processor) / 1e3 / count);
        }
    }

    private static @Nullable Object[] values(SplittableRandom random, List<Field> fields) {
        @Nullable Object[] values = new @Nullable Object[fields.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(random, fields.get(i).type());
        }
        return values;
    }

    private static @Nullable Object value(SplittableRandom random, FieldType type) {
        if (random.nextInt(20) == 0) {
            return null;
        }
        return switch (type) {
            case STRING -> "value-" + random.nextInt(50);
            case LONG -> (long) random.nextInt(100_000);
            case DOUBLE -> random.nextInt(1000) / 10.0;
            case BOOLEAN -> random.nextBoolean();
            default -> List.of("tag-" + random.nextInt(30), "tag-" + random.nextInt(30));
        };
    }

    private static long heap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static long resident() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new IOException("/proc/self/status has no VmRSS");
    }

    /** Bytes of all files somewhere below a directory of this name. */
    private static long size(Path directory, String name) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            long bytes = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                for (Path part : directory.relativize(file)) {
                    if (part.toString().equals(name)) {
                        bytes += Files.size(file);
                    }
                }
            }
            return bytes;
        }
    }
}
