package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.testkit.RandomCases;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Rows written lately are what the store has, whatever is written, replaced and removed. */
class RecentRowsTest {
    private static final int SEGMENTS = 3;
    private static final int ORDINALS = 3 * RecentRows.CAPACITY;

    @Test
    void whatIsReadIsWhatTheStoreHas() {
        RandomCases.run(
                20,
                (random, _) -> {
                    InMemoryStore store = new InMemoryStore();
                    RecentRows recent = new RecentRows(store);
                    for (int step = 0; step < 60; step++) {
                        List<Change> changes = new ArrayList<>();
                        for (int count = random.nextInt(200); count > 0; count--) {
                            changes.add(new Change(Family.ROWS, key(random), value(random)));
                            changes.add(new Change(Family.ENDED, key(random), new byte[] {1}));
                        }
                        store.write(changes);
                        recent.written(changes);
                        List<byte[]> keys = new ArrayList<>();
                        for (int count = random.nextInt(300); count > 0; count--) {
                            keys.add(key(random));
                        }
                        List<byte @Nullable []> expected = store.multiGet(Family.ROWS, keys);
                        List<byte @Nullable []> found = recent.read(keys);
                        assertThat(found).hasSameSizeAs(expected);
                        for (int i = 0; i < expected.size(); i++) {
                            assertThat(found.get(i)).isEqualTo(expected.get(i));
                        }
                    }
                });
    }

    /** Else nothing would be saved. */
    @Test
    void theStoreIsNotAskedForThem() {
        InMemoryStore store = new InMemoryStore();
        RecentRows recent = new RecentRows(store);
        byte[] key = MetadataFormat.rowKey(1, 7);
        recent.written(List.of(new Change(Family.ROWS, key, new byte[] {3})));
        assertThat(recent.read(List.of(key)).getFirst()).containsExactly(3);
        recent.written(List.of(new Change(Family.ROWS, key, new byte[2000])));
        assertThat(recent.read(List.of(key)).getFirst()).as("too long to be kept").isNull();
    }

    private static byte[] key(RandomGenerator random) {
        int ordinal = random.nextInt(8) == 0 ? random.nextInt(ORDINALS) : random.nextInt(100);
        return MetadataFormat.rowKey(random.nextInt(SEGMENTS), ordinal);
    }

    private static byte @Nullable [] value(RandomGenerator random) {
        int kind = random.nextInt(8);
        int length = kind == 0 ? RecentRows.MAX_ROW_BYTES + 1 : random.nextInt(1, 40);
        byte[] value = new byte[length];
        random.nextBytes(value);
        return kind == 1 ? null : value;
    }
}
