package io.arbalest.engine;

import io.arbalest.model.Binary16;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Builds batches of rows. */
final class Batches {
    private final int dimension;
    private final int fields;
    private final List<OperationKind> operations = new ArrayList<>();
    private final List<PointKey> keys = new ArrayList<>();
    private final List<@Nullable Version> versions = new ArrayList<>();
    private final List<float @Nullable []> vectors = new ArrayList<>();
    private final List<@Nullable Object[]> metadata = new ArrayList<>();

    private boolean acceptOlder;

    private Batches(int dimension, int fields) {
        this.dimension = dimension;
        this.fields = fields;
    }

    static Batches of(int dimension, int fields) {
        return new Batches(dimension, fields);
    }

    Batches upsert(
            PointKey key,
            @Nullable Version version,
            float @Nullable [] vector,
            @Nullable Object... values) {
        return row(OperationKind.UPSERT, key, version, vector, values);
    }

    Batches delete(PointKey key, @Nullable Version version) {
        return row(OperationKind.DELETE, key, version, null, new @Nullable Object[fields]);
    }

    Batches row(
            OperationKind operation,
            PointKey key,
            @Nullable Version version,
            float @Nullable [] vector,
            @Nullable Object... values) {
        operations.add(operation);
        keys.add(key);
        versions.add(version);
        vectors.add(vector);
        metadata.add(values);
        return this;
    }

    /** Lets the rows be older than what is forgotten. */
    Batches acceptOlder() {
        acceptOlder = true;
        return this;
    }

    int rows() {
        return keys.size();
    }

    RowBatch build() {
        return build(RowBatch.Writer.ANONYMOUS);
    }

    RowBatch build(RowBatch.Writer writer) {
        BitSet present = new BitSet();
        byte[] bytes = new byte[keys.size() * dimension * 2];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        ValueLayout.OfShort half =
                ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < keys.size(); row++) {
            float[] vector = vectors.get(row);
            if (vector != null) {
                present.set(row);
                for (int i = 0; i < dimension; i++) {
                    segment.set(
                            half, (row * (long) dimension + i) * 2, Binary16.fromFloat(vector[i]));
                }
            }
        }
        return new RowBatch(
                operations, keys, versions, segment, present, metadata, writer, acceptOlder);
    }
}
