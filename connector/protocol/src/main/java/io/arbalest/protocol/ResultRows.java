package io.arbalest.protocol;

import io.arbalest.model.Field;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the rows of an answer. Made once per stream, as {@link PutRows}.
 *
 * <p>Confined to the thread that owns the root.
 */
public final class ResultRows {
    private final VectorSchemaRoot root;
    private final IntVector queries;
    private final KeyColumn keys;
    private final @Nullable Float8Vector scores;
    private final IntVector generations;
    private final BigIntVector versions;
    private final BigIntVector tiebreaks;
    private final @Nullable VectorColumn vectors;
    private final Map<String, ColumnReader> metadata = new LinkedHashMap<>();

    /** Refused with SCHEMA_MISMATCH if the root does not have the schema. */
    public ResultRows(ResultSchema schema, VectorSchemaRoot root) {
        schema.check(root.getSchema());
        this.root = root;
        this.queries = (IntVector) root.getVector(ColumnTypes.QUERY);
        this.keys = new KeyColumn(root.getVector(ColumnTypes.ID));
        this.scores = schema.search() ? (Float8Vector) root.getVector(ColumnTypes.SCORE) : null;
        this.generations = (IntVector) root.getVector(ColumnTypes.GENERATION);
        this.versions = (BigIntVector) root.getVector(ColumnTypes.VERSION);
        this.tiebreaks = (BigIntVector) root.getVector(ColumnTypes.TIEBREAK);
        this.vectors =
                schema.includeVector()
                        ? new VectorColumn((FixedSizeListVector) root.getVector(ColumnTypes.VECTOR))
                        : null;
        for (Field field : schema.fields()) {
            metadata.put(field.name(), ColumnReader.of(field.type(), root.getVector(field.name())));
        }
    }

    public int rowCount() {
        return root.getRowCount();
    }

    /** Index of the query or key that the row answers. */
    public int query(int row) {
        return queries.get(row);
    }

    public PointKey key(int row) {
        return keys.get(row);
    }

    /** Larger is closer; NaN in a get's answer. */
    public double score(int row) {
        return scores == null ? Double.NaN : scores.get(row);
    }

    public Version version(int row) {
        return new Version(generations.get(row), versions.get(row), tiebreaks.get(row));
    }

    /** The vector as binary16, or null if it was not asked for. */
    public short @Nullable [] vector(int row) {
        if (vectors == null || vectors.isNull(row)) {
            return null;
        }
        short[] vector = new short[vectors.dimension()];
        vectors.copyHalves(row, vector);
        return vector;
    }

    /** Metadata by field name, in the collection's order, without nulls. */
    public Map<String, Object> metadata(int row) {
        Map<String, Object> values = new LinkedHashMap<>();
        metadata.forEach((name, column) -> {
            Object value = column.get(row);
            if (value != null) {
                values.put(name, value);
            }
        });
        return values;
    }
}
