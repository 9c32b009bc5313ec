package io.arbalest.engine;

import io.arbalest.metadata.InMemoryStore;
import io.arbalest.metadata.KeyValueStore;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.BiPredicate;

/** A store whose writes fail from a moment on. */
final class FailingStore implements KeyValueStore {
    private final InMemoryStore store = new InMemoryStore();
    private boolean failing;

    void fail() {
        failing = true;
    }

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
        if (failing) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED, "the store cannot be written", "free some space");
        }
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
