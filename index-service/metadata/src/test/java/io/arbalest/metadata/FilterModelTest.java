package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.Field;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.testkit.FilterCases;
import io.arbalest.testkit.RandomCases;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Filters against the plainest reading of them, over rows that come and change between. */
class FilterModelTest {
    private static final int FILTERS = 12;

    /** A shard's rows beside what they should be. */
    private static final class Case {
        private final SplittableRandom random;
        private final List<Field> fields;
        private final ShardMetadata metadata;

        /** With which rows are written: a writer may not know the newest fields. */
        private int knownFields;

        private final List<@Nullable Object[]> rows = new ArrayList<>();
        private final List<Filter> filters = new ArrayList<>();
        private final String name;
        private long sequence;

        Case(long seed, KeyValueStore store) {
            this.random = new SplittableRandom(seed);
            this.fields = new ArrayList<>(FilterCases.fields(random));
            this.knownFields = fields.size();
            this.metadata = new ShardMetadata(store, ShardMetadataTest.definition(fields));
            this.name = "seed " + seed;
            for (int i = 0; i < FILTERS; i++) {
                filters.add(FilterCases.filter(random, fields, random.nextInt(5)));
            }
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                if (random.nextInt(4) == 0) {
                    addField();
                }
                write();
                for (Filter filter : filters) {
                    if (random.nextInt(3) == 0) {
                        check(filter);
                    }
                }
                filters.set(
                        random.nextInt(FILTERS),
                        FilterCases.filter(random, fields, random.nextInt(5)));
            }
            filters.forEach(this::check);
        }

        private void addField() {
            fields.add(FilterCases.fieldToAdd(random, fields));
            metadata.addFields(ShardMetadataTest.definition(fields));
            rows.replaceAll(row -> MetadataCodec.withDefaults(fields, row));
        }

        private void write() {
            knownFields = random.nextInt(knownFields, fields.size() + 1);
            List<Field> known = fields.subList(0, knownFields);
            MetadataBatch batch = metadata.begin();
            for (int count = random.nextInt(200); count >= 0; count--) {
                sequence++;
                Version version = new Version(0, sequence, 0);
                boolean update = !rows.isEmpty() && random.nextInt(3) == 0;
                int ordinal = update ? random.nextInt(rows.size()) : rows.size();
                PointKey key = PointKey.of("k" + ordinal);
                Location location = Location.ofRow(version, sequence, 0, ordinal);
                @Nullable Object[] values = FilterCases.values(random, known);
                if (update) {
                    @Nullable Object[] before = rows.get(ordinal);
                    for (int i = 0; i < values.length; i++) {
                        values[i] = random.nextBoolean() ? before[i] : values[i];
                    }
                    batch.update(key, location, MetadataCodec.encode(known, values), values);
                    rows.set(ordinal, MetadataCodec.withDefaults(fields, values));
                } else {
                    batch.upsert(key, location, MetadataCodec.encode(known, values), values);
                    rows.add(MetadataCodec.withDefaults(fields, values));
                }
            }
            batch.commit(sequence);
        }

        private void check(Filter filter) {
            MatchingRows matching = metadata.matching(filter, 0);
            int count = 0;
            for (int ordinal = 0; ordinal < rows.size(); ordinal++) {
                boolean expected =
                        Boolean.TRUE.equals(FilterCases.holds(filter, fields, rows.get(ordinal)));
                count += expected ? 1 : 0;
                assertThat(metadata.row(0, ordinal).values())
                        .as("%s: row %d", name, ordinal)
                        .isEqualTo(rows.get(ordinal));
                if (matching.contains(ordinal) != expected) {
                    assertThat(matching.contains(ordinal))
                            .as("%s: %s of %s", name, filter, List.of(rows.get(ordinal)))
                            .isEqualTo(expected);
                }
            }
            assertThat(matching.cardinality()).as(name).isEqualTo(count);
            int found = 0;
            for (int ordinal = matching.next(0, rows.size());
                    ordinal < rows.size();
                    ordinal = matching.next(ordinal + 1, rows.size())) {
                assertThat(matching.contains(ordinal)).isTrue();
                found++;
            }
            assertThat(found).as(name).isEqualTo(count);
        }
    }

    @Test
    void filtersMeanWhatTheySay() {
        RandomCases.run(40, (_, seed) -> new Case(seed, new InMemoryStore()).run(20));
    }

    @Test
    void filtersMeanWhatTheySayInRocksDb(@TempDir Path directory) {
        try (RocksDbEnvironment environment = new RocksDbEnvironment()) {
            RandomCases.run(
                    3,
                    (_, seed) ->
                            new Case(seed, environment.open(directory.resolve("s" + seed)))
                                    .run(40));
        }
    }
}
