package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.OrdinalSet;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

class ShardMetadataTest {
    private static final List<Field> FIELDS =
            List.of(
                    new Field("section", FieldType.STRING),
                    new Field("size", FieldType.LONG),
                    new Field("price", FieldType.DOUBLE),
                    new Field("essential", FieldType.BOOLEAN),
                    new Field("built", FieldType.TIMESTAMP),
                    new Field("tags", FieldType.STRING_ARRAY),
                    new Field("summary", FieldType.STRING, false));

    static CollectionDefinition definition(List<Field> fields) {
        return new CollectionDefinition(
                "packages",
                new UUID(1, 2),
                KeyType.STRING,
                8,
                Metric.IP,
                HnswParams.DEFAULT,
                fields,
                1,
                1);
    }

    private static Version version(long number) {
        return new Version(0, number, 0);
    }

    private static void upsert(
            MetadataBatch batch,
            String key,
            long sequence,
            int segment,
            int ordinal,
            @Nullable Object... values) {
        @Nullable Object[] all = new @Nullable Object[FIELDS.size()];
        System.arraycopy(values, 0, all, 0, values.length);
        batch.upsert(
                PointKey.of(key),
                Location.ofRow(version(sequence), sequence, segment, ordinal),
                MetadataCodec.encode(FIELDS, all),
                all);
    }

    private static List<Integer> members(OrdinalSet set, int rows) {
        return IntStream.range(0, rows).filter(set::contains).boxed().toList();
    }

