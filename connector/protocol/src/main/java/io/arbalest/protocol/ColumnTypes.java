package io.arbalest.protocol;

import io.arbalest.model.FieldType;
import io.arbalest.model.KeyType;

import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

import java.util.List;
import java.util.Map;

/**
 * The Arrow type of everything that travels in a column: Utf8, Int64, Float64, Bool,
 * Timestamp(microseconds, "UTC"), lists of these for arrays, FixedSizeList of binary16 or float32
 * for vectors. JSON is Utf8, sent as Arrow's canonical extension type {@code arrow.json} and
 * accepted with or without that mark. Columns are nullable.
 *
 * <p>Thread-safe: no state.
 */
final class ColumnTypes {
    static final String ID = "id";
    static final String VECTOR = "vector";
    static final String OPERATION = "_op";
    static final String GENERATION = "_generation";
    static final String VERSION = "_version";
    static final String TIEBREAK = "_tiebreak";
    static final String NULLS = "_nulls";
    static final String QUERY = "query";
    static final String SCORE = "score";
    static final String DISTANCE = "distance";

    static final ArrowType INT8 = new ArrowType.Int(8, true);
    static final ArrowType INT32 = new ArrowType.Int(32, true);
    static final ArrowType INT64 = new ArrowType.Int(64, true);
    static final ArrowType FLOAT64 = new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
    static final ArrowType UTF8 = ArrowType.Utf8.INSTANCE;

    private static final ArrowType FLOAT16 =
            new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
    private static final ArrowType FLOAT32 =
            new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    private static final ArrowType TIMESTAMP = new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC");
    private static final String ELEMENT = "item";

    /** What marks a Utf8 column as JSON, as Arrow's list of canonical extension types has it. */
    private static final Map<String, String> JSON_MARK =
            Map.of("ARROW:extension:name", "arrow.json", "ARROW:extension:metadata", "");

    private ColumnTypes() {}

    static Field id(KeyType type) {
        return Field.nullable(ID, idType(type));
    }

    static ArrowType idType(KeyType type) {
        return type == KeyType.INT64 ? INT64 : UTF8;
    }

    static Field vector(int dimension, VectorEncoding encoding) {
        return new Field(
                VECTOR,
                org.apache.arrow.vector.types.pojo.FieldType.nullable(
                        new ArrowType.FixedSizeList(dimension)),
                List.of(Field.nullable(ELEMENT, componentType(encoding))));
    }

    static ArrowType componentType(VectorEncoding encoding) {
        return encoding == VectorEncoding.FLOAT16 ? FLOAT16 : FLOAT32;
    }

    static Field metadata(io.arbalest.model.Field field) {
        ArrowType element = elementType(field.type());
        if (field.type() == FieldType.JSON) {
            return new Field(
                    field.name(),
                    new org.apache.arrow.vector.types.pojo.FieldType(
                            true, element, null, JSON_MARK),
                    List.of());
        }
        if (!field.type().isArray()) {
            return Field.nullable(field.name(), element);
        }
        return new Field(
                field.name(),
                org.apache.arrow.vector.types.pojo.FieldType.nullable(ArrowType.List.INSTANCE),
                List.of(Field.nullable(ELEMENT, element)));
    }

    /** Names of fields, many a row. */
    static Field nulls() {
        return new Field(
                NULLS,
                org.apache.arrow.vector.types.pojo.FieldType.nullable(ArrowType.List.INSTANCE),
                List.of(Field.nullable(ELEMENT, UTF8)));
    }

    static ArrowType elementType(FieldType type) {
        return switch (type) {
            case STRING, STRING_ARRAY, JSON -> UTF8;
            case LONG, LONG_ARRAY -> INT64;
            case DOUBLE, DOUBLE_ARRAY -> FLOAT64;
            case BOOLEAN, BOOLEAN_ARRAY -> ArrowType.Bool.INSTANCE;
            case TIMESTAMP, TIMESTAMP_ARRAY -> TIMESTAMP;
        };
    }
}
