package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;

import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;

/**
 * A column of keys: Utf8 or Int64.
 *
 * <p>Confined to the thread that owns the Arrow vector.
 */
public final class KeyColumn {
    private final FieldVector vector;
    private final KeyType type;

    KeyColumn(FieldVector vector) {
        this.vector = vector;
        this.type = vector instanceof BigIntVector ? KeyType.INT64 : KeyType.STRING;
    }

    /** The key of a row; refused with KEY_MISSING or KEY_TOO_LONG. */
    public PointKey get(int row) {
        if (vector.isNull(row)) {
            throw new ArbalestException(
                    ErrorCode.KEY_MISSING,
                    "row " + row + " has a null in column id",
                    "give every point an id");
        }
        return type == KeyType.INT64
                ? PointKey.of(((BigIntVector) vector).get(row))
                : PointKey.ofCanonicalBytes(KeyType.STRING, ((VarCharVector) vector).get(row));
    }

    void set(int row, PointKey key) {
        if (type != key.type()) {
            throw new ArbalestException(
                    ErrorCode.KEY_TYPE_MISMATCH,
                    "the collection's keys are " + type + ", got " + key.type() + " '" + key + "'",
                    "use keys of the collection's type");
        }
        if (type == KeyType.INT64) {
            ((BigIntVector) vector).setSafe(row, key.asLong());
        } else {
            ((VarCharVector) vector).setSafe(row, key.canonicalBytes());
        }
    }
}