    @Test
    void findsWhatWasCommittedAndFiltersIt() {
        try (ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition(FIELDS))) {
            MetadataBatch batch = metadata.begin();
            upsert(
                    batch,
                    "a",
                    1,
                    0,
                    0,
                    "net",
                    10L,
                    1.5,
                    true,
                    Instant.EPOCH,
                    List.of("x"),
                    "first");
            upsert(batch, "b", 2, 0, 1, "net", 20L, -0.0, false);
            upsert(batch, "c", 3, 0, 2, "sound", 10L);
            assertThat(batch.locate(PointKey.of("b")))
                    .isEqualTo(Location.ofRow(version(2), 2, 0, 1));
            assertThat(metadata.locate(PointKey.of("b"))).isNull();
            batch.commit(3);

            assertThat(metadata.appliedSequenceNumber()).isEqualTo(3);
            assertThat(metadata.livePoints()).isEqualTo(3);
            assertThat(metadata.row(0, 1).key()).isEqualTo(PointKey.of("b"));
            assertThat(metadata.row(0, 2).values())
                    .containsExactly("sound", 10L, null, null, null, null, null);
            assertThat(metadata.rows(0, new int[] {2, 0}))
                    .extracting(ShardMetadata.Row::key)
                    .containsExactly(PointKey.of("c"), PointKey.of("a"));
            assertThat(metadata.locateAll(List.of(PointKey.of("z"), PointKey.of("c"))))
                    .containsExactly(null, Location.ofRow(version(3), 3, 0, 2));

            assertThat(matching(metadata, "section", "net")).containsExactly(0, 1);
            assertThat(matching(metadata, "size", 10L)).containsExactly(0, 2);
            assertThat(matching(metadata, "price", 0.0)).containsExactly(1);
            assertThat(matching(metadata, "price", 0L)).containsExactly(1);
            assertThat(matching(metadata, "essential", false)).containsExactly(1);
            assertThat(matching(metadata, "built", Instant.EPOCH)).containsExactly(0);
            assertThat(matching(metadata, "section", "none")).isEmpty();
            Filter both =
                    new Filter.And(
                            List.of(
                                    new Filter.Equal("section", "net"),
                                    new Filter.Equal("size", 10L)));
            assertThat(members(metadata.matching(both, 0), 10)).containsExactly(0);
            assertThat(metadata.matching(both, 0).cardinality()).isEqualTo(1);
            assertThat(metadata.matching(new Filter.Equal("section", "net"), 0).cardinality())
                    .isEqualTo(2);
            assertThat(metadata.matching(both, 7).cardinality()).isZero();
        }
    }

    private static List<Integer> matching(ShardMetadata metadata, String field, Object value) {
        return members(metadata.matching(new Filter.Equal(field, value), 0), 200_000);
    }

    @Test
    void countsLivePointsAndTombstonesAcrossReplacements() {
        InMemoryStore store = new InMemoryStore();
        try (ShardMetadata metadata = new ShardMetadata(store, definition(FIELDS))) {
            MetadataBatch batch = metadata.begin();
            upsert(batch, "a", 1, 0, 0, "net");
            upsert(batch, "a", 2, 0, 1, "net");
            upsert(batch, "b", 3, 0, 2, "net");
            batch.delete(PointKey.of("b"), Location.ofTombstone(version(4), 4), 4);
            batch.delete(PointKey.of("never"), Location.ofTombstone(version(5), 5), 5);
            batch.commit(5);
            assertThat(metadata.livePoints()).isEqualTo(1);
            assertThat(metadata.tombstones()).isEqualTo(2);

            MetadataBatch next = metadata.begin();
            upsert(next, "b", 6, 0, 3, "net");
            next.delete(PointKey.of("a"), Location.ofTombstone(version(7), 7), 7);
            next.commit(7);
            assertThat(metadata.livePoints()).isEqualTo(1);
            assertThat(metadata.tombstones()).isEqualTo(2);
            assertThat(metadata.locate(PointKey.of("a")))
                    .isEqualTo(Location.ofTombstone(version(7), 7));
            metadata.flush();

            ShardMetadata reopened = new ShardMetadata(store.afterCrash(), definition(FIELDS));
            assertThat(reopened.livePoints()).isEqualTo(1);
            assertThat(reopened.tombstones()).isEqualTo(2);
            assertThat(reopened.appliedSequenceNumber()).isEqualTo(7);
        }
    }

    @Test
    void forgetsABatchThatWasNotCommitted() {
        try (ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition(FIELDS))) {
            MetadataBatch first = metadata.begin();
            upsert(first, "a", 1, 0, 0, "net");
            first.commit(1);
            upsert(metadata.begin(), "b", 2, 0, 1, "net");
            MetadataBatch third = metadata.begin();
            upsert(third, "c", 2, 0, 2, "net");
            third.commit(2);
            assertThat(matching(metadata, "section", "net")).containsExactly(0, 2);
            assertThat(metadata.locate(PointKey.of("b"))).isNull();
        }
    }

    @Test
    void standsAtTheFlushedSequenceNumberAfterACrash() {
        InMemoryStore store = new InMemoryStore();
        ShardMetadata metadata = new ShardMetadata(store, definition(FIELDS));
        MetadataBatch batch = metadata.begin();
        upsert(batch, "a", 1, 0, 0, "net");
        batch.commit(1);
        metadata.flush();
        MetadataBatch lost = metadata.begin();
        upsert(lost, "b", 2, 0, 1, "net");
        lost.commit(2);
        assertThat(metadata.durableSequenceNumber()).isEqualTo(1);

        ShardMetadata survivor = new ShardMetadata(store.afterCrash(), definition(FIELDS));
        assertThat(survivor.appliedSequenceNumber()).isEqualTo(1);
        assertThat(matching(survivor, "section", "net")).containsExactly(0);
        MetadataBatch replayed = survivor.begin();
        upsert(replayed, "b", 2, 0, 1, "net");
        replayed.commit(2);
        assertThat(matching(survivor, "section", "net")).containsExactly(0, 1);
    }

    @Test
    void keepsBlocksOfPostingsApart() {
        try (ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition(FIELDS))) {
            int[] ordinals = {0, 1, 65_535, 65_536, 65_537, 131_072};
            for (int ordinal : ordinals) {
                MetadataBatch batch = metadata.begin();
                upsert(batch, "k" + ordinal, ordinal + 1, 0, ordinal, "net", (long) ordinal);
                batch.commit(ordinal + 1);
            }
            assertThat(matching(metadata, "section", "net"))
                    .containsExactly(0, 1, 65_535, 65_536, 65_537, 131_072);
            assertThat(metadata.matching(new Filter.Equal("section", "net"), 0).cardinality())
                    .isEqualTo(6);
            assertThat(matching(metadata, "size", 65_537L)).containsExactly(65_537);
        }
    }

    @Test
    void tellsLongTextsApart() {
        String head = "x".repeat(300);
        try (ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition(FIELDS))) {
            MetadataBatch batch = metadata.begin();
            upsert(batch, "a", 1, 0, 0, head + "1");
            upsert(batch, "b", 2, 0, 1, head + "2");
            upsert(batch, "c", 3, 0, 2, "y".repeat(256));
            batch.commit(3);
            assertThat(matching(metadata, "section", head + "1")).containsExactly(0);
            assertThat(matching(metadata, "section", head + "2")).containsExactly(1);
            assertThat(matching(metadata, "section", head)).isEmpty();
            assertThat(matching(metadata, "section", "y".repeat(256))).containsExactly(2);
        }
    }

    @Test
    void refusesFiltersThatCannotBeAnswered() {
        try (ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition(FIELDS))) {
            assertRefused(
                    metadata,
                    new Filter.Equal("sektion", "net"),
                    ErrorCode.UNKNOWN_FIELD,
                    "section");
            assertRefused(
                    metadata,
                    new Filter.Equal("summary", "x"),
                    ErrorCode.FIELD_NOT_INDEXED,
                    "not indexed");
            assertRefused(
                    metadata,
                    new Filter.Equal("tags", "x"),
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "array");
            assertRefused(
                    metadata,
                    new Filter.Contains("size", 1L),
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "contains");
            assertRefused(
                    metadata,
                    new Filter.Equal("size", "10"),
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "LONG");
            assertRefused(
                    metadata,
                    new Filter.Equal("size", 1.0),
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "LONG");
            assertRefused(
                    metadata,
                    new Filter.Compare("price", Filter.Order.LESS, "1"),
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "DOUBLE");
        }
    }

    private static void assertRefused(
            ShardMetadata metadata, Filter filter, ErrorCode code, String saying) {
        assertThatThrownBy(() -> metadata.matching(filter, 0))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(saying);
        assertThatThrownBy(() -> metadata.matching(filter, 0).cardinality())
                .isInstanceOf(ArbalestException.class);
    }

    @Test
    void matchesNoDoubleForALongThatNoneEquals() {
        try (ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition(FIELDS))) {
            MetadataBatch batch = metadata.begin();
            upsert(batch, "a", 1, 0, 0, null, null, 0x1p53);
            upsert(batch, "b", 2, 0, 1, null, null, 0x1p63);
            upsert(batch, "c", 3, 0, 2, null, null, Double.NaN);
            batch.commit(3);
            assertThat(matching(metadata, "price", 1L << 53)).containsExactly(0);
            assertThat(matching(metadata, "price", (1L << 53) + 1)).isEmpty();
            assertThat(matching(metadata, "price", Long.MAX_VALUE)).isEmpty();
        }
    }

    @Test
    void acceptsFieldsAddedAtTheEndAndNothingElse() {
        InMemoryStore store = new InMemoryStore();
        ShardMetadata before = new ShardMetadata(store, definition(FIELDS.subList(0, 2)));
        MetadataBatch batch = before.begin();
        @Nullable Object[] values = {"net", 1L};
        batch.upsert(
                PointKey.of("a"),
                Location.ofRow(version(1), 1, 0, 0),
                MetadataCodec.encode(FIELDS.subList(0, 2), values),
                values);
        batch.commit(1);
        before.flush();

        ShardMetadata after = new ShardMetadata(store.afterCrash(), definition(FIELDS));
        assertThat(after.row(0, 0).values())
                .containsExactly("net", 1L, null, null, null, null, null);
        assertThat(members(after.matching(new Filter.IsNull("price"), 0), 10)).containsExactly(0);
        assertThat(members(after.matching(new Filter.IsNull("tags"), 0), 10)).containsExactly(0);
        assertThat(members(after.matching(new Filter.IsNull("size"), 0), 10)).isEmpty();
        List<Field> other = new ArrayList<>(FIELDS);
        other.set(0, new Field("section", FieldType.LONG));
        assertThatThrownBy(() -> new ShardMetadata(store.afterCrash(), definition(other)))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH));
    }

    @Test
    void rowsThatEndedAreKnownBySequenceNumber() {
        try (ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition(FIELDS))) {
            MetadataBatch batch = metadata.begin();
            upsert(batch, "a", 1, 3, 0, "net");
            upsert(batch, "b", 2, 3, 1, "net");
            upsert(batch, "a", 3, 4, 0, "net");
            batch.delete(PointKey.of("b"), Location.ofTombstone(version(5), 5), 5);
            batch.commit(5);
            List<String> ended = new ArrayList<>();
            metadata.scanEnded(3, (row, at) -> ended.add(row + " at " + at));
            assertThat(ended).containsExactly("0 at 3", "1 at 5");
            List<String> rows = new ArrayList<>();
            metadata.scanRows(3, (row, at) -> rows.add(row + " from " + at));
            assertThat(rows).containsExactly("0 from 1", "1 from 2");
            assertThat(metadata.rowsBySegment()).containsEntry(3, 2).containsEntry(4, 1);
        }
    }

    @Test
    void aPurgeForgetsTombstonesAndRaisesTheHorizon() {
        InMemoryStore store = new InMemoryStore();
        try (ShardMetadata metadata = new ShardMetadata(store, definition(FIELDS))) {
            MetadataBatch batch = metadata.begin();
            batch.delete(PointKey.of("a"), Location.ofTombstone(version(9), 1), 100);
            batch.delete(PointKey.of("b"), Location.ofTombstone(version(4), 2), 200);
            batch.delete(PointKey.of("c"), Location.ofTombstone(version(8), 3), 300);
            batch.commit(3);
            MetadataBatch next = metadata.begin();
            upsert(next, "a", 20, 0, 0, "net"); // so its tombstone is gone already
            next.commit(20);
            assertThat(metadata.oldestTombstones(10))
                    .extracting(ShardMetadata.Tombstone::wallMillis)
                    .containsExactly(200L, 300L);
            MetadataBatch purge = metadata.begin();
            assertThat(purge.purge(2)).isEqualTo(1);
            purge.commit(21);
            assertThat(metadata.locate(PointKey.of("b"))).isNull();
            assertThat(metadata.locate(PointKey.of("c"))).isNotNull();
            assertThat(metadata.tombstones()).isEqualTo(1);
            assertThat(metadata.horizon()).isEqualTo(version(4));
            metadata.flush();
            try (ShardMetadata reopened =
                    new ShardMetadata(store.afterCrash(), definition(FIELDS))) {
                assertThat(reopened.horizon()).isEqualTo(version(4));
            }
        }
    }

    @Test
    void whoeverReadsWhileRowsAreChangedInPlaceIsToldSo() {
        WatchedStore store = new WatchedStore();
        try (ShardMetadata metadata = new ShardMetadata(store, definition(FIELDS))) {
            MetadataBatch batch = metadata.begin();
            upsert(batch, "a", 1, 0, 0, "net");
            batch.commit(1);
            MetadataBatch rows = metadata.begin();
            long before = metadata.updates();
            upsert(rows, "b", 2, 0, 1, "net");
            rows.commit(2);
            assertThat(metadata.changedSince(before)).as("a new row").isFalse();
            MetadataBatch change = metadata.begin();
            @Nullable Object[] values = {"doc", null, null, null, null, null, null};
            change.update(
                    PointKey.of("a"),
                    Location.ofRow(version(3), 3, 0, 0),
                    MetadataCodec.encode(FIELDS, values),
                    values);
            store.full = true;
            for (int attempt = 0; attempt < 2; attempt++) {
                long waiting = metadata.updates();
                assertThat(metadata.changedSince(waiting)).as("while it waits").isFalse();
                assertThatThrownBy(() -> change.commit(3)).hasMessageContaining("full");
                assertThat(metadata.changedSince(waiting)).as("was tried").isTrue();
            }
            store.full = false;
            long last = metadata.updates();
            long[] during = new long[1];
            store.written = () -> during[0] = metadata.updates();
            change.commit(3);
            assertThat(metadata.changedSince(before)).isTrue();
            assertThat(metadata.changedSince(last)).as("read before").isTrue();
            assertThat(metadata.changedSince(during[0])).as("read in between").isTrue();
            assertThat(metadata.changedSince(metadata.updates())).isFalse();
        }
    }

    /** A store that can be full, and tells when something was written. */
    private static final class WatchedStore extends InMemoryStore {
        private boolean full;
        private Runnable written = () -> {};

        @Override
        public synchronized void write(List<Change> changes) {
            if (full) {
                throw new ArbalestException(ErrorCode.DISK_FULL, "full", "free some space");
            }
            super.write(changes);
            written.run();
        }
    }
}
