package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiPredicate;

/**
 * A store in sorted maps, for simulations and tests. It keeps apart what was written and what would
 * survive a crash: {@link #flush()} and {@link #close()} move the one into the other, {@link
 * #afterCrash()} opens what survived.
 *
 * <p>Its size is bounded by the heap only; it is not meant for a node. One writing thread, many
 * readers; a reader may see a part of a batch that is being written. Tests of what a store does
 * wrong extend it.
 */
public class InMemoryStore implements KeyValueStore {
    private final Map<Family, ConcurrentNavigableMap<byte[], byte[]>> written = emptyFamilies();
    private final Map<Family, ConcurrentNavigableMap<byte[], byte[]>> durable = emptyFamilies();
    private final List<Change> unflushed = new ArrayList<>();
    private volatile boolean closed;

    /** An empty store. */
    public InMemoryStore() {}

    private static Map<Family, ConcurrentNavigableMap<byte[], byte[]>> emptyFamilies() {
        Map<Family, ConcurrentNavigableMap<byte[], byte[]>> families = new EnumMap<>(Family.class);
        for (Family family : Family.values()) {
            families.put(family, new ConcurrentSkipListMap<>(Arrays::compareUnsigned));
        }
        return families;
    }

    @Override
    public byte @Nullable [] get(Family family, byte[] key) {
        return map(written, family).get(key);
    }

    @Override
    public List<byte @Nullable []> multiGet(Family family, List<byte[]> keys) {
        List<byte @Nullable []> values = new ArrayList<>(keys.size());
        for (byte[] key : keys) {
            values.add(get(family, key));
        }
        return values;
    }

    @Override
    public void scan(
            Family family, byte[] prefix, byte[] from, BiPredicate<byte[], byte[]> visitor) {
        for (Map.Entry<byte[], byte[]> entry :
                map(written, family).tailMap(from, true).entrySet()) {
            byte[] key = entry.getKey();
            boolean inside =
                    key.length >= prefix.length
                            && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
            if (!inside || !visitor.test(key, entry.getValue())) {
                return;
            }
        }
    }

    @Override
    public synchronized void write(List<Change> changes) {
        apply(changes, written);
        unflushed.addAll(changes);
    }

    @Override
    public synchronized void flush() {
        apply(unflushed, durable);
        unflushed.clear();
    }

    @Override
    public byte @Nullable [] getDurable(Family family, byte[] key) {
        return map(durable, family).get(key);
    }

    /** A new store with what had been flushed, as after a crash of this one. */
    public synchronized InMemoryStore afterCrash() {
        InMemoryStore survivor = new InMemoryStore();
        for (Family family : Family.values()) {
            ConcurrentNavigableMap<byte[], byte[]> entries = requireFamily(durable, family);
            requireFamily(survivor.written, family).putAll(entries);
            requireFamily(survivor.durable, family).putAll(entries);
        }
        return survivor;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            flush();
            closed = true;
        }
    }

    private void apply(
            List<Change> changes, Map<Family, ConcurrentNavigableMap<byte[], byte[]>> target) {
        for (Change change : changes) {
            ConcurrentNavigableMap<byte[], byte[]> entries = map(target, change.family());
            byte[] value = change.value();
            if (value == null) {
                entries.remove(change.key());
            } else {
                entries.put(change.key(), value);
            }
        }
    }

    private ConcurrentNavigableMap<byte[], byte[]> map(
            Map<Family, ConcurrentNavigableMap<byte[], byte[]>> families, Family family) {
        if (closed) {
            throw new ArbalestException(ErrorCode.STORE_FAILED, "the store is closed", "");
        }
        return requireFamily(families, family);
    }

    private static ConcurrentNavigableMap<byte[], byte[]> requireFamily(
            Map<Family, ConcurrentNavigableMap<byte[], byte[]>> families, Family family) {
        ConcurrentNavigableMap<byte[], byte[]> entries = families.get(family);
        if (entries == null) {
            throw new IllegalStateException("no family " + family);
        }
        return entries;
    }
}
