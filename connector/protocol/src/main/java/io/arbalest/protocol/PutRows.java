package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the rows of a batch of writes. Made once per stream: it stays valid while further batches
 * are loaded into the same root. What a row may get wrong is refused row by row, so that the rest
 * of its batch is kept.
 *
 * <p>Confined to the thread that owns the root.
 */
public final class PutRows {
    private record MetadataColumn(Field field, ColumnReader reader) {}

    private final VectorSchemaRoot root;
    private final KeyColumn keys;
    private final @Nullable VectorColumn vectors;
    private final @Nullable TinyIntVector operations;
    private final @Nullable IntVector generations;
    private final @Nullable BigIntVector versions;
    private final @Nullable BigIntVector tiebreaks;
    private final List<MetadataColumn> metadata = new ArrayList<>();
    private final @Nullable ColumnReader nulls;
    private final PutSchema schema;

    public PutRows(PutSchema schema, VectorSchemaRoot root) {
        this.root = root;
        this.schema = schema;
        this.keys = new KeyColumn(root.getVector(ColumnTypes.ID));
        FieldVector vector = optional(schema, ColumnTypes.VECTOR);
        this.vectors = vector == null ? null : new VectorColumn((FixedSizeListVector) vector);
        this.operations = (TinyIntVector) optional(schema, ColumnTypes.OPERATION);
        this.generations = (IntVector) optional(schema, ColumnTypes.GENERATION);
        this.versions = (BigIntVector) optional(schema, ColumnTypes.VERSION);
        this.tiebreaks = (BigIntVector) optional(schema, ColumnTypes.TIEBREAK);
        FieldVector named = optional(schema, ColumnTypes.NULLS);
        this.nulls = named == null ? null : ColumnReader.of(FieldType.STRING_ARRAY, named);
        for (Field field : schema.definition().fields()) {
            FieldVector column = optional(schema, field.name());
            if (column != null) {
                metadata.add(new MetadataColumn(field, ColumnReader.of(field.type(), column)));
            }
        }
    }

    private @Nullable FieldVector optional(PutSchema schema, String name) {
        int column = schema.column(name);
        return column < 0 ? null : root.getVector(column);
    }

    public int rowCount() {
        return root.getRowCount();
    }

    /** Refused with KEY_MISSING or KEY_TOO_LONG. */
    public PointKey key(int row) {
        return keys.get(row);
    }

    /** Refused with UNKNOWN_OPERATION. */
    public OperationKind operation(int row) {
        return operations == null || operations.isNull(row)
                ? OperationKind.UPSERT
                : OperationKind.ofWireValue(operations.get(row));
    }

    /** The row's version, or null if it is unversioned. */
    public @Nullable Version version(int row) {
        if (versions == null || versions.isNull(row)) {
            return null;
        }
        int generation = generations == null || generations.isNull(row) ? 0 : generations.get(row);
        long tiebreak = tiebreaks == null || tiebreaks.isNull(row) ? 0 : tiebreaks.get(row);
        return new Version(generation, versions.get(row), tiebreak);
    }

    /** The vector column, or null if the stream has none. */
    public @Nullable VectorColumn vectors() {
        return vectors;
    }

    /**
     * The vector column at a row that must have a vector; refused with VECTOR_MISSING or
     * VECTOR_NOT_FINITE (a null inside).
     */
    public VectorColumn requireVector(int row) {
        if (vectors == null || vectors.isNull(row)) {
            throw new ArbalestException(
                    ErrorCode.VECTOR_MISSING,
                    "row " + row + " is an upsert without a vector",
                    "send a vector, or _op = 1 to delete the point");
        }
        if (vectors.hasNullComponent(row)) {
            throw new ArbalestException(
                    ErrorCode.VECTOR_NOT_FINITE,
                    "the vector of row " + row + " has a null component",
                    "send every component");
        }
        return vectors;
    }

    /**
     * The row's metadata by field name: values that are given, and {@link ExplicitNull#NULL} for
     * the fields that are set to null. Refused with VALUE_TYPE_MISMATCH for a NaN and for a field
     * that has a value and is set to null, VALUE_NOT_JSON, UNKNOWN_FIELD, and with LIMIT_EXCEEDED
     * for values beyond {@link WireLimits}.
     */
    public Map<String, Object> metadata(int row) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (MetadataColumn column : metadata) {
            Object value = column.reader.get(row);
            if (value != null) {
                MetadataValues.check(column.field, value);
                values.put(column.field.name(), value);
            }
        }
        if (nulls != null && nulls.get(row) instanceof List<?> named) {
            named.forEach(name -> setToNull((String) name, values));
        }
        return values;
    }

    private void setToNull(String name, Map<String, Object> values) {
        if (schema.definition().field(name).isEmpty()) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_FIELD,
                    "_nulls names field '"
                            + name
                            + "', which collection '"
                            + schema.definition().name()
                            + "' does not have",
                    "use one of "
                            + schema.definition().fields().stream().map(Field::name).toList());
        }
        Object value = values.put(name, ExplicitNull.NULL);
        if (value != null && value != ExplicitNull.NULL) {
            throw new ArbalestException(
                    ErrorCode.VALUE_TYPE_MISMATCH,
                    "field '" + name + "' has a value and is named in _nulls, expected one of them",
                    "leave the value out, or the name");
        }
    }
}
