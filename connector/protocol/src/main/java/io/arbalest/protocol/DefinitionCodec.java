package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

/**
 * Collection definitions as protobuf. Enum values are mapped one by one rather than by ordinal, so
 * that the model may be reordered without touching the wire. What this release does not know is
 * refused with {@link ErrorCode#INVALID_DEFINITION}.
 *
 * <p>Thread-safe: no state.
 */
public final class DefinitionCodec {
    private DefinitionCodec() {}

    public static io.arbalest.protocol.wire.CollectionDefinition toWire(
            CollectionDefinition definition) {
        var builder =
                io.arbalest.protocol.wire.CollectionDefinition.newBuilder()
                        .setName(definition.name())
                        .setKeyType(keyType(definition.keyType()))
                        .setDimension(definition.dimension())
                        .setMetric(metric(definition.metric()))
                        .setHnsw(
                                io.arbalest.protocol.wire.HnswParams.newBuilder()
                                        .setM(definition.hnsw().m())
                                        .setEfConstruction(definition.hnsw().efConstruction())
                                        .setEf(definition.hnsw().ef())
                                        .setCodes(codes(definition.hnsw().codes().kind()))
                                        .setLayout(layout(definition.hnsw().codes().layout())))
                        .setShardCount(definition.shardCount())
                        .setReplicationFactor(definition.replicationFactor());
        if (!definition.incarnation().equals(UuidBytes.NONE)) {
            builder.setIncarnation(UuidBytes.toWire(definition.incarnation()));
        }
        for (Field field : definition.fields()) {
            builder.addFields(toWire(field));
        }
        return builder.build();
    }

    /**
     * Absent graph parameters, shard count and replication factor take their defaults: 16/200/100,
     * 1 and 1.
     */
    public static CollectionDefinition fromWire(
            io.arbalest.protocol.wire.CollectionDefinition wire) {
        HnswParams hnsw =
                wire.hasHnsw()
                        ? new HnswParams(
                                wire.getHnsw().getM(),
                                wire.getHnsw().getEfConstruction(),
                                wire.getHnsw().getEf(),
                                new IndexCodes(
                                        codes(wire.getHnsw().getCodes()),
                                        layout(wire.getHnsw().getLayout())))
                        : HnswParams.DEFAULT;
        return new CollectionDefinition(
                wire.getName(),
                UuidBytes.fromWire(wire.getIncarnation()),
                keyType(wire.getKeyType()),
                wire.getDimension(),
                metric(wire.getMetric()),
                hnsw,
                wire.getFieldsList().stream().map(DefinitionCodec::fromWire).toList(),
                wire.getShardCount() == 0 ? 1 : wire.getShardCount(),
                wire.getReplicationFactor() == 0 ? 1 : wire.getReplicationFactor());
    }

    /** As a create or add-field request has it. */
    public static io.arbalest.protocol.wire.Field toWire(Field field) {
        var wire =
                io.arbalest.protocol.wire.Field.newBuilder()
                        .setName(field.name())
                        .setType(fieldType(field.type()))
                        .setUnindexed(!field.indexed());
        Object value = field.defaultValue();
        if (value != null) {
            wire.setDefaultValue(ValueCodec.toWire(value));
        }
        return wire.build();
    }

    /** As a create or add-field request has it; refused with INVALID_DEFINITION. */
    public static Field fromWire(io.arbalest.protocol.wire.Field wire) {
        FieldType type = fieldType(wire.getType(), wire.getName());
        Object value =
                wire.hasDefaultValue()
                        ? ValueCodec.fromWire(wire.getDefaultValue(), wire.getName())
                        : null;
        Field field = new Field(wire.getName(), type, !wire.getUnindexed(), value);
        if (value != null) {
            MetadataValues.check(field, value);
        }
        return field;
    }

    private static io.arbalest.protocol.wire.KeyType keyType(KeyType type) {
        return switch (type) {
            case STRING -> io.arbalest.protocol.wire.KeyType.KEY_STRING;
            case INT64 -> io.arbalest.protocol.wire.KeyType.KEY_INT64;
        };
    }

    private static KeyType keyType(io.arbalest.protocol.wire.KeyType wire) {
        return switch (wire) {
            case KEY_STRING -> KeyType.STRING;
            case KEY_INT64 -> KeyType.INT64;
            default -> throw unknown("key type", wire, "use KEY_STRING or KEY_INT64");
        };
    }

    private static io.arbalest.protocol.wire.IndexCodes codes(IndexCodes.Kind kind) {
        return switch (kind) {
            case AUTO -> io.arbalest.protocol.wire.IndexCodes.CODES_AUTO;
            case NONE -> io.arbalest.protocol.wire.IndexCodes.CODES_NONE;
            case BYTES -> io.arbalest.protocol.wire.IndexCodes.CODES_BYTES;
            case NIBBLES -> io.arbalest.protocol.wire.IndexCodes.CODES_NIBBLES;
            case SIGNS -> io.arbalest.protocol.wire.IndexCodes.CODES_SIGNS;
        };
    }

