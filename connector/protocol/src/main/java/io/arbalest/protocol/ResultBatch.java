package io.arbalest.protocol;

import io.arbalest.model.Field;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Builds answers: {@link #clear}, {@link #add} for every row in the order of {@link ResultSchema},
 * {@link #finish}, send.
 *
 * <p>Confined to one thread at a time.
 */
public final class ResultBatch implements AutoCloseable {
    private final VectorSchemaRoot root;
    private final IntVector queries;
    private final KeyColumn keys;
    private final @Nullable Float8Vector scores;
    private final @Nullable Float8Vector distances;
    private final IntVector generations;
    private final BigIntVector versions;
    private final BigIntVector tiebreaks;
    private final @Nullable VectorColumn vectors;
    private final Map<String, ColumnWriter> metadata = new LinkedHashMap<>();
    private int rows;

    public ResultBatch(ResultSchema schema, BufferAllocator allocator) {
        this.root = VectorSchemaRoot.create(schema.arrow(), allocator);
        this.queries = (IntVector) root.getVector(ColumnTypes.QUERY);
        this.keys = new KeyColumn(root.getVector(ColumnTypes.ID));
        this.scores = schema.search() ? (Float8Vector) root.getVector(ColumnTypes.SCORE) : null;
        this.distances =
                schema.distance() ? (Float8Vector) root.getVector(ColumnTypes.DISTANCE) : null;
        this.generations = (IntVector) root.getVector(ColumnTypes.GENERATION);
        this.versions = (BigIntVector) root.getVector(ColumnTypes.VERSION);
        this.tiebreaks = (BigIntVector) root.getVector(ColumnTypes.TIEBREAK);
        this.vectors =
                schema.includeVector()
                        ? new VectorColumn((FixedSizeListVector) root.getVector(ColumnTypes.VECTOR))
                        : null;
        for (Field field : schema.fields()) {
            metadata.put(field.name(), ColumnWriter.of(field.type(), root.getVector(field.name())));
        }
    }

    /** Starts an answer of about this many rows. */
    public void clear(int expectedRows) {
        rows = 0;
        root.clear();
        for (FieldVector column : root.getFieldVectors()) {
            column.setInitialCapacity(expectedRows);
            column.allocateNew();
        }
        if (vectors != null) {
            vectors.allocate(expectedRows);
        }
    }

    /**
     * Appends a row.
     *
     * @param score not read by a get
     * @param vector binary16; not read unless the schema includes vectors
     * @param values metadata by name; what the schema does not include is left out
     */
    public void add(
            int query,
            PointKey key,
            double score,
            Version version,
            short @Nullable [] vector,
            Map<String, Object> values) {
        int row = rows++;
        queries.setSafe(row, query);
        keys.set(row, key);
        if (scores != null) {
            scores.setSafe(row, score);
        }
        if (distances != null) {
            distances.setSafe(row, 0.0 - score); // not -score: a distance of zero is +0.0
        }
        generations.setSafe(row, version.generation());
        versions.setSafe(row, version.version());
        tiebreaks.setSafe(row, version.tiebreak());
        if (vectors != null) {
            if (vector == null) {
                vectors.setNull(row);
            } else {
                vectors.setHalves(row, vector);
            }
        }
        metadata.forEach((name, column) -> column.set(row, values.get(name)));
    }

    /** Ends the answer; the root is then ready to be sent. */
    public VectorSchemaRoot finish() {
        root.setRowCount(rows);
        return root;
    }

    public VectorSchemaRoot root() {
        return root;
    }

    public int rows() {
        return rows;
    }

    @Override
    public void close() {
        root.close();
    }
}
