package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;

import org.roaringbitmap.RoaringBitmap;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adds ordinals to postings by reading, changing and rewriting them (a RocksDB merge operator
 * cannot be written in Java). Postings that occur again and again stay in a bounded cache, which
 * always equals the store between batches.
 *
 * <p>Confined to the applier thread.
 */
final class PostingWriter {
    /** Postings kept between batches; one has at most 8 KiB, most have a few bytes. */
    static final int MAX_CACHED_POSTINGS = 4_096;

    private static final int BLOCK_MASK = (1 << MetadataFormat.BLOCK_BITS) - 1;

    private final KeyValueStore store;
    private final SeenTerms seen = new SeenTerms();
    private final Map<PostingKey, RoaringBitmap> changed = new HashMap<>();
    private final LinkedHashMap<PostingKey, RoaringBitmap> cache =
            new LinkedHashMap<>(256, 0.75f, true);

    PostingWriter(KeyValueStore store) {
        this.store = store;
    }

    /**
     * The next additions are for this row.
     *
     * @param knownRows rows of the segment that are stored or in the present batch
     */
    void enterRow(int segment, int ordinal, int knownRows) {
        int block = ordinal >>> MetadataFormat.BLOCK_BITS;
        seen.enter(
                ((long) segment << Integer.SIZE) | block,
                knownRows <= block << MetadataFormat.BLOCK_BITS);
    }

    /** Posts one value of the row that was entered last. */
    void add(int field, int segment, int ordinal, byte[] term) {
        int block = ordinal >>> MetadataFormat.BLOCK_BITS;
        PostingKey key = PostingKey.of(MetadataFormat.postingKey(field, segment, block, term));
        RoaringBitmap posting = changed.get(key);
        if (posting == null) {
            posting = load(key);
            changed.put(key, posting);
        }
        posting.add(ordinal & BLOCK_MASK);
    }

    private RoaringBitmap load(PostingKey key) {
        boolean mayBeStored = seen.mayContainThenAdd(key.hash);
        RoaringBitmap cached = mayBeStored ? cache.get(key) : null;
        if (cached != null || !mayBeStored) {
            return cached != null ? cached : new RoaringBitmap();
        }
        byte[] stored = store.get(Family.POSTINGS, key.bytes);
        RoaringBitmap posting =
                stored == null
                        ? new RoaringBitmap()
                        : MetadataFormat.posting(stored).toRoaringBitmap();
        cache.put(key, posting);
        return posting;
    }

    /** Adds the changed postings to a batch of the store. */
    void addTo(List<Change> changes) {
        changed.forEach((key, posting) ->
                changes.add(
                        new Change(Family.POSTINGS, key.bytes, MetadataFormat.posting(posting))));
    }

    /** The batch is in the store. */
    void committed() {
        changed.clear();
        Iterator<?> eldest = cache.entrySet().iterator();
        for (int excess = cache.size() - MAX_CACHED_POSTINGS; excess > 0; excess--) {
            eldest.next();
            eldest.remove();
        }
    }

    /** The batch did not get into the store: forgets what was changed for it. */
    void discard() {
        changed.clear();
        cache.clear();
    }

    /** Key bytes with their hash computed once. */
    private static final class PostingKey {
        private static final VarHandle LONGS =
                MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
        private static final long MULTIPLIER = 0x9e3779b97f4a7c15L;

        private final byte[] bytes;
        private final long hash;

        private PostingKey(byte[] bytes, long hash) {
            this.bytes = bytes;
            this.hash = hash;
        }

        static PostingKey of(byte[] bytes) {
            long hash = bytes.length;
            int at = 0;
            for (; at + Long.BYTES <= bytes.length; at += Long.BYTES) {
                hash = mix(hash ^ (long) LONGS.get(bytes, at));
            }
            long tail = 0;
            for (; at < bytes.length; at++) {
                tail = (tail << Byte.SIZE) | (bytes[at] & 0xff);
            }
            return new PostingKey(bytes, mix(hash ^ tail));
        }

        private static long mix(long value) {
            long spread = (value ^ (value >>> 32)) * MULTIPLIER;
            return (spread ^ (spread >>> 29)) * MULTIPLIER + spread;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof PostingKey key
                    && key.hash == hash
                    && Arrays.equals(key.bytes, bytes);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(hash);
        }
    }
}
