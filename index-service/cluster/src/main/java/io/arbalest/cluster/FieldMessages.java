package io.arbalest.cluster;

import io.arbalest.cluster.wire.Value;
import io.arbalest.cluster.wire.ValueList;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Fields of collections as messages of {@code metadata.proto}, and back.
 *
 * <p>Thread-safe: no state.
 */
final class FieldMessages {
    private static final Map<FieldType, io.arbalest.cluster.wire.FieldType> TYPES = types();

    private FieldMessages() {}

    private static Map<FieldType, io.arbalest.cluster.wire.FieldType> types() {
        Map<FieldType, io.arbalest.cluster.wire.FieldType> types = new EnumMap<>(FieldType.class);
        types.put(FieldType.STRING, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_STRING);
        types.put(FieldType.LONG, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_LONG);
        types.put(FieldType.DOUBLE, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_DOUBLE);
        types.put(FieldType.BOOLEAN, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_BOOLEAN);
        types.put(FieldType.TIMESTAMP, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_TIMESTAMP);
        types.put(
                FieldType.STRING_ARRAY, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_STRING_ARRAY);
        types.put(FieldType.LONG_ARRAY, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_LONG_ARRAY);
        types.put(
                FieldType.DOUBLE_ARRAY, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_DOUBLE_ARRAY);
        types.put(
                FieldType.BOOLEAN_ARRAY,
                io.arbalest.cluster.wire.FieldType.FIELD_TYPE_BOOLEAN_ARRAY);
        types.put(
                FieldType.TIMESTAMP_ARRAY,
                io.arbalest.cluster.wire.FieldType.FIELD_TYPE_TIMESTAMP_ARRAY);
        types.put(FieldType.JSON, io.arbalest.cluster.wire.FieldType.FIELD_TYPE_JSON);
        return types;
    }

    static io.arbalest.cluster.wire.Field toMessage(Field field) {
        var message =
                io.arbalest.cluster.wire.Field.newBuilder()
                        .setName(field.name())
                        .setType(MetadataMessages.number(TYPES, field.type()))
                        .setIndexed(field.indexed());
        Object value = field.defaultValue();
        if (value != null) {
            message.setDefaultValue(toMessage(value));
        }
        return message.build();
    }

    static Field fromMessage(io.arbalest.cluster.wire.Field message) {
        return new Field(
                message.getName(),
                MetadataMessages.ofNumber(TYPES, message.getType()),
                message.getIndexed(),
                message.hasDefaultValue() ? fromMessage(message.getDefaultValue()) : null);
    }

    private static Value toMessage(Object value) {
        Value.Builder message = Value.newBuilder();
        return switch (value) {
            case String text -> message.setText(text).build();
            case Long number -> message.setInteger(number).build();
            case Double number -> message.setReal(number).build();
            case Boolean flag -> message.setFlag(flag).build();
            case Instant instant ->
                    message.setTimestampMicros(ChronoUnit.MICROS.between(Instant.EPOCH, instant))
                            .build();
            case List<?> list -> {
                ValueList.Builder values = ValueList.newBuilder();
                list.forEach(element -> values.addValues(toMessage(element)));
                yield message.setList(values).build();
            }
            default -> throw new IllegalStateException("no message for " + value.getClass());
        };
    }

    private static Object fromMessage(Value message) {
        return switch (message.getKindCase()) {
            case TEXT -> message.getText();
            case INTEGER -> message.getInteger();
            case REAL -> message.getReal();
            case FLAG -> message.getFlag();
            case TIMESTAMP_MICROS ->
                    Instant.EPOCH.plus(message.getTimestampMicros(), ChronoUnit.MICROS);
            case LIST -> {
                List<Object> values = new ArrayList<>();
                message.getList().getValuesList().forEach(v -> values.add(fromMessage(v)));
                yield List.copyOf(values);
            }
            case KIND_NOT_SET ->
                    throw new ArbalestException(
                            ErrorCode.MALFORMED_REQUEST, "a default without a value", "");
        };
    }
}
