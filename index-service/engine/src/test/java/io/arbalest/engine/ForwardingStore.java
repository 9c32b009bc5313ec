package io.arbalest.engine;

import io.arbalest.metadata.InMemoryStore;
import io.arbalest.metadata.KeyValueStore;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.BiPredicate;

/** A store in memory whose writes something else looks at first. */
abstract class ForwardingStore implements KeyValueStore {
    private final InMemoryStore store;

    ForwardingStore() {
        this(new InMemoryStore());
    }

    ForwardingStore(InMemoryStore store) {
        this.store = store;
    }

    /** Sees what is going to be written. */
    abstract void before(List<Change> changes);

    @Override
    public byte @Nullable [] get(Family family, byte[] key) {
        return store.get(family, key);
    }

    @Override
    public List<byte @Nullable []> multiGet(Family family, List<byte[]> keys) {
        return store.multiGet(family, keys);
    }

    @Override
    public void scan(
            Family family, byte[] prefix, byte[] from, BiPredicate<byte[], byte[]> visitor) {
        store.scan(family, prefix, from, visitor);
    }

    @Override
    public void write(List<Change> changes) {
        before(changes);
        store.write(changes);
    }

    @Override
    public void flush() {
        store.flush();
    }

    @Override
    public byte @Nullable [] getDurable(Family family, byte[] key) {
        return store.getDurable(family, key);
    }

    @Override
    public void close() {
        store.close();
    }
}
