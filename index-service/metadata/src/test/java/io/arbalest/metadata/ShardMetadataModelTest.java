package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Random operations on RocksDB against a model in plain collections; readers beside the applier.
 */
class ShardMetadataModelTest {
    private static final List<Field> FIELDS =
            List.of(
                    new Field("section", FieldType.STRING),
                    new Field("size", FieldType.LONG),
                    new Field("note", FieldType.STRING, false));
    private static final int SEGMENT_ROWS = 700;

    @TempDir private Path directory;

    private final RocksDbEnvironment environment = new RocksDbEnvironment(8 << 20, 8 << 20);

    @AfterEach
    void close() {
        environment.close();
    }

    private ShardMetadata open() {
        return new ShardMetadata(
                environment.open(directory.resolve("shard")), ShardMetadataTest.definition(FIELDS));
    }

    /** What the shard should hold. */
    private static final class Model {
        private final Map<PointKey, Location> locations = new HashMap<>();
        private final List<PointKey> keyOfRow = new ArrayList<>();
        private final List<@Nullable Object[]> valuesOfRow = new ArrayList<>();
    }

    private static Filter equal(String field, Object value) {
        return new Filter.Equal(field, value);
    }

    @Test
    void equalsItsModelAlsoAfterReopening() {
        long seed = KeyValueStoreContract.seed();
        Random random = new Random(seed);
        Model model = new Model();
        ShardMetadata metadata = open();
        long sequence = 0;
        for (int round = 0; round < 120; round++) {
            MetadataBatch batch = metadata.begin();
            for (int i = random.nextInt(60); i > 0; i--) {
                sequence++;
                PointKey key = PointKey.of("key-" + random.nextInt(500));
                assertThat(batch.locate(key))
                        .as("seed %d", seed)
                        .isEqualTo(model.locations.get(key));
                change(batch, model, key, sequence, random);
            }
            batch.commit(sequence);
            if (random.nextInt(10) == 0) {
                metadata.close();
                metadata = open();
            }
            assertThat(metadata.appliedSequenceNumber()).as("seed %d", seed).isEqualTo(sequence);
        }
        verify(seed, metadata, model);
        metadata.close();
        verify(seed, open(), model);
    }

    private static void change(
            MetadataBatch batch, Model model, PointKey key, long sequence, Random random) {
        Version version = new Version(0, sequence, 0);
        if (random.nextInt(4) == 0) {
            Location tombstone = Location.ofTombstone(version, sequence);
            batch.delete(key, tombstone, sequence);
            model.locations.put(key, tombstone);
            return;
        }
        int row = model.keyOfRow.size();
        Location location =
                Location.ofRow(version, sequence, row / SEGMENT_ROWS, row % SEGMENT_ROWS);
        @Nullable Object[] values = {
            random.nextInt(10) == 0 ? null : "section-" + random.nextInt(6),
            random.nextInt(10) == 0 ? null : (Long) (long) random.nextInt(300),
            "note " + sequence
        };
        batch.upsert(key, location, MetadataCodec.encode(FIELDS, values), values);
        model.locations.put(key, location);
        model.keyOfRow.add(key);
        model.valuesOfRow.add(values);
    }

    private static void verify(long seed, ShardMetadata metadata, Model model) {
        model.locations.forEach((key, location) ->
                assertThat(metadata.locate(key)).as("seed %d", seed).isEqualTo(location));
        long live = model.locations.values().stream().filter(l -> !l.tombstone()).count();
        assertThat(metadata.livePoints()).isEqualTo(live);
        assertThat(metadata.tombstones()).isEqualTo(model.locations.size() - live);
        for (int section = 0; section < 6; section++) {
            for (long size = 0; size < 300; size += 37) {
                verifyFilter(seed, metadata, model, "section-" + section, size);
            }
        }
        for (int row = 0; row < model.keyOfRow.size(); row++) {
            assertThat(metadata.row(row / SEGMENT_ROWS, row % SEGMENT_ROWS).key())
                    .isEqualTo(model.keyOfRow.get(row));
            assertThat(metadata.row(row / SEGMENT_ROWS, row % SEGMENT_ROWS).values())
                    .isEqualTo(model.valuesOfRow.get(row));
        }
    }

    private static void verifyFilter(
            long seed, ShardMetadata metadata, Model model, String section, long size) {
        int rows = model.keyOfRow.size();
        Filter both = new Filter.And(List.of(equal("section", section), equal("size", size)));
        for (int segment = 0; segment * SEGMENT_ROWS < rows; segment++) {
            OrdinalSet inSection = metadata.matching(equal("section", section), segment);
            OrdinalSet inBoth = metadata.matching(both, segment);
            long count = 0;
            for (int i = 0; i < SEGMENT_ROWS; i++) {
                int row = segment * SEGMENT_ROWS + i;
                @Nullable Object[] values =
                        row < rows ? model.valuesOfRow.get(row) : new @Nullable Object[3];
                boolean passesSection = section.equals(values[0]);
                boolean passesBoth = passesSection && ((Long) size).equals(values[1]);
                assertThat(inSection.contains(i))
                        .as("seed %d row %d", seed, row)
                        .isEqualTo(passesSection);
                assertThat(inBoth.contains(i))
                        .as("seed %d row %d", seed, row)
                        .isEqualTo(passesBoth);
                count += passesBoth ? 1 : 0;
            }
            assertThat(metadata.matching(both, segment).cardinality()).isEqualTo(count);
        }
    }

    /**
     * Rows alternate between two sections, so what a reader must see follows from the sequence
     * number it read first.
     */
    @Test
    void answersFiltersWhileTheApplierGoesOn() throws Exception {
        ShardMetadata metadata = open();
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService readers = Executors.newFixedThreadPool(2)) {
            List<Future<Long>> reads =
                    List.of(
                            readers.submit(() -> readUntil(done, metadata, 0)),
                            readers.submit(() -> readUntil(done, metadata, 1)));
            try {
                for (int first = 0; first < 20_000; first += 40) {
                    applyAlternating(metadata, first, first + 40);
                }
            } finally {
                done.set(true);
            }
            for (Future<Long> read : reads) {
                assertThat(read.get(30, TimeUnit.SECONDS)).isPositive();
            }
        }
    }

    private static void applyAlternating(ShardMetadata metadata, int first, int end) {
        MetadataBatch batch = metadata.begin();
        for (int row = first; row < end; row++) {
            @Nullable Object[] values = {"section-" + row % 2, (Long) (long) row, null};
            batch.upsert(
                    PointKey.of("key-" + row),
                    Location.ofRow(new Version(0, row, 0), row + 1, 0, row),
                    MetadataCodec.encode(FIELDS, values),
                    values);
        }
        batch.commit(end);
    }

    private static long readUntil(AtomicBoolean done, ShardMetadata metadata, int parity) {
        long reads = 0;
        do {
            int committed = (int) metadata.appliedSequenceNumber();
            OrdinalSet found = metadata.matching(equal("section", "section-" + parity), 0);
            for (int row = 0; row < committed; row++) {
                if (found.contains(row) != (row % 2 == parity)) {
                    throw new AssertionError("row " + row + " of " + committed);
                }
            }
            reads++;
        } while (!done.get());
        return reads;
    }
}
