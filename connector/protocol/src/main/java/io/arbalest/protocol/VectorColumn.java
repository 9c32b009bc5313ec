package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.ErrorCode;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.complex.FixedSizeListVector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A column of vectors, {@code FixedSizeList<float16|float32>[dimension]}. Row {@code r} starts at
 * byte {@code r * dimension * encoding.bytes()} of {@link #data()}: a reader that wants the raw
 * bits copies them from there in one move.
 *
 * <p>Confined to the thread that owns the Arrow vector. A column stays valid when the next batch is
 * loaded into the same vector; addresses do not.
 */
public final class VectorColumn {
    private final FixedSizeListVector vector;
    private final BaseFixedWidthVector components;
    private final VectorEncoding encoding;
    private final int dimension;

    /**
     * A vector whose type {@link PutSchema}, {@link QuerySchema} or {@link ResultSchema} made or
     * checked.
     */
    VectorColumn(FixedSizeListVector vector) {
        this.vector = vector;
        this.components = (BaseFixedWidthVector) vector.getDataVector();
        this.encoding =
                components instanceof Float2Vector
                        ? VectorEncoding.FLOAT16
                        : VectorEncoding.FLOAT32;
        this.dimension = vector.getListSize();
    }

    public VectorEncoding encoding() {
        return encoding;
    }

    public int dimension() {
        return dimension;
    }

    public boolean isNull(int row) {
        return vector.isNull(row);
    }

    /** Whether a component of this row is null, which no vector may have. */
    public boolean hasNullComponent(int row) {
        if (components.getNullCount() == 0) {
            return false;
        }
        int first = row * dimension;
        for (int component = first; component < first + dimension; component++) {
            if (components.isNull(component)) {
                return true;
            }
        }
        return false;
    }

    /** The components of all rows, in row-major order; belongs to the vector. */
    public ArrowBuf data() {
        return components.getDataBuffer();
    }

    /** Where a row starts in {@link #data()}, in bytes. */
    public long byteOffset(int row) {
        return (long) row * dimension * encoding.bytes();
    }

    /**
     * Copies a row as binary16; floats are rounded to the nearest.
     *
     * @throws ArbalestException VECTOR_OUT_OF_RANGE for a finite float that binary16 cannot hold
     */
    public void copyHalves(int row, short[] target) {
        ArrowBuf data = data();
        long offset = byteOffset(row);
        if (encoding == VectorEncoding.FLOAT16) {
            for (int component = 0; component < dimension; component++) {
                target[component] = data.getShort(offset + 2L * component);
            }
            return;
        }
        for (int component = 0; component < dimension; component++) {
            float value = data.getFloat(offset + 4L * component);
            short half = Binary16.fromFloat(value);
            if ((half & 0x7fff) == 0x7c00 && !Float.isInfinite(value)) {
                throw new ArbalestException(
                        ErrorCode.VECTOR_OUT_OF_RANGE,
                        "component "
                                + component
                                + " is "
                                + value
                                + ", binary16 holds up to "
                                + Binary16.MAX_VALUE,
                        "scale the vectors down before writing them");
            }
            target[component] = half;
        }
    }

    /** Copies a row as floats, exactly. */
    public void copyFloats(int row, float[] target) {
        ArrowBuf data = data();
        long offset = byteOffset(row);
        for (int component = 0; component < dimension; component++) {
            target[component] =
                    encoding == VectorEncoding.FLOAT16
                            ? Binary16.toFloat(data.getShort(offset + 2L * component))
                            : data.getFloat(offset + 4L * component);
        }
    }

    /** Makes room for this many rows; all are null until they are set. */
    void allocate(int rows) {
        vector.setInitialCapacity(rows);
        vector.allocateNew();
        components.setInitialCapacity(rows * dimension);
        components.allocateNew();
    }

    /** Sets a row from binary16; the column must be of that encoding. */
    void setHalves(int row, short[] source) {
        grow(row);
        long offset = byteOffset(row);
        ArrowBuf data = data();
        ByteBuffer target = data.nioBuffer(offset, dimension * 2).order(ByteOrder.LITTLE_ENDIAN);
        target.asShortBuffer().put(source, 0, dimension);
        markPresent(row);
    }

    /** Sets a row from floats; the column must be of that encoding. */
    void setFloats(int row, float[] source) {
        grow(row);
        ByteBuffer target =
                data().nioBuffer(byteOffset(row), dimension * 4).order(ByteOrder.LITTLE_ENDIAN);
        target.asFloatBuffer().put(source, 0, dimension);
        markPresent(row);
    }

    void setNull(int row) {
        grow(row);
        vector.setNull(row);
    }

    private void grow(int row) {
        while (row >= vector.getValueCapacity()) {
            vector.reAlloc();
        }
        while ((long) (row + 1) * dimension > components.getValueCapacity()) {
            components.reAlloc();
        }
    }

    private void markPresent(int row) {
        vector.setNotNull(row);
        ArrowBuf validity = components.getValidityBuffer();
        long end = (long) (row + 1) * dimension;
        for (long component = (long) row * dimension; component < end; component++) {
            BitVectorHelper.setBit(validity, component);
        }
    }
}
