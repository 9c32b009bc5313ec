package io.arbalest.protocol;

import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Builds batches of writes with binary16 vectors: {@link #clear}, {@link #add} for every row,
 * {@link #finish}, send, and again. The rows are expected to be checked; nothing is widened on the
 * way.
 *
 * <p>Confined to one thread at a time.
 */
public final class PutBatch implements AutoCloseable {
    private final VectorSchemaRoot root;
    private final KeyColumn keys;
    private final VectorColumn vectors;
    private final TinyIntVector operations;
    private final IntVector generations;
    private final BigIntVector versions;
    private final BigIntVector tiebreaks;
    private final Map<String, ColumnWriter> metadata = new LinkedHashMap<>();
    private final ColumnWriter nulls;
    private int rows;

    public PutBatch(PutSchema schema, BufferAllocator allocator) {
        this.root = VectorSchemaRoot.create(schema.arrow(), allocator);
        this.keys = new KeyColumn(root.getVector(ColumnTypes.ID));
        this.vectors = new VectorColumn((FixedSizeListVector) root.getVector(ColumnTypes.VECTOR));
        this.operations = (TinyIntVector) root.getVector(ColumnTypes.OPERATION);
        this.generations = (IntVector) root.getVector(ColumnTypes.GENERATION);
        this.versions = (BigIntVector) root.getVector(ColumnTypes.VERSION);
        this.tiebreaks = (BigIntVector) root.getVector(ColumnTypes.TIEBREAK);
        this.nulls = ColumnWriter.of(FieldType.STRING_ARRAY, root.getVector(ColumnTypes.NULLS));
        for (Field field : schema.definition().fields()) {
            metadata.put(field.name(), ColumnWriter.of(field.type(), root.getVector(field.name())));
        }
    }

    /** Starts a batch of about this many rows. */
    public void clear(int expectedRows) {
        rows = 0;
        root.clear();
        for (FieldVector column : root.getFieldVectors()) {
            column.setInitialCapacity(expectedRows);
            column.allocateNew();
        }
        vectors.allocate(expectedRows);
    }

    /**
     * Appends a row; metadata that the collection does not declare is left out.
     *
     * @param values by field name; {@link ExplicitNull#NULL} sets a field to null
     */
    public void add(
            PointKey key,
            OperationKind operation,
            short @Nullable [] vector,
            Map<String, Object> values,
            @Nullable Version version) {
        int row = rows++;
        keys.set(row, key);
        operations.setSafe(row, operation.wireValue());
        if (vector == null || vector.length == 0) {
            vectors.setNull(row);
        } else {
            vectors.setHalves(row, vector);
        }
        if (version != null) {
            generations.setSafe(row, version.generation());
            versions.setSafe(row, version.version());
            tiebreaks.setSafe(row, version.tiebreak());
        }
        metadata.forEach((name, column) -> {
            Object value = values.get(name);
            column.set(row, value == ExplicitNull.NULL ? null : value);
        });
        if (values.containsValue(ExplicitNull.NULL)) {
            nulls.set(
                    row,
                    metadata.keySet().stream()
                            .filter(name -> values.get(name) == ExplicitNull.NULL)
                            .toList());
        }
    }

    /** Ends the batch; the root is then ready to be sent. */
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
