package io.arbalest.metadata;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.BiPredicate;

/**
 * The seam under a shard's metadata: an ordered map of byte strings in families, written in atomic
 * batches and without a log of its own (the write-ahead log is the log). Implementations: RocksDB
 * and, for simulations, a sorted map.
 *
 * <p>One writing thread; readers are many. Failures are {@link io.arbalest.model.ArbalestException}
 * with STORE_FAILED.
 */
public interface KeyValueStore extends AutoCloseable {
    /** A separate key space. The names are part of the format. */
    enum Family {
        /** key bytes to location, version, tombstone. */
        KEYS,
        /** row to encoded metadata. */
        ROWS,
        /** field, term, segment to bitmap. */
        POSTINGS,
        /** field, segment, rows to numbers. */
        COLUMNS,
        /** applied sequence number, format version, schema. */
        STATE,
        /** row that was replaced or deleted to the sequence number that ended it. */
        ENDED,
        /** sequence number of a delete to the key that it left a tombstone for. */
        TOMBSTONES,
        /** row whose metadata was changed in place. */
        CHANGED
    }

    byte @Nullable [] get(Family family, byte[] key);

    /** Values in the order of the keys; null where there is none. */
    List<byte @Nullable []> multiGet(Family family, List<byte[]> keys);

    /**
     * Entries whose key starts with the prefix, in unsigned byte order, until the visitor returns
     * false.
     */
    default void scan(Family family, byte[] prefix, BiPredicate<byte[], byte[]> visitor) {
        scan(family, prefix, prefix, visitor);
    }

    /**
     * As {@link #scan(Family, byte[], BiPredicate)}, from a key on.
     *
     * @param from where to begin; not below the prefix
     */
    void scan(Family family, byte[] prefix, byte[] from, BiPredicate<byte[], byte[]> visitor);

    /**
     * Applies all changes or none. Readable at once; durable after {@link #flush()} or when the
     * store chooses.
     */
    void write(List<Change> changes);

    /** Makes everything written so far durable. */
    void flush();

    /** What a reader would find after a crash now; may lag behind {@link #get}. */
    byte @Nullable [] getDurable(Family family, byte[] key);

    @Override
    void close();

    /**
     * One change of a batch.
     *
     * @param value null: remove the key
     */
    record Change(Family family, byte[] key, byte @Nullable [] value) {}
}
