package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;

import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Adds ordinals to postings, and takes them out, by reading, changing and rewriting them (a RocksDB
 * merge operator cannot be written in Java). Postings that occur again and again stay in a bounded
 * cache, which always equals the store between batches.
 *
 * <p>Confined to the applier thread.
 */
final class PostingWriter {
    /**
     * Postings kept between batches; one has at most 8 KiB, most have a few bytes, and together
     * they hold no more ordinals than a block was posted with.
     */
    static final int MAX_CACHED_POSTINGS = 16_384;

    /**
     * Rows from which a posting that is read is kept: those of values that are nearly unique would
     * only push out the ones that are met again.
     */
    private static final int LEAST_TO_CACHE = 2;

    /** Rows above which a posting is looked at for runs: a field that most rows have, or lack. */
    private static final int LEAST_FOR_RUNS = 64;

    /** Looking costs more than runs save where a posting has fewer than one row in so many. */
    private static final int SPARSEST_FOR_RUNS = 8;

    private static final int BLOCK_MASK = (1 << MetadataFormat.BLOCK_BITS) - 1;

    private final KeyValueStore store;
    private final List<Field> fields;
    private final SeenTerms seen = new SeenTerms();
    private final Map<PostingKey, RoaringBitmap> changed = new HashMap<>();
    private final LinkedHashMap<PostingKey, RoaringBitmap> cache =
            new LinkedHashMap<>(256, 0.75f, true);

    PostingWriter(KeyValueStore store, List<Field> fields) {
        this.store = store;
        this.fields = fields;
    }

    /**
     * The next additions are for this row.
     *
     * @param knownRows rows of the segment that are stored or in the present batch
     */
    void enterRow(int segment, int ordinal, int knownRows) {
        int block = ordinal >>> MetadataFormat.BLOCK_BITS;
        seen.enter(blockId(segment, ordinal), knownRows <= block << MetadataFormat.BLOCK_BITS);
    }

    /**
     * Posts the row that was entered last.
     *
     * @param values one a field
     */
    void post(int segment, int ordinal, @Nullable Object[] values) {
        for (int field = 0; field < fields.size(); field++) {
            for (byte[] key : keys(field, values[field], segment, ordinal)) {
                changed(key, segment, ordinal).add(ordinal & BLOCK_MASK);
            }
        }
    }

    /** Posts a row, any row, under new values instead of the old ones. */
    void repost(int segment, int ordinal, @Nullable Object[] old, @Nullable Object[] values) {
        for (int field = 0; field < fields.size(); field++) {
            Object before = old[field];
            if (!Objects.equals(before, values[field])) {
                for (byte[] key : keys(field, before, segment, ordinal)) {
                    changed(key, segment, ordinal).remove(ordinal & BLOCK_MASK);
                }
                for (byte[] key : keys(field, values[field], segment, ordinal)) {
                    changed(key, segment, ordinal).add(ordinal & BLOCK_MASK);
                }
            }
        }
    }

    /** Under which keys a row is posted for the value of one field. */
    private List<byte[]> keys(int position, @Nullable Object value, int segment, int ordinal) {
        int block = ordinal >>> MetadataFormat.BLOCK_BITS;
        return keys(fields.get(position), position, value, segment, block);
    }

    /** Under which keys the rows of a block are posted that have this value of a field. */
    static List<byte[]> keys(
            Field field, int position, @Nullable Object value, int segment, int block) {
        if (!field.indexed()) {
            return List.of();
        }
        if (field.type() == FieldType.JSON) {
            return value == null
                    ? List.of(MetadataFormat.nullKey(position, segment, block))
                    : List.of();
        }
        if (value instanceof List<?> elements) {
            List<byte[]> keys = new ArrayList<>(elements.size());
            for (Object element : elements) {
                byte[] term = Terms.ofValue(field, element);
                if (term != null) {
                    keys.add(MetadataFormat.postingKey(position, segment, block, term));
                }
            }
            return keys;
        }
        byte[] term = value == null ? null : Terms.ofValue(field, value);
        if (term != null && ColumnFormat.columnar(field)) {
            return List.of(); // it lies in a column
        }
        return List.of(
                term == null
                        ? MetadataFormat.nullKey(position, segment, block)
                        : MetadataFormat.postingKey(position, segment, block, term));
    }

    private RoaringBitmap changed(byte[] keyBytes, int segment, int ordinal) {
        PostingKey key = PostingKey.of(keyBytes);
        RoaringBitmap posting = changed.get(key);
        if (posting == null) {
            posting = load(key, blockId(segment, ordinal));
            changed.put(key, posting);
        }
        return posting;
    }

    private static long blockId(int segment, int ordinal) {
        return ((long) segment << Integer.SIZE) | (ordinal >>> MetadataFormat.BLOCK_BITS);
    }

    private RoaringBitmap load(PostingKey key, long block) {
        boolean mayBeStored = !seen.covers(block) || seen.mayContainThenAdd(key.hash);
        RoaringBitmap cached = mayBeStored ? cache.get(key) : null;
        if (cached != null || !mayBeStored) {
            return cached != null ? cached : new RoaringBitmap();
        }
        byte[] stored = store.get(Family.POSTINGS, key.bytes);
        RoaringBitmap posting =
                stored == null
                        ? new RoaringBitmap()
                        : MetadataFormat.posting(stored).toRoaringBitmap();
        if (posting.getCardinality() >= LEAST_TO_CACHE) {
            cache.put(key, posting);
        }
        return posting;
    }

    /** Adds the changed postings to a batch of the store; one that is empty goes. */
    void addTo(List<Change> changes) {
        changed.forEach((key, posting) -> {
            if (mayHaveRuns(posting)) {
                posting.runOptimize();
            }
            byte[] value = posting.isEmpty() ? null : MetadataFormat.posting(posting);
            changes.add(new Change(Family.POSTINGS, key.bytes, value));
        });
    }

    private static boolean mayHaveRuns(RoaringBitmap posting) {
        int rows = posting.getCardinality();
        return rows > LEAST_FOR_RUNS
                && posting.last() - posting.first() < (long) SPARSEST_FOR_RUNS * rows;
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
