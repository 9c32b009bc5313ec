package io.arbalest.model;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Everything the metadata group has decided, at one index of its log: members, collections and the
 * shard map. Published whole; two images with the same index are equal.
 *
 * @param index position in the metadata log; 0 before anything was decided
 * @param nodes by name
 * @param collections by name
 */
public record ClusterImage(
        long index, Map<String, NodeInfo> nodes, Map<String, Collection> collections) {
    public static final ClusterImage EMPTY = new ClusterImage(0, Map.of(), Map.of());

    public ClusterImage {
        nodes = java.util.Collections.unmodifiableMap(new TreeMap<>(nodes));
        collections = java.util.Collections.unmodifiableMap(new TreeMap<>(collections));
    }

    /** A collection and its shards, in order of their hash ranges. */
    public record Collection(CollectionDefinition definition, List<ShardAssignment> shards) {
        public Collection {
            shards =
                    shards.stream()
                            .sorted(
                                    Comparator.comparing(
                                            s -> s.range().first(), Long::compareUnsigned))
                            .toList();
        }

        /** The shard whose range holds this hash. */
        public ShardAssignment shardOf(long hash) {
            int low = 0;
            int high = shards.size() - 1;
            while (low < high) {
                int middle = (low + high + 1) >>> 1;
                if (Long.compareUnsigned(shards.get(middle).range().first(), hash) <= 0) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            return shards.get(low);
        }
    }

    /** The collection of this name; refused with {@link ErrorCode#UNKNOWN_COLLECTION}. */
    public Collection requireCollection(String name) {
        Collection found = collections.get(name);
        if (found == null) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_COLLECTION,
                    "no collection '" + name + "'; there are " + collections.keySet(),
                    "create it with: arbalest collection create " + name + " --dimension N");
        }
        return found;
    }

    /** The node of this name, if it has registered. */
    public Optional<NodeInfo> node(String name) {
        return Optional.ofNullable(nodes.get(name));
    }
}
