package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.testkit.FilterCases;
import io.arbalest.testkit.RandomCases;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A store in which an earlier release posted numbers gets its columns when it is opened. */
class StoredSchemaTest {
    private static final List<Field> FIELDS =
            List.of(
                    new Field("size", FieldType.LONG),
                    new Field("price", FieldType.DOUBLE),
                    new Field("built", FieldType.TIMESTAMP),
                    new Field("stored", FieldType.LONG, false),
                    new Field("sizes", FieldType.LONG_ARRAY));
    private static final List<Field> INDEXED = FIELDS.stream().filter(Field::indexed).toList();
    private static final CollectionDefinition DEFINITION = ShardMetadataTest.definition(FIELDS);
    private static final int SEGMENT_ROWS = 300;

    @Test
    void postedNumbersBecomeColumns() {
        RandomCases.run(
                20,
                (cases, seed) -> {
                    SplittableRandom random = new SplittableRandom(cases.nextLong());
                    KeyValueStore store = new InMemoryStore();
                    List<@Nullable Object[]> rows = fill(store, random);
                    // where the making of columns was stopped, some of the fields have theirs
                    for (int position = random.nextInt(2); position < 3; position++) {
                        postNumbers(store, position, rows);
                    }
                    byte[] before = {1, MetadataFormat.POSTED_WITH_NUMBERS};
                    store.write(List.of(new Change(Family.STATE, MetadataFormat.POSTED, before)));

                    ShardMetadata opened = new ShardMetadata(store, DEFINITION);
                    assertThat(store.get(Family.STATE, MetadataFormat.POSTED))
                            .isEqualTo(MetadataFormat.posted());
                    for (int position = 0; position < 3; position++) {
                        for (int segment = 0; segment < 2; segment++) {
                            byte[] prefix = MetadataFormat.postingPrefix(position, segment);
                            store.scan(
                                    Family.POSTINGS,
                                    prefix,
                                    (key, _) -> {
                                        throw new AssertionError(seed + ": still posted");
                                    });
                        }
                    }
                    for (int i = 0; i < 50; i++) {
                        check(opened, FilterCases.filter(random, INDEXED, 2), rows, seed);
                    }
                });
    }

    private static List<@Nullable Object[]> fill(KeyValueStore store, SplittableRandom random) {
        ShardMetadata metadata = new ShardMetadata(store, DEFINITION);
        List<@Nullable Object[]> rows = new ArrayList<>();
        int count = random.nextInt(1, 2 * SEGMENT_ROWS);
        MetadataBatch batch = metadata.begin();
        for (int row = 0; row < count; row++) {
            @Nullable Object[] values = FilterCases.values(random, FIELDS);
            batch.upsert(
                    PointKey.of("k" + row),
                    Location.ofRow(
                            new Version(0, row + 1, 0),
                            row + 1,
                            row / SEGMENT_ROWS,
                            row % SEGMENT_ROWS),
                    MetadataCodec.encode(FIELDS, values),
                    values);
            rows.add(values);
        }
        batch.commit(count);
        return rows;
    }

    /** Puts the postings of layout 2 in the place of a field's columns. */
    private static void postNumbers(
            KeyValueStore store, int position, List<@Nullable Object[]> rows) {
        Field field = FIELDS.get(position);
        Map<byte[], RoaringBitmap> postings = new TreeMap<>(Arrays::compareUnsigned);
        for (int row = 0; row < rows.size(); row++) {
            Object value = rows.get(row)[position];
            byte[] term = value == null ? null : Terms.ofValue(field, value);
            if (term != null) {
                byte[] key = MetadataFormat.postingKey(position, row / SEGMENT_ROWS, 0, term);
                postings.computeIfAbsent(key, _ -> new RoaringBitmap()).add(row % SEGMENT_ROWS);
            }
        }
        List<Change> changes = new ArrayList<>();
        postings.forEach((key, posting) ->
                changes.add(new Change(Family.POSTINGS, key, MetadataFormat.posting(posting))));
        for (int segment = 0; segment < 2; segment++) {
            store.scan(
                    Family.COLUMNS,
                    ColumnFormat.prefix(position, segment),
                    (key, _) -> changes.add(new Change(Family.COLUMNS, key, null)));
        }
        store.write(changes);
    }

    private static void check(
            ShardMetadata metadata, Filter filter, List<@Nullable Object[]> rows, long seed) {
        for (int row = 0; row < rows.size(); row++) {
            boolean expected =
                    Boolean.TRUE.equals(FilterCases.holds(filter, FIELDS, rows.get(row)));
            assertThat(metadata.matching(filter, row / SEGMENT_ROWS).contains(row % SEGMENT_ROWS))
                    .as("seed %d: row %d, %s", seed, row, filter)
                    .isEqualTo(expected);
        }
    }

    @Test
    void otherLayoutsAreRefused() {
        for (byte layout : new byte[] {1, MetadataFormat.POSTED_LAYOUT + 1}) {
            KeyValueStore store = new InMemoryStore();
            ShardMetadata _ = new ShardMetadata(store, DEFINITION);
            byte[] other = {1, layout};
            store.write(List.of(new Change(Family.STATE, MetadataFormat.POSTED, other)));
            assertThatThrownBy(() -> new ShardMetadata(store, DEFINITION))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e ->
                                    assertThat(e.code())
                                            .isEqualTo(ErrorCode.UNSUPPORTED_FORMAT_VERSION));
        }
    }
}
