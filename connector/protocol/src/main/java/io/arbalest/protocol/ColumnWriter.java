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
import java.util.List;

/**
 * Writes the model's Java values into a metadata column. Rows are written in ascending order; a row
 * that is left out is null.
 *
 * <p>Confined to the thread that owns the Arrow vector.
 */
@FunctionalInterface
public interface ColumnWriter {
    /**
     * Sets a row; null leaves it null.
     *
     * @throws ClassCastException if the value is not of the field type's Java class; check with
     *     {@link FieldType#accepts}
     */
    void set(int row, @Nullable Object value);

    /** A writer for a vector whose Arrow type is that of the field type. */
    static ColumnWriter of(FieldType type, FieldVector vector) {
        return switch (type) {
            case STRING, LONG, DOUBLE, BOOLEAN, TIMESTAMP, JSON -> scalar(type, vector);
            case STRING_ARRAY -> list(FieldType.STRING, (ListVector) vector);
            case LONG_ARRAY -> list(FieldType.LONG, (ListVector) vector);
            case DOUBLE_ARRAY -> list(FieldType.DOUBLE, (ListVector) vector);
            case BOOLEAN_ARRAY -> list(FieldType.BOOLEAN, (ListVector) vector);
            case TIMESTAMP_ARRAY -> list(FieldType.TIMESTAMP, (ListVector) vector);
        };
    }

    /** Microseconds since 1970-01-01T00:00:00Z, rounded down. */
    static long micros(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant.truncatedTo(ChronoUnit.MICROS));
    }

    private static ColumnWriter scalar(FieldType type, FieldVector vector) {
        return switch (type) {
            case STRING, JSON -> {
                VarCharVector strings = (VarCharVector) vector;
                yield (row, value) -> {
                    if (value != null) {
                        strings.setSafe(row, ((String) value).getBytes(StandardCharsets.UTF_8));
                    }
                };
            }
            case LONG -> {
                BigIntVector longs = (BigIntVector) vector;
                yield (row, value) -> {
                    if (value != null) {
                        longs.setSafe(row, (Long) value);
                    }
                };
            }
            case DOUBLE -> {
                Float8Vector doubles = (Float8Vector) vector;
                yield (row, value) -> {
                    if (value != null) {
                        doubles.setSafe(row, (Double) value);
                    }
                };
            }
            case BOOLEAN -> {
                BitVector bits = (BitVector) vector;
                yield (row, value) -> {
                    if (value != null) {
                        bits.setSafe(row, (Boolean) value ? 1 : 0);
                    }
                };
            }
            case TIMESTAMP -> {
                TimeStampMicroTZVector times = (TimeStampMicroTZVector) vector;
                yield (row, value) -> {
                    if (value != null) {
                        times.setSafe(row, micros((Instant) value));
                    }
                };
            }
            default -> throw new IllegalArgumentException("not a scalar: " + type);
        };
    }

    private static ColumnWriter list(FieldType elementType, ListVector vector) {
        ColumnWriter elements = scalar(elementType, vector.getDataVector());
        return (row, value) -> {
            if (value == null) {
                return;
            }
            List<?> values = (List<?>) value;
            int start = vector.startNewValue(row);
            for (int index = 0; index < values.size(); index++) {
                elements.set(start + index, values.get(index));
            }
            vector.endValue(row, values.size());
        };
    }
}
