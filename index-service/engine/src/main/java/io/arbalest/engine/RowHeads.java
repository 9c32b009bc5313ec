package io.arbalest.engine;

import io.arbalest.io.SectionFile;
import io.arbalest.memory.Prefetch;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keys and versions of the rows of a sealed segment, as they were when it was written, beside its
 * graph: a search reads them where it would else ask the store, which takes about a microsecond a
 * row. A key never changes; a version does when the row is {@linkplain ShardMetadata#changedInPlace
 * changed in place}, and then the store is asked.
 *
 * <pre>
 * section 102  {i64 version | i64 tiebreak | i32 generation | u32 length of the key | k}[points], little-endian
 *              k: the key in its canonical bytes, zero-padded to 8; of a longer key: u64 where it is in section 103
 * section 103  the keys of more than 8 bytes
 * </pre>
 *
 * <p>A file set of an earlier release has neither section; then the store is asked for every row.
 *
 * <p>Writing is confined to one thread; a {@link Reader} is thread-safe.
 */
final class RowHeads {
    static final int HEADS = 102;
    static final int KEYS = 103;

    private static final int HEAD_BYTES = 32;
    private static final int INLINE_BYTES = 8;
    private static final int KEY_AT = 24;
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle EIGHT_BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[][] keys;
    private final int[] generations;
    private final long[] versions;
    private final long[] tiebreaks;
    private final long longKeyBytes;

    /**
     * Reads them from the store, about {@code 60} bytes a row and its key.
     *
     * @param names of the rows, in the order in which they are written
     */
    RowHeads(ShardMetadata metadata, long[] names) {
        keys = new byte[names.length][];
        generations = new int[names.length];
        versions = new long[names.length];
        tiebreaks = new long[names.length];
        Map<Integer, int[]> placesByOrigin = new HashMap<>();
        for (int place = 0; place < names.length; place++) {
            int ordinal = RowName.ordinal(names[place]);
            int[] places =
                    placesByOrigin.computeIfAbsent(RowName.segment(names[place]), _ -> new int[0]);
            if (ordinal >= places.length) {
                places = Arrays.copyOf(places, Math.max(64, 2 * ordinal + 1));
                placesByOrigin.put(RowName.segment(names[place]), places);
            }
            places[ordinal] = place + 1;
        }
        placesByOrigin.forEach((origin, places) ->
                metadata.scanHeads(
                        origin,
                        (ordinal, key, version) -> {
                            int place = ordinal < places.length ? places[ordinal] - 1 : -1;
                            if (place >= 0) {
                                set(place, key, version);
                            }
                        }));
        long bytes = 0;
        for (int place = 0; place < keys.length; place++) {
            byte[] key = keys[place];
            if (key == null) {
                throw new ArbalestException(
                        ErrorCode.STORE_FAILED,
                        "row "
                                + RowName.ordinal(names[place])
                                + " of segment "
                                + RowName.segment(names[place])
                                + " is not in the store",
                        "restart the node; if it stays, restore the shard from a replica or a"
                                + " snapshot");
            }
            bytes += key.length > INLINE_BYTES ? key.length : 0;
        }
        longKeyBytes = bytes;
    }

    private void set(int place, PointKey key, Version version) {
        keys[place] = key.canonicalBytes();
        generations[place] = version.generation();
        versions[place] = version.version();
        tiebreaks[place] = version.tiebreak();
    }

    /** The two sections. */
    List<SectionFile.Section> sections() {
        return List.of(
                new SectionFile.Section(HEADS, (long) HEAD_BYTES * keys.length, this::writeHeads),
                new SectionFile.Section(KEYS, longKeyBytes, this::writeKeys));
    }

    private void writeHeads(MemorySegment target) {
        long longKeys = 0;
        for (int place = 0; place < keys.length; place++) {
            long at = (long) HEAD_BYTES * place;
            byte[] key = keys[place];
            target.set(LONG, at, versions[place]);
            target.set(LONG, at + 8, tiebreaks[place]);
            target.set(INT, at + 16, generations[place]);
            target.set(INT, at + 20, key.length);
            if (key.length > INLINE_BYTES) {
                target.set(LONG, at + KEY_AT, longKeys);
                longKeys += key.length;
            } else {
                MemorySegment.copy(key, 0, target, ValueLayout.JAVA_BYTE, at + KEY_AT, key.length);
            }
        }
    }

    private void writeKeys(MemorySegment target) {
        long at = 0;
        for (byte[] key : keys) {
            if (key.length > INLINE_BYTES) {
                MemorySegment.copy(key, 0, target, ValueLayout.JAVA_BYTE, at, key.length);
                at += key.length;
            }
        }
    }

    /** The heads of one file set. Thread-safe. */
    static final class Reader {
        private final KeyType keyType;
        private final MemorySegment heads;
        private final MemorySegment keys;

        private Reader(KeyType keyType, MemorySegment heads, MemorySegment keys) {
            this.keyType = keyType;
            this.heads = heads;
            this.keys = keys;
        }

        /** Null if the file set has none. */
        static @Nullable Reader open(KeyType keyType, SectionFile sections) {
            MemorySegment heads = sections.section(HEADS);
            return heads.byteSize() == 0
                    ? null
                    : new Reader(keyType, heads, sections.section(KEYS));
        }

        /** Starts to bring the first {@code count} of some heads into the cache. */
        void expect(int[] ordinals, int count, Prefetch prefetch) {
            prefetch.rows(heads, 0, HEAD_BYTES, HEAD_BYTES, ordinals, 0, count);
        }

        RowHead read(int ordinal) {
            long at = (long) HEAD_BYTES * ordinal;
            byte[] key = new byte[heads.get(INT, at + 20)];
            if (key.length > INLINE_BYTES) {
                long from = heads.get(LONG, at + KEY_AT);
                MemorySegment.copy(keys, ValueLayout.JAVA_BYTE, from, key, 0, key.length);
            } else if (key.length == INLINE_BYTES) { // an integer: one read, no copy
                EIGHT_BYTES.set(key, 0, heads.get(LONG, at + KEY_AT));
            } else {
                MemorySegment.copy(heads, ValueLayout.JAVA_BYTE, at + KEY_AT, key, 0, key.length);
            }
            return new RowHead(
                    PointKey.ofCanonicalBytes(keyType, key),
                    new Version(
                            heads.get(INT, at + 16), heads.get(LONG, at), heads.get(LONG, at + 8)));
        }
    }
}
