package io.arbalest.benchmarks.filters;

import io.arbalest.common.Clock;
import io.arbalest.metadata.MetadataCodec;
import io.arbalest.metadata.RocksDbEnvironment;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What twenty fields cost the metadata store: rows a second and bytes on disk for each point, with
 * all of them indexed and with none. {@code [ROWS]}, default a million.
 *
 * <p>Confined to the main thread.
 */
public final class FieldCost {
    private static final int FIELDS = 20;
    private static final int BATCH = 512;
    private static final int SEGMENT = 65_536;
    private static final FieldType[] TYPES = {
        FieldType.STRING,
        FieldType.LONG,
        FieldType.DOUBLE,
        FieldType.BOOLEAN,
        FieldType.STRING_ARRAY
    };

    private FieldCost() {}

    /** See the class. */
    public static void main(String[] args) throws Exception {
        int rows = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
        try (PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)) {
            out.println(
                    "indexed,rows,fields,rows_per_s,disk_bytes_per_point,range_cold_us,range_warm_us,"
                        + "term_cold_us");
            for (boolean indexed : new boolean[] {false, true, false, true}) {
                out.println(measure(rows, indexed));
            }
        }
    }

    private static String measure(int rows, boolean indexed) throws IOException {
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < FIELDS; i++) {
            fields.add(new Field("f" + i, TYPES[i % TYPES.length], indexed));
        }
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
        Path directory = Files.createTempDirectory("arbalest-field-cost");
        try (RocksDbEnvironment rocks = new RocksDbEnvironment();
                ShardMetadata metadata =
                        new ShardMetadata(rocks.open(directory.resolve("db")), definition)) {
            long begin = Clock.SYSTEM.monotonicNanos();
            write(metadata, fields, rows);
            double seconds = (Clock.SYSTEM.monotonicNanos() - begin) / 1e9;
            metadata.flush();
            double bytes = (double) size(directory) / rows;
            String head =
                    String.format(
                            Locale.ROOT,
                            "%b,%d,%d,%.0f,%.1f",
                            indexed,
                            rows,
                            FIELDS,
                            rows / seconds,
                            bytes);
            if (!indexed) {
                return head + ",,,";
            }
            Filter range = new Filter.Between("f1", 100L, 10_000L);
            double cold = micros(metadata, range);
            double warm = micros(metadata, new Filter.Between("f1", 101L, 10_000L));
            double term = micros(metadata, new Filter.Equal("f0", "value-7"));
            return head + String.format(Locale.ROOT, ",%.1f,%.1f,%.1f", cold, warm, term);
        } finally {
            delete(directory);
        }
    }

    private static double micros(ShardMetadata metadata, Filter filter) {
        long begin = Clock.SYSTEM.monotonicNanos();
        long found = metadata.matching(filter, 0).cardinality();
        double micros = (Clock.SYSTEM.monotonicNanos() - begin) / 1e3;
        if (found == 0) {
            throw new IllegalStateException("nothing matches " + filter);
        }
        return micros;
    }

    private static void write(ShardMetadata metadata, List<Field> fields, int rows) {
        SplittableRandom random = new SplittableRandom(7);
        for (int from = 0; from < rows; from += BATCH) {
            ShardMetadata.Batch batch = metadata.begin();
            int to = Math.min(rows, from + BATCH);
            for (int row = from; row < to; row++) {
                @Nullable Object[] values = new @Nullable Object[FIELDS];
                for (int i = 0; i < FIELDS; i++) {
                    values[i] = value(random, fields.get(i).type());
                }
                batch.upsert(
                        PointKey.of((long) row),
                        Location.ofRow(
                                new Version(0, row + 1L, 0),
                                row + 1L,
                                row / SEGMENT,
                                row % SEGMENT),
                        MetadataCodec.encode(fields, values),
                        values);
            }
            batch.commit(to);
        }
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

    private static long size(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            long bytes = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
