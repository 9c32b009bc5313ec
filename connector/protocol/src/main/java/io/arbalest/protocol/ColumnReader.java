package io.arbalest.protocol;

import io.arbalest.model.FieldType;

import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a metadata column as the model's Java values; which read it is is decided once per column.
 *
 * <p>Confined to the thread that owns the Arrow vector.
 */
@FunctionalInterface
public interface ColumnReader {
    /**
     * The value of a row: of the field type's Java class, or null. Nulls inside arrays are left
     * out.
     */
    @Nullable Object get(int row);

    /** A reader of a vector whose Arrow type was checked to be that of the field type. */
    static ColumnReader of(FieldType type, FieldVector vector) {
        return switch (type) {
            case STRING, LONG, DOUBLE, BOOLEAN, TIMESTAMP, JSON -> scalar(type, vector);
            case STRING_ARRAY -> list(FieldType.STRING, (ListVector) vector);
            case LONG_ARRAY -> list(FieldType.LONG, (ListVector) vector);
            case DOUBLE_ARRAY -> list(FieldType.DOUBLE, (ListVector) vector);
            case BOOLEAN_ARRAY -> list(FieldType.BOOLEAN, (ListVector) vector);
            case TIMESTAMP_ARRAY -> list(FieldType.TIMESTAMP, (ListVector) vector);
        };
    }

    private static ColumnReader scalar(FieldType type, FieldVector vector) {
        return switch (type) {
            case STRING, JSON -> {
                VarCharVector strings = (VarCharVector) vector;
                yield row ->
                        strings.isNull(row)
                                ? null
                                : new String(strings.get(row), StandardCharsets.UTF_8);
            }
            case LONG -> {
                BigIntVector longs = (BigIntVector) vector;
                yield row -> longs.isNull(row) ? null : (Object) longs.get(row);
            }
            case DOUBLE -> {
                Float8Vector doubles = (Float8Vector) vector;
                yield row -> doubles.isNull(row) ? null : (Object) doubles.get(row);
            }
            case BOOLEAN -> {
                BitVector bits = (BitVector) vector;
                yield row -> bits.isNull(row) ? null : (Object) (bits.get(row) != 0);
            }
            case TIMESTAMP -> {
                TimeStampMicroTZVector times = (TimeStampMicroTZVector) vector;
                yield row ->
                        times.isNull(row)
                                ? null
                                : Instant.EPOCH.plus(times.get(row), ChronoUnit.MICROS);
            }
            default -> throw new IllegalArgumentException("not a scalar: " + type);
        };
    }

    private static ColumnReader list(FieldType elementType, ListVector vector) {
        ColumnReader elements = scalar(elementType, vector.getDataVector());
        return row -> {
            if (vector.isNull(row)) {
                return null;
            }
            int end = vector.getElementEndIndex(row);
            List<Object> values = new ArrayList<>();
            for (int index = vector.getElementStartIndex(row); index < end; index++) {
                Object value = elements.get(index);
                if (value != null) {
                    values.add(value);
                }
            }
            return List.copyOf(values);
        };
    }
}
