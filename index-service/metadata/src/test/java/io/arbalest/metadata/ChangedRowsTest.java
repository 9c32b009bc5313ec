package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/**
 * A row that was changed in place is known as such, also after a restart, until it is forgotten.
 */
class ChangedRowsTest {
    private static final List<Field> FIELDS = List.of(new Field("size", FieldType.LONG));
    private static final CollectionDefinition DEFINITION = ShardMetadataTest.definition(FIELDS);

    private static Location location(int segment, int ordinal, long version) {
        return Location.ofRow(new Version(0, version, 0), version, segment, ordinal);
    }

    private static void upsert(MetadataBatch batch, String key, Location location) {
        @Nullable Object[] values = {location.sequenceNumber()};
        batch.upsert(PointKey.of(key), location, MetadataCodec.encode(FIELDS, values), values);
    }

    @Test
    void marksStayUntilTheRowIsForgotten() {
        InMemoryStore store = new InMemoryStore();
        ShardMetadata metadata = new ShardMetadata(store, DEFINITION);
        MetadataBatch batch = metadata.begin();
        upsert(batch, "a", location(0, 0, 1));
        upsert(batch, "b", location(0, 200, 2));
        upsert(batch, "c", location(3, 5, 3));
        batch.commit(3);
        assertThat(metadata.changedInPlace(0, 200)).isFalse();
        for (int round = 0; round < 2; round++) {
            MetadataBatch update = metadata.begin();
            @Nullable Object[] values = {9L};
            byte[] encoded = MetadataCodec.encode(FIELDS, values);
            update.update(PointKey.of("b"), location(0, 200, 4 + round), encoded, values);
            update.update(PointKey.of("c"), location(3, 5, 4 + round), encoded, values);
            assertThat(metadata.changedInPlace(0, 200)).as("not before").isEqualTo(round == 1);
            update.commit(4 + round);
            metadata.flush();
            store = store.afterCrash();
            metadata = new ShardMetadata(store, DEFINITION);
            assertThat(metadata.changedInPlace(0, 200)).isTrue();
            assertThat(metadata.changedInPlace(3, 5)).isTrue();
            assertThat(metadata.changedInPlace(0, 0)).isFalse();
            assertThat(metadata.changedInPlace(0, 100_000)).isFalse();
        }
        metadata.forgetSegment(3);
        assertThat(metadata.changedInPlace(3, 5)).isFalse();
        List<String> heads = new ArrayList<>();
        metadata.scanHeads(0, (row, key, version) -> heads.add(row + key.toString() + version));
        assertThat(heads)
                .containsExactly("0a" + new Version(0, 1, 0), "200b" + new Version(0, 5, 0));
    }
}
