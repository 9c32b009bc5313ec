package io.arbalest.protocol;

import com.google.protobuf.ByteString;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;

import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Schema;

import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a client sends in a DoExchange: for searches one column {@code vector}
 * FixedSizeList&lt;float16|float32&gt; [dimension], for gets one column {@code id}. A DoGet carries
 * the same in its ticket.
 *
 * <p>Thread-safe: no state.
 */
public final class QuerySchema {
    private QuerySchema() {}

    /** Queries as float32, so that a query is not rounded before it is compared. */
    public static Schema search(CollectionDefinition definition) {
        return new Schema(
                List.of(ColumnTypes.vector(definition.dimension(), VectorEncoding.FLOAT32)));
    }

    public static Schema get(CollectionDefinition definition) {
        return new Schema(List.of(ColumnTypes.id(definition.keyType())));
    }

    /** Refused with SCHEMA_MISMATCH, DIMENSION_MISMATCH or KEY_TYPE_MISMATCH. */
    public static void check(Schema schema, CollectionDefinition definition, boolean get) {
        String expected = get ? ColumnTypes.ID : ColumnTypes.VECTOR;
        if (schema.getFields().size() != 1
                || !schema.getFields().get(0).getName().equals(expected)) {
            throw SchemaMismatch.of(
                    "the request has columns "
                            + schema.getFields().stream()
                                    .map(org.apache.arrow.vector.types.pojo.Field::getName)
                                    .toList()
                            + ", expected only "
                            + expected,
                    "send the column " + expected + " and nothing else");
        }
        if (get) {
            SchemaMismatch.checkId(schema.getFields().get(0), definition);
        } else {
            SchemaMismatch.checkVector(schema.getFields().get(0), definition);
        }
    }

    /**
     * The queries of a batch whose schema was checked. Refused with LIMIT_EXCEEDED, VECTOR_MISSING
     * or VECTOR_NOT_FINITE.
     */
    public static List<float[]> readQueries(VectorSchemaRoot root) {
        checkCount(root.getRowCount(), WireLimits.MAX_QUERIES, "queries");
        VectorColumn column =
                new VectorColumn((FixedSizeListVector) root.getVector(ColumnTypes.VECTOR));
        List<float[]> queries = new ArrayList<>(root.getRowCount());
        for (int row = 0; row < root.getRowCount(); row++) {
            if (column.isNull(row) || column.hasNullComponent(row)) {
                throw new ArbalestException(
                        ErrorCode.VECTOR_MISSING,
                        "query " + row + " is null or has a null",
                        "send a vector in every row");
            }
            float[] query = new float[column.dimension()];
            column.copyFloats(row, query);
            checkFinite(query, row);
            queries.add(query);
        }
        return queries;
    }

    /**
     * The queries of a ticket: row-major little-endian binary16. Refused with DIMENSION_MISMATCH
     * and as by a batch.
     */
    public static List<float[]> readQueries(ByteString halves, int dimension) {
        int rowBytes = dimension * VectorEncoding.FLOAT16.bytes();
        if (halves.isEmpty() || halves.size() % rowBytes != 0) {
            throw new ArbalestException(
                    ErrorCode.DIMENSION_MISMATCH,
                    "vectors_f16 has "
                            + halves.size()
                            + " bytes, expected a multiple of "
                            + rowBytes,
                    "send " + dimension + " binary16 components per query");
        }
        int count = halves.size() / rowBytes;
        checkCount(count, WireLimits.MAX_QUERIES, "queries");
        ShortBuffer bits =
                halves.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        List<float[]> queries = new ArrayList<>(count);
        for (int row = 0; row < count; row++) {
            float[] query = new float[dimension];
            for (int component = 0; component < dimension; component++) {
                query[component] = Binary16.toFloat(bits.get());
            }
            checkFinite(query, row);
            queries.add(query);
        }
        return queries;
    }

    /**
     * The keys of a batch whose schema was checked. Refused with LIMIT_EXCEEDED, KEY_MISSING or
     * KEY_TOO_LONG.
     */
    public static List<PointKey> readKeys(VectorSchemaRoot root) {
        checkCount(root.getRowCount(), WireLimits.MAX_KEYS, "keys");
        KeyColumn column = new KeyColumn(root.getVector(ColumnTypes.ID));
        List<PointKey> keys = new ArrayList<>(root.getRowCount());
        for (int row = 0; row < root.getRowCount(); row++) {
            keys.add(column.get(row));
        }
        return keys;
    }

    /** Fills a root of {@link #search} with queries. */
    public static void writeQueries(VectorSchemaRoot root, List<float[]> queries) {
        root.clear();
        FieldVector vector = root.getVector(ColumnTypes.VECTOR);
        VectorColumn column = new VectorColumn((FixedSizeListVector) vector);
        column.allocate(queries.size());
        for (int row = 0; row < queries.size(); row++) {
            column.setFloats(row, queries.get(row));
        }
        root.setRowCount(queries.size());
    }

    /** Fills a root of {@link #get} with keys. */
    public static void writeKeys(VectorSchemaRoot root, List<PointKey> keys) {
        root.clear();
        FieldVector vector = root.getVector(ColumnTypes.ID);
        vector.setInitialCapacity(keys.size());
        vector.allocateNew();
        KeyColumn column = new KeyColumn(vector);
        for (int row = 0; row < keys.size(); row++) {
            column.set(row, keys.get(row));
        }
        root.setRowCount(keys.size());
    }

    private static void checkFinite(float[] query, int row) {
        for (int component = 0; component < query.length; component++) {
            if (!Float.isFinite(query[component])) {
                throw new ArbalestException(
                        ErrorCode.VECTOR_NOT_FINITE,
                        "component " + component + " of query " + row + " is " + query[component],
                        "send finite numbers");
            }
        }
    }

    private static void checkCount(int count, int limit, String what) {
        if (count > limit) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the request has " + count + " " + what + ", at most " + limit + " are allowed",
                    "split the request");
        }
    }
}
