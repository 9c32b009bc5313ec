package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.wire.Value;
import io.arbalest.protocol.wire.ValueList;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * One value of a field as protobuf: the model's Java classes and back. Nesting is refused.
 *
 * <p>Thread-safe: no state.
 */
final class ValueCodec {
    private ValueCodec() {}

    /**
     * Writes a value.
     *
     * @throws IllegalArgumentException if it is of no field type's Java class
     */
    static Value toWire(Object value) {
        Value.Builder wire = Value.newBuilder();
        if (value instanceof List<?> list) {
            ValueList.Builder values = ValueList.newBuilder();
            list.forEach(element -> values.addValues(toWire(element)));
            return wire.setList(values).build();
        }
        if (value instanceof String text) {
            return wire.setText(text).build();
        }
        if (value instanceof Long number) {
            return wire.setInteger(number).build();
        }
        if (value instanceof Double number) {
            return wire.setReal(number).build();
        }
        if (value instanceof Boolean flag) {
            return wire.setFlag(flag).build();
        }
        if (value instanceof Instant instant) {
            return wire.setTimestampMicros(ColumnWriter.micros(instant)).build();
        }
        throw new IllegalArgumentException("no metadata value: " + value.getClass().getName());
    }

    /**
     * Reads a value; refused with INVALID_DEFINITION if it is empty or nested.
     *
     * @param field for the message
     */
    static Object fromWire(Value wire, String field) {
        if (wire.getKindCase() != Value.KindCase.LIST) {
            return scalar(wire, field);
        }
        List<Object> values = new ArrayList<>(wire.getList().getValuesCount());
        for (Value element : wire.getList().getValuesList()) {
            values.add(scalar(element, field));
        }
        return List.copyOf(values);
    }

    private static Object scalar(Value wire, String field) {
        return switch (wire.getKindCase()) {
            case TEXT -> wire.getText();
            case INTEGER -> wire.getInteger();
            case REAL -> wire.getReal();
            case FLAG -> wire.getFlag();
            case TIMESTAMP_MICROS ->
                    Instant.EPOCH.plus(wire.getTimestampMicros(), ChronoUnit.MICROS);
            case LIST, KIND_NOT_SET ->
                    throw new ArbalestException(
                            ErrorCode.INVALID_DEFINITION,
                            "the default of field '" + field + "' holds " + wire.getKindCase(),
                            "give one value, or one list of values");
        };
    }
}
