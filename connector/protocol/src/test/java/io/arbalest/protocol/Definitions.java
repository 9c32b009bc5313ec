package io.arbalest.protocol;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import java.util.List;
import java.util.UUID;

/** Collections that several tests use. */
final class Definitions {
    static final UUID INCARNATION = new UUID(0x0123456789abcdefL, 0x8edcba9876543210L);

    /** One field of every type; {@code note} is not indexed. */
    static final List<Field> ALL_TYPES =
            List.of(
                    new Field("section", FieldType.STRING),
                    new Field("installed_kb", FieldType.LONG),
                    new Field("weight", FieldType.DOUBLE),
                    new Field("essential", FieldType.BOOLEAN),
                    new Field("updated", FieldType.TIMESTAMP),
                    new Field("tags", FieldType.STRING_ARRAY),
                    new Field("sizes", FieldType.LONG_ARRAY),
                    new Field("weights", FieldType.DOUBLE_ARRAY),
                    new Field("flags", FieldType.BOOLEAN_ARRAY),
                    new Field("times", FieldType.TIMESTAMP_ARRAY),
                    new Field("note", FieldType.STRING, false));

    private Definitions() {}

    static CollectionDefinition of(KeyType keys, Metric metric, int dimension) {
        return new CollectionDefinition(
                "packages",
                INCARNATION,
                keys,
                dimension,
                metric,
                HnswParams.DEFAULT,
                ALL_TYPES,
                3,
                1);
    }
}
