package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;

import org.apache.arrow.vector.types.pojo.Schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The schema of a stream of writes, version 1. Columns may come in any order and are found by name:
 *
 * <pre>
 *   id           utf8 or int64, as the collection's keys       required, no nulls
 *   vector       FixedSizeList&lt;float16|float32&gt;[dimension]     absent or null: a delete, a patch, or an upsert that keeps
 *                                                              the vector of a point that is there
 *   _op          int8: 0 upsert, 1 delete, 2 patch             absent or null: upsert
 *   _generation  int32                                         absent or null: 0
 *   _version     int64                                         absent or null: the row is unversioned
 *   _tiebreak    int64                                         absent or null: 0
 *   _nulls       list of utf8: names of fields set to null     absent or null: none
 *   NAME         the declared type of field NAME               absent or null: no value is given
 * </pre>
 *
 * <p>An upsert without a value for a field takes the field's default, or null if it has none; a
 * patch leaves the field as it is. To set a field to null, a row names it in {@code _nulls}. So a
 * writer that does not know a field which was added later goes on as before.
 *
 * <p>Any other column is refused with {@link ErrorCode#SCHEMA_MISMATCH}, another dimension with
 * {@link ErrorCode#DIMENSION_MISMATCH}, another type of id with {@link
 * ErrorCode#KEY_TYPE_MISMATCH}. Golden files: {@code golden/put-schema-v1.json}, and {@code
 * put-schema-v1-nulls.json} with {@code _nulls}.
 *
 * <p>Immutable.
 */
public final class PutSchema {
    private final CollectionDefinition definition;
    private final Schema schema;
    private final Map<String, Integer> columns;

    private PutSchema(CollectionDefinition definition, Schema schema) {
        this.definition = definition;
        this.schema = schema;
        this.columns = new LinkedHashMap<>();
        for (int column = 0; column < schema.getFields().size(); column++) {
            columns.put(schema.getFields().get(column).getName(), column);
        }
    }

    /** The schema with every column that the collection can take, binary16 vectors. */
    public static PutSchema full(CollectionDefinition definition) {
        return full(definition, VectorEncoding.FLOAT16);
    }

    /** The schema with every column that the collection can take. */
    public static PutSchema full(CollectionDefinition definition, VectorEncoding encoding) {
        List<org.apache.arrow.vector.types.pojo.Field> columns = new ArrayList<>();
        columns.add(ColumnTypes.id(definition.keyType()));
        columns.add(ColumnTypes.vector(definition.dimension(), encoding));
        columns.add(nullable(ColumnTypes.OPERATION));
        columns.add(nullable(ColumnTypes.GENERATION));
        columns.add(nullable(ColumnTypes.VERSION));
        columns.add(nullable(ColumnTypes.TIEBREAK));
        columns.add(ColumnTypes.nulls());
        definition.fields().forEach(field -> columns.add(ColumnTypes.metadata(field)));
        return new PutSchema(definition, new Schema(columns));
    }

    /** Checks what a writer sent against the collection. */
    public static PutSchema check(Schema schema, CollectionDefinition definition) {
        SchemaMismatch.checkNoDuplicates(schema);
        boolean idSeen = false;
        for (org.apache.arrow.vector.types.pojo.Field column : schema.getFields()) {
            switch (column.getName()) {
                case ColumnTypes.ID -> {
                    SchemaMismatch.checkId(column, definition);
                    idSeen = true;
                }
                case ColumnTypes.VECTOR -> SchemaMismatch.checkVector(column, definition);
                case ColumnTypes.OPERATION,
                        ColumnTypes.GENERATION,
                        ColumnTypes.VERSION,
                        ColumnTypes.TIEBREAK ->
                        SchemaMismatch.checkType(column, nullable(column.getName()).getType());
                case ColumnTypes.NULLS -> SchemaMismatch.checkNulls(column);
                default -> checkMetadata(column, definition);
            }
        }
        if (!idSeen) {
            throw SchemaMismatch.of(
                    "there is no column id",
                    "send the keys in a column named id of type "
                            + ColumnTypes.idType(definition.keyType()));
        }
        return new PutSchema(definition, schema);
    }

    /** Whether every column is the protocol's or named like a field of the collection. */
    public static boolean knows(CollectionDefinition definition, Schema schema) {
        return schema.getFields().stream()
                .map(org.apache.arrow.vector.types.pojo.Field::getName)
                .allMatch(name ->
                        name.startsWith("_")
                                || Field.RESERVED_NAMES.contains(name)
                                || definition.field(name).isPresent());
    }

    private static void checkMetadata(
            org.apache.arrow.vector.types.pojo.Field column, CollectionDefinition definition) {
        String name = column.getName();
        if (name.startsWith("_") || Field.RESERVED_NAMES.contains(name)) {
            throw SchemaMismatch.of(
                    "column '" + name + "' has a reserved name",
                    "leave it out; names that start with _ are the protocol's");
        }
        Field declared =
                definition
                        .field(name)
                        .orElseThrow(() ->
                                SchemaMismatch.of(
                                        "column '"
                                                + name
                                                + "' is not a field of collection '"
                                                + definition.name()
                                                + "', which has "
                                                + definition.fields().stream()
                                                        .map(Field::name)
                                                        .toList(),
                                        "leave the column out, or add the field: arbalest"
                                                + " collection add-field "
                                                + definition.name()
                                                + " "
                                                + name
                                                + ":TYPE"));
        SchemaMismatch.checkMetadata(column, declared);
    }

    private static org.apache.arrow.vector.types.pojo.Field nullable(String name) {
        return org.apache.arrow.vector.types.pojo.Field.nullable(
                name,
                switch (name) {
                    case ColumnTypes.OPERATION -> ColumnTypes.INT8;
                    case ColumnTypes.GENERATION -> ColumnTypes.INT32;
                    default -> ColumnTypes.INT64;
                });
    }

    public CollectionDefinition definition() {
        return definition;
    }

    public Schema arrow() {
        return schema;
    }

    /** Position of the column with this name, or -1. */
    int column(String name) {
        return columns.getOrDefault(name, -1);
    }

    /** Refuses a batch that is too large, with {@link ErrorCode#LIMIT_EXCEEDED}. */
    public static void checkRows(int rows) {
        if (rows > WireLimits.MAX_BATCH_ROWS) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the batch has "
                            + rows
                            + " rows, at most "
                            + WireLimits.MAX_BATCH_ROWS
                            + " are allowed",
                    "send smaller batches; 512 rows are enough for full speed");
        }
    }
}
