package io.arbalest.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What a collection is: everything that is fixed at creation, and the fields, to which others may
 * be added at the end.
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

    /**
     * The same collection with one more field, at the end.
     *
     * @return this, if it has the very field already
     * @throws ArbalestException FIELD_EXISTS if it has another field of that name,
     *     INVALID_DEFINITION if it has as many fields as it may
     */
    public CollectionDefinition with(Field added) {
        Field existing = field(added.name()).orElse(null);
        if (added.equals(existing)) {
            return this;
        }
        if (existing != null) {
            throw new ArbalestException(
                    ErrorCode.FIELD_EXISTS,
                    "collection '"
                            + name
                            + "' has field "
                            + existing.describe()
                            + ", which cannot become "
                            + added.describe(),
                    "choose another name; a field's type, index and default do not change");
        }
        List<Field> more = new ArrayList<>(fields);
        more.add(added);
        return withFields(more);
    }

    /** The same collection with these fields. */
    public CollectionDefinition withFields(List<Field> others) {
        return new CollectionDefinition(
                name,
                incarnation,
                keyType,
                dimension,
                metric,
                hnsw,
                others,
                shardCount,
                replicationFactor);
    }

    /** Whether these fields begin with all those of another definition, in their order. */
    public boolean extendsFieldsOf(CollectionDefinition other) {
        int known = other.fields().size();
        return known <= fields.size() && fields.subList(0, known).equals(other.fields());
    }

    /** The declared field of this name. */
    public Optional<Field> field(String fieldName) {
        return fields.stream().filter(f -> f.name().equals(fieldName)).findFirst();
    }
}