    private static IndexCodes.Kind codes(io.arbalest.protocol.wire.IndexCodes wire) {
        return switch (wire) {
            case CODES_AUTO -> IndexCodes.Kind.AUTO;
            case CODES_NONE -> IndexCodes.Kind.NONE;
            case CODES_BYTES -> IndexCodes.Kind.BYTES;
            case CODES_NIBBLES -> IndexCodes.Kind.NIBBLES;
            case CODES_SIGNS -> IndexCodes.Kind.SIGNS;
            case UNRECOGNIZED ->
                    throw unknown(
                            "index.codes",
                            wire,
                            "use CODES_AUTO, CODES_NONE, CODES_BYTES, CODES_NIBBLES or"
                                    + " CODES_SIGNS");
        };
    }

    private static io.arbalest.protocol.wire.IndexLayout layout(IndexCodes.Layout layout) {
        return switch (layout) {
            case AUTO -> io.arbalest.protocol.wire.IndexLayout.LAYOUT_AUTO;
            case BALANCED -> io.arbalest.protocol.wire.IndexLayout.LAYOUT_BALANCED;
            case FAST -> io.arbalest.protocol.wire.IndexLayout.LAYOUT_FAST;
        };
    }

    private static IndexCodes.Layout layout(io.arbalest.protocol.wire.IndexLayout wire) {
        return switch (wire) {
            case LAYOUT_AUTO -> IndexCodes.Layout.AUTO;
            case LAYOUT_BALANCED -> IndexCodes.Layout.BALANCED;
            case LAYOUT_FAST -> IndexCodes.Layout.FAST;
            case UNRECOGNIZED ->
                    throw unknown(
                            "index.layout",
                            wire,
                            "use LAYOUT_AUTO, LAYOUT_BALANCED or LAYOUT_FAST");
        };
    }

    private static io.arbalest.protocol.wire.Metric metric(Metric metric) {
        return switch (metric) {
            case L2 -> io.arbalest.protocol.wire.Metric.L2;
            case IP -> io.arbalest.protocol.wire.Metric.IP;
            case COSINE -> io.arbalest.protocol.wire.Metric.COSINE;
        };
    }

    private static Metric metric(io.arbalest.protocol.wire.Metric wire) {
        return switch (wire) {
            case L2 -> Metric.L2;
            case IP -> Metric.IP;
            case COSINE -> Metric.COSINE;
            default -> throw unknown("metric", wire, "use L2, IP or COSINE");
        };
    }

    private static io.arbalest.protocol.wire.FieldType fieldType(FieldType type) {
        return switch (type) {
            case STRING -> io.arbalest.protocol.wire.FieldType.STRING;
            case LONG -> io.arbalest.protocol.wire.FieldType.LONG;
            case DOUBLE -> io.arbalest.protocol.wire.FieldType.DOUBLE;
            case BOOLEAN -> io.arbalest.protocol.wire.FieldType.BOOLEAN;
            case TIMESTAMP -> io.arbalest.protocol.wire.FieldType.TIMESTAMP;
            case STRING_ARRAY -> io.arbalest.protocol.wire.FieldType.STRING_ARRAY;
            case LONG_ARRAY -> io.arbalest.protocol.wire.FieldType.LONG_ARRAY;
            case DOUBLE_ARRAY -> io.arbalest.protocol.wire.FieldType.DOUBLE_ARRAY;
            case BOOLEAN_ARRAY -> io.arbalest.protocol.wire.FieldType.BOOLEAN_ARRAY;
            case TIMESTAMP_ARRAY -> io.arbalest.protocol.wire.FieldType.TIMESTAMP_ARRAY;
            case JSON -> io.arbalest.protocol.wire.FieldType.JSON;
        };
    }

    private static FieldType fieldType(io.arbalest.protocol.wire.FieldType wire, String field) {
        return switch (wire) {
            case STRING -> FieldType.STRING;
            case LONG -> FieldType.LONG;
            case DOUBLE -> FieldType.DOUBLE;
            case BOOLEAN -> FieldType.BOOLEAN;
            case TIMESTAMP -> FieldType.TIMESTAMP;
            case STRING_ARRAY -> FieldType.STRING_ARRAY;
            case LONG_ARRAY -> FieldType.LONG_ARRAY;
            case DOUBLE_ARRAY -> FieldType.DOUBLE_ARRAY;
            case BOOLEAN_ARRAY -> FieldType.BOOLEAN_ARRAY;
            case TIMESTAMP_ARRAY -> FieldType.TIMESTAMP_ARRAY;
            case JSON -> FieldType.JSON;
            default ->
                    throw unknown(
                            "type of field '" + field + "'",
                            wire,
                            "use a type that this release of the server knows");
        };
    }

    private static ArbalestException unknown(String what, Enum<?> value, String fix) {
        return new ArbalestException(
                ErrorCode.INVALID_DEFINITION,
                "the " + what + " is missing or unknown (" + value.name() + ")",
                fix);
    }
}
