package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Metric;

import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The schema of an answer, version 1:
 *
 * <pre>
 *   query        int32    index of the query or key in the request
 *   id           utf8 or int64
 *   score        float64  searches only; larger is closer
 *   distance     float64  searches of an l2 collection only: squared distance = -score
 *   _generation  int32, _version int64, _tiebreak int64
 *   vector       FixedSizeList&lt;float16&gt;[dimension], if asked for
 *   NAME         the metadata asked for, in the collection's order
 * </pre>
 *
 * <p>Rows are ordered by query, then score descending, then key bytes. Golden file: {@code
 * golden/result-schema-v1.json}.
 *
 * <p>Immutable.
 */
public final class ResultSchema {
    private final CollectionDefinition definition;
    private final boolean search;
    private final List<Field> fields;
    private final boolean includeVector;

    private ResultSchema(
            CollectionDefinition definition,
            boolean search,
            @Nullable List<String> names,
            boolean includeVector) {
        this.definition = definition;
        this.search = search;
        this.includeVector = includeVector;
        if (names != null) {
            names.forEach(name -> requireField(definition, name));
        }
        this.fields =
                names == null
                        ? definition.fields()
                        : definition.fields().stream()
                                .filter(field -> names.contains(field.name()))
                                .toList();
    }

    /**
     * The schema of a search's answer.
     *
     * @param names of the metadata to return; null: all; refused with UNKNOWN_FIELD if not declared
     */
    public static ResultSchema search(
            CollectionDefinition definition, @Nullable List<String> names, boolean includeVector) {
        return new ResultSchema(definition, true, names, includeVector);
    }

    /** The schema of a get's answer; as {@link #search} without score and distance. */
    public static ResultSchema get(
            CollectionDefinition definition, @Nullable List<String> names, boolean includeVector) {
        return new ResultSchema(definition, false, names, includeVector);
    }

    private static void requireField(CollectionDefinition definition, String name) {
        if (definition.field(name).isEmpty()) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_FIELD,
                    "collection '"
                            + definition.name()
                            + "' has no field '"
                            + name
                            + "', it has "
                            + definition.fields().stream().map(Field::name).toList(),
                    "ask for declared fields only");
        }
    }

    public CollectionDefinition definition() {
        return definition;
    }

    /** Whether rows have a score. */
    public boolean search() {
        return search;
    }

    /** Whether rows have a distance. */
    public boolean distance() {
        return search && definition.metric() == Metric.L2;
    }

    public boolean includeVector() {
        return includeVector;
    }

    /** The metadata columns. */
    public List<Field> fields() {
        return fields;
    }

    public Schema arrow() {
        List<org.apache.arrow.vector.types.pojo.Field> columns = new ArrayList<>();
        columns.add(
                org.apache.arrow.vector.types.pojo.Field.nullable(
                        ColumnTypes.QUERY, ColumnTypes.INT32));
        columns.add(ColumnTypes.id(definition.keyType()));
        if (search) {
            columns.add(
                    org.apache.arrow.vector.types.pojo.Field.nullable(
                            ColumnTypes.SCORE, ColumnTypes.FLOAT64));
        }
        if (distance()) {
            columns.add(
                    org.apache.arrow.vector.types.pojo.Field.nullable(
                            ColumnTypes.DISTANCE, ColumnTypes.FLOAT64));
        }
        columns.add(
                org.apache.arrow.vector.types.pojo.Field.nullable(
                        ColumnTypes.GENERATION, ColumnTypes.INT32));
        columns.add(
                org.apache.arrow.vector.types.pojo.Field.nullable(
                        ColumnTypes.VERSION, ColumnTypes.INT64));
        columns.add(
                org.apache.arrow.vector.types.pojo.Field.nullable(
                        ColumnTypes.TIEBREAK, ColumnTypes.INT64));
        if (includeVector) {
            columns.add(ColumnTypes.vector(definition.dimension(), VectorEncoding.FLOAT16));
        }
        fields.forEach(field -> columns.add(ColumnTypes.metadata(field)));
        return new Schema(columns);
    }

    /** Refuses an answer whose columns are not these, with SCHEMA_MISMATCH. */
    public void check(Schema schema) {
        if (!schema.getFields().equals(arrow().getFields())) {
            throw SchemaMismatch.of(
                    "the answer has columns "
                            + schema.getFields()
                            + ", expected "
                            + arrow().getFields(),
                    "use client and server of matching releases");
        }
    }
}
