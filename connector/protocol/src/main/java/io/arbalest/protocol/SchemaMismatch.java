package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

import java.util.List;

/**
 * The checks that all schemas share, and the errors they give: what, expected, got, fix.
 *
 * <p>Thread-safe: no state.
 */
final class SchemaMismatch {
    private SchemaMismatch() {}

    static ArbalestException of(String detail, String fix) {
        return new ArbalestException(ErrorCode.SCHEMA_MISMATCH, detail, fix);
    }

    static void checkType(Field column, ArrowType expected) {
        if (!column.getType().equals(expected) || column.getDictionary() != null) {
            String got =
                    column.getDictionary() == null
                            ? String.valueOf(column.getType())
                            : "a dictionary";
            throw of(
                    "column '" + column.getName() + "' has type " + got + ", expected " + expected,
                    "send the column as " + expected);
        }
    }

    /** A metadata column against its declared type; an array's elements may have any name. */
    static void checkMetadata(Field column, io.arbalest.model.Field declared) {
        Field expected = ColumnTypes.metadata(declared);
        checkType(column, expected.getType());
        if (declared.type().isArray()) {
            Field element = column.getChildren().get(0);
            ArrowType elementType = expected.getChildren().get(0).getType();
            if (!element.getType().equals(elementType)) {
                throw of(
                        "column '"
                                + column.getName()
                                + "' is a list of "
                                + element.getType()
                                + ", expected "
                                + elementType,
                        "send the column as a list of " + elementType);
            }
        }
    }

    /** The column of names of fields that are set to null. */
    static void checkNulls(Field column) {
        boolean texts =
                column.getType() instanceof ArrowType.List
                        && column.getChildren().get(0).getType().equals(ColumnTypes.UTF8);
        if (!texts) {
            throw of(
                    "column "
                            + column.getName()
                            + " has type "
                            + column.getType()
                            + " of "
                            + column.getChildren()
                            + ", expected a list of utf8",
                    "name the fields that a row sets to null, or leave the column out");
        }
    }

    static void checkId(Field column, CollectionDefinition definition) {
        ArrowType expected = ColumnTypes.idType(definition.keyType());
        if (!column.getType().equals(expected)) {
            throw new ArbalestException(
                    ErrorCode.KEY_TYPE_MISMATCH,
                    "column id has type "
                            + column.getType()
                            + ", the keys of collection '"
                            + definition.name()
                            + "' are "
                            + expected,
                    "send the id column as " + expected);
        }
    }

    /** The encoding of a vector column; refused with SCHEMA_MISMATCH or DIMENSION_MISMATCH. */
    static VectorEncoding checkVector(Field column, CollectionDefinition definition) {
        String fix = "send vector as FixedSizeList<float16>[" + definition.dimension() + "]";
        if (!(column.getType() instanceof ArrowType.FixedSizeList list)) {
            throw of(
                    "column vector has type " + column.getType() + ", expected FixedSizeList", fix);
        }
        if (list.getListSize() != definition.dimension()) {
            throw new ArbalestException(
                    ErrorCode.DIMENSION_MISMATCH,
                    "column vector has dimension "
                            + list.getListSize()
                            + ", collection '"
                            + definition.name()
                            + "' has "
                            + definition.dimension(),
                    "embed with the model that the collection was made for, or create another"
                            + " collection");
        }
        ArrowType component = column.getChildren().get(0).getType();
        for (VectorEncoding encoding : VectorEncoding.values()) {
            if (component.equals(ColumnTypes.componentType(encoding))) {
                return encoding;
            }
        }
        throw of(
                "the components of column vector are "
                        + component
                        + ", expected float16 or float32",
                fix);
    }

    static void checkNoDuplicates(Schema schema) {
        List<String> names = schema.getFields().stream().map(Field::getName).toList();
        if (names.stream().distinct().count() != names.size()) {
            throw of("the columns " + names + " name one twice", "send every column once");
        }
    }
}
