package io.arbalest.model;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What a collection is: everything that is fixed at creation.
 *
 * @param name lower-case letters, digits, {@code -} and {@code _}; starts with a letter; at most 64
 * @param incarnation unique to this creation: a dropped and recreated collection has another;
 *     present in tokens and paths
 * @param dimension components of every vector, 1 to {@value #MAX_DIMENSION}
 * @param fields declared metadata, in column order, at most {@value #MAX_FIELDS}
 * @param shardCount number of hash ranges at creation, 1 to {@value #MAX_SHARDS}
 * @param replicationFactor copies of each shard
 */
public record CollectionDefinition(
        String name,
        UUID incarnation,
        KeyType keyType,
        int dimension,
        Metric metric,
        HnswParams hnsw,
        List<Field> fields,
        int shardCount,
        int replicationFactor) {
    public static final int MAX_DIMENSION = 4096;
    public static final int MAX_FIELDS = 256;
    public static final int MAX_SHARDS = 1024;

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,63}");

    public CollectionDefinition {
        fields = List.copyOf(fields);
        check(
                NAME.matcher(name).matches(),
                "collection name '" + name + "'",
                "start with a letter; use a-z 0-9 _ -; at most 64");
        check(
                dimension >= 1 && dimension <= MAX_DIMENSION,
                "dimension " + dimension,
                "use 1.." + MAX_DIMENSION);
        check(
                fields.size() <= MAX_FIELDS,
                fields.size() + " fields",
                "declare at most " + MAX_FIELDS);
        check(
                shardCount >= 1 && shardCount <= MAX_SHARDS,
                "shard count " + shardCount,
                "use 1.." + MAX_SHARDS);
        check(
                replicationFactor == 1,
                "replication factor " + replicationFactor,
                "use 1; replicas of a shard are not offered yet");
        Set<String> names = new HashSet<>();
        for (Field field : fields) {
            check(
                    names.add(field.name()),
                    "field '" + field.name() + "' declared twice",
                    "declare it once");
        }
    }

    private static void check(boolean holds, String what, String fix) {
        if (!holds) {
            throw new ArbalestException(
                    ErrorCode.INVALID_DEFINITION, what + " is not allowed", fix);
        }
    }

    /** The declared field of this name. */
    public Optional<Field> field(String fieldName) {
        return fields.stream().filter(f -> f.name().equals(fieldName)).findFirst();
    }
}
