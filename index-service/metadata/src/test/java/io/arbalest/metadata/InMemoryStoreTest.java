package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.metadata.KeyValueStore.Family;

import org.junit.jupiter.api.Test;

import java.util.List;

class InMemoryStoreTest extends KeyValueStoreContract {
    private InMemoryStore store = new InMemoryStore();

    @Override
    KeyValueStore store() {
        return store;
    }

    @Override
    KeyValueStore reopen() {
        store.close();
        store = store.afterCrash();
        return store;
    }

    @Test
    void losesInACrashWhatWasNotFlushed() {
        store.write(List.of(put(Family.KEYS, "01", "aa")));
        store.flush();
        store.write(List.of(put(Family.KEYS, "02", "bb")));
        InMemoryStore survivor = store.afterCrash();
        assertThat(survivor.get(Family.KEYS, hex("01"))).isEqualTo(hex("aa"));
        assertThat(survivor.get(Family.KEYS, hex("02"))).isNull();
    }
}
