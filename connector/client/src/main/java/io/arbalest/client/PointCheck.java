package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.protocol.MetadataValues;

import java.util.HashMap;
import java.util.Map;

/**
 * Everything about a point that the collection's definition alone can refuse. A {@link PointWriter}
 * checks with it before it queues a point; a pipeline may check earlier, to send what does not fit
 * to a dead-letter topic.
 *
 * <p>Thread-safe.
 */
public final class PointCheck {
    private static final int EXPONENT = 0x7c00;
    private static final int SIGNIFICAND = 0x03ff;
    private static final int MAGNITUDE = 0x7fff;

    private final CollectionDefinition definition;
    private final Map<String, Field> fields = new HashMap<>();

    public PointCheck(CollectionDefinition definition) {
        this.definition = definition;
        definition.fields().forEach(field -> fields.put(field.name(), field));
    }

    /**
     * Refuses a point that cannot be written to the collection.
     *
     * @throws ArbalestException KEY_TYPE_MISMATCH, UNKNOWN_OPERATION, VECTOR_MISSING,
     *     DIMENSION_MISMATCH, VECTOR_NOT_FINITE, VECTOR_OUT_OF_RANGE, VECTOR_ZERO, UNKNOWN_FIELD,
     *     VALUE_TYPE_MISMATCH, VALUE_NOT_JSON or LIMIT_EXCEEDED
     */
    public void check(Point point) {
        if (point.key().type() != definition.keyType()) {
            throw new ArbalestException(
                    ErrorCode.KEY_TYPE_MISMATCH,
                    at(point)
                            + "the collection's keys are "
                            + definition.keyType()
                            + ", got "
                            + point.key().type(),
                    "use keys of the collection's type");
        }
        if (point.operation() == OperationKind.DELETE) {
            return;
        }
        short[] vector = point.vector();
        if (point.operation() == OperationKind.PATCH) {
            if (vector != null) {
                throw new ArbalestException(
                        ErrorCode.UNKNOWN_OPERATION,
                        at(point) + "a patch has a vector, expected none",
                        "upsert the point, or leave the vector out");
            }
        } else if (vector == null) {
            throw new ArbalestException(
                    ErrorCode.VECTOR_MISSING,
                    at(point) + "an upsert has no vector",
                    "give a vector, or delete the point");
        } else if (vector.length > 0) {
            checkVector(point, vector);
        }
        point.metadata().forEach((name, value) -> checkValue(point, name, value));
    }

    private void checkVector(Point point, short[] vector) {
        if (vector.length != definition.dimension()) {
            throw new ArbalestException(
                    ErrorCode.DIMENSION_MISMATCH,
                    at(point)
                            + "the vector has dimension "
                            + vector.length
                            + ", the collection has "
                            + definition.dimension(),
                    "embed with the model that the collection was made for, or create another"
                            + " collection");
        }
        int magnitudes = 0;
        for (int component = 0; component < vector.length; component++) {
            int half = vector[component];
            magnitudes |= half & MAGNITUDE;
            if ((half & EXPONENT) == EXPONENT) {
                boolean nan = (half & SIGNIFICAND) != 0;
                throw new ArbalestException(
                        nan ? ErrorCode.VECTOR_NOT_FINITE : ErrorCode.VECTOR_OUT_OF_RANGE,
                        at(point)
                                + "component "
                                + component
                                + (nan ? " is NaN" : " is beyond binary16's range of 65504"),
                        nan ? "send finite numbers" : "scale the vectors down before writing them");
            }
        }
        if (magnitudes == 0 && definition.metric() == Metric.COSINE) {
            throw new ArbalestException(
                    ErrorCode.VECTOR_ZERO,
                    at(point) + "the vector is zero, which has no direction to compare by cosine",
                    "leave the point out, or use a collection with another metric");
        }
    }

    // A map of a caller that does not know NullMarked may hold nulls; null means that the field has
    // no value.
    private void checkValue(
            Point point, String name, @org.jspecify.annotations.Nullable Object value) {
        Field field = fields.get(name);
        if (field == null) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_FIELD,
                    at(point)
                            + "collection '"
                            + definition.name()
                            + "' has no field '"
                            + name
                            + "'",
                    "use one of " + fields.keySet().stream().sorted().toList());
        }
        if (value != null) {
            MetadataValues.check(field, value);
        }
    }

    private static String at(Point point) {
        return "point '" + point.key() + "': ";
    }
}
