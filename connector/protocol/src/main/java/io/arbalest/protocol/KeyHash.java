package io.arbalest.protocol;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;

import io.arbalest.model.ClusterImage;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardAssignment;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The hash that places a key: XXH3-64 with seed 0 over {@link PointKey#canonicalBytes()}, as an
 * unsigned number. A shard owns a range of hashes. Test vectors for other implementations: {@code
 * golden/key-hash-v1.csv}.
 *
 * <p>Thread-safe: no state.
 */
public final class KeyHash {
    private static final Hasher64 XXH3 = Hashing.xxh3_64();

    private KeyHash() {}

    public static long of(PointKey key) {
        return XXH3.hashBytesToLong(key.canonicalBytes());
    }

    /** The shard that owns this key. */
    public static ShardAssignment shardOf(ClusterImage.Collection collection, PointKey key) {
        return collection.shardOf(of(key));
    }

    /** Positions in {@code keys}, ascending, by the number of the shard that owns the key. */
    public static SortedMap<Integer, int[]> groupByShard(
            ClusterImage.Collection collection, List<PointKey> keys) {
        int[] shardOfKey =
                keys.stream().mapToInt(key -> shardOf(collection, key).shard().number()).toArray();
        SortedMap<Integer, int[]> groups = new TreeMap<>();
        for (int shard : shardOfKey) {
            groups.computeIfAbsent(
                    shard,
                    number ->
                            IntStream.range(0, shardOfKey.length)
                                    .filter(i -> shardOfKey[i] == number)
                                    .toArray());
        }
        return groups;
    }
}
