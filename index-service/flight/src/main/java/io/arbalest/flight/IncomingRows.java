package io.arbalest.flight;

import io.arbalest.engine.RowBatch;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.protocol.PutRows;
import io.arbalest.protocol.VectorColumn;
import io.arbalest.protocol.VectorEncoding;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One batch of writes, taken out of its stream: keys, versions and metadata as Java values, and the
 * vectors where Arrow received them, as a memory segment over the retained buffer. Flight loads the
 * next batch into the same Arrow vectors, so nothing here points at them. What a row gets wrong is
 * kept as that row's error.
 *
 * <p>Owns its Arrow buffers until {@link #close()}, which must come after the write's future has
 * completed. Confined to the call's thread until it is handed to the engine; closed by whoever sees
 * the write's end.
 */
final class IncomingRows implements AutoCloseable {
    private final CollectionDefinition definition;
    private final BufferAllocator allocator;
    private final int rows;
    private final List<@Nullable PointKey> keys;
    private final List<OperationKind> operations;
    private final List<@Nullable Version> versions;
    private final List<Map<String, Object>> metadata;
    private final BitSet vectorPresent;
    private final Map<Integer, ArbalestException> rejected = new TreeMap<>();
    private final List<ArrowBuf> buffers = new ArrayList<>();
    private @Nullable ArrowBuf vectors;

    private IncomingRows(CollectionDefinition definition, BufferAllocator allocator, int rows) {
        this.definition = definition;
        this.allocator = allocator;
        this.rows = rows;
        this.keys = new ArrayList<>(rows);
        this.operations = new ArrayList<>(rows);
        this.versions = new ArrayList<>(rows);
        this.metadata = new ArrayList<>(rows);
        this.vectorPresent = new BitSet(rows);
    }

    /**
     * Takes the batch that is in the stream's vectors now.
     *
     * @param nullComponents whether some component in the vector column is null, which is rare and
     *     slow to look for row by row
     */
    static IncomingRows take(
            PutRows source,
            boolean nullComponents,
            CollectionDefinition definition,
            BufferAllocator allocator) {
        IncomingRows taken = new IncomingRows(definition, allocator, source.rowCount());
        try {
            taken.takeVectors(source.vectors());
            for (int row = 0; row < taken.rows; row++) {
                taken.takeRow(source, nullComponents, row);
            }
            return taken;
        } catch (RuntimeException e) {
            taken.close();
            throw e;
        }
    }

    private void takeVectors(@Nullable VectorColumn column) {
        if (column == null || rows == 0) {
            return;
        }
        if (column.encoding() == VectorEncoding.FLOAT16) {
            ArrowBuf data = column.data();
            vectors =
                    keep(
                            data.getReferenceManager()
                                    .transferOwnership(data, allocator)
                                    .getTransferredBuffer());
        } else {
            vectors = keep(allocator.buffer(rowBytes() * rows));
        }
    }

    private void takeRow(PutRows source, boolean nullComponents, int row) {
        PointKey key = null;
        OperationKind operation = OperationKind.UPSERT;
        Version version = null;
        Map<String, Object> values = Map.of();
        try {
            key = source.key(row);
            operation = source.operation(row);
            version = source.version(row);
            if (operation != OperationKind.DELETE) {
                takeVector(source, nullComponents, row);
                values = source.metadata(row);
            }
        } catch (ArbalestException e) {
            rejected.put(row, e);
        }
        keys.add(key);
        operations.add(operation);
        versions.add(version);
        metadata.add(values);
    }

    private void takeVector(PutRows source, boolean nullComponents, int row) {
        VectorColumn column = source.vectors();
        if (column == null || column.isNull(row)) {
            return; // the shard knows whether there is a point whose vector stays
        }
        if (nullComponents) {
            column = source.requireVector(row);
        }
        vectorPresent.set(row);
        if (column.encoding() == VectorEncoding.FLOAT32 && vectors != null) {
            short[] halves = new short[definition.dimension()];
            column.copyHalves(row, halves);
            MemorySegment.copy(
                    halves,
                    0,
                    segment(vectors),
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    row * rowBytes(),
                    halves.length);
        }
    }

    int rows() {
        return rows;
    }

    /** The key of a row that is not rejected. */
    PointKey key(int row) {
        PointKey key = keys.get(row);
        if (key == null) {
            throw new IllegalStateException("row " + row + " is rejected");
        }
        return key;
    }

    OperationKind operation(int row) {
        return operations.get(row);
    }

    @Nullable Version version(int row) {
        return versions.get(row);
    }

    /** Metadata by name, without nulls. */
    Map<String, Object> metadata(int row) {
        return metadata.get(row);
    }

    /** A copy of the row's vector, or null if it has none. */
    short @Nullable [] vector(int row) {
        if (vectors == null || !vectorPresent.get(row)) {
            return null;
        }
        short[] halves = new short[definition.dimension()];
        MemorySegment.copy(
                segment(vectors),
                ValueLayout.JAVA_SHORT_UNALIGNED,
                row * rowBytes(),
                halves,
                0,
                halves.length);
        return halves;
    }

    /** Errors by row, so far. */
    Map<Integer, ArbalestException> rejected() {
        return rejected;
    }

    void reject(int row, ArbalestException error) {
        rejected.put(row, error);
    }

    /** Positions of the rows that are not rejected. */
    int[] accepted() {
        int[] positions = new int[rows - rejected.size()];
        int count = 0;
        for (int row = 0; row < rows; row++) {
            if (!rejected.containsKey(row)) {
                positions[count++] = row;
            }
        }
        return positions;
    }

    /**
     * Some of the rows for the engine. All of them: the vectors are not copied; else they are
     * gathered once.
     *
     * @param positions ascending
     */
    RowBatch select(int[] positions, RowBatch.Writer writer, boolean acceptOlder) {
        int count = positions.length;
        List<OperationKind> selectedOperations = new ArrayList<>(count);
        List<PointKey> selectedKeys = new ArrayList<>(count);
        List<@Nullable Version> selectedVersions = new ArrayList<>(count);
        List<@Nullable Object[]> selectedMetadata = new ArrayList<>(count);
        BitSet present = new BitSet(count);
        for (int index = 0; index < count; index++) {
            int row = positions[index];
            selectedOperations.add(operations.get(row));
            selectedKeys.add(key(row));
            selectedVersions.add(versions.get(row));
            selectedMetadata.add(inOrderOfFields(metadata.get(row)));
            present.set(index, vectorPresent.get(row));
        }
        return new RowBatch(
                selectedOperations,
                selectedKeys,
                selectedVersions,
                selectVectors(positions, present),
                present,
                selectedMetadata,
                writer,
                acceptOlder);
    }

    private MemorySegment selectVectors(int[] positions, BitSet present) {
        if (vectors == null || positions.length == 0) {
            return MemorySegment.NULL;
        }
        MemorySegment all = segment(vectors).asSlice(0, rowBytes() * rows);
        if (positions.length == rows) {
            return all;
        }
        MemorySegment gathered = segment(keep(allocator.buffer(rowBytes() * positions.length)));
        for (int index = 0; index < positions.length; index++) {
            if (present.get(index)) {
                MemorySegment.copy(
                        all,
                        positions[index] * rowBytes(),
                        gathered,
                        index * rowBytes(),
                        rowBytes());
            }
        }
        return gathered;
    }

    private @Nullable Object[] inOrderOfFields(Map<String, Object> values) {
        List<Field> fields = definition.fields();
        @Nullable Object[] ordered = new @Nullable Object[fields.size()];
        for (int index = 0; index < ordered.length; index++) {
            ordered[index] = values.get(fields.get(index).name());
        }
        return ordered;
    }

    private long rowBytes() {
        return (long) definition.dimension() * VectorEncoding.FLOAT16.bytes();
    }

    /** The buffer's memory, unchecked: it lives until {@link #close()}. */
    @SuppressWarnings("restricted")
    private static MemorySegment segment(ArrowBuf buffer) {
        return MemorySegment.ofAddress(buffer.memoryAddress()).reinterpret(buffer.capacity());
    }

    private ArrowBuf keep(ArrowBuf buffer) {
        buffers.add(buffer);
        return buffer;
    }

    @Override
    public void close() {
        buffers.forEach(ArrowBuf::close);
        buffers.clear();
        vectors = null;
    }
}
