package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How the numbers of an indexed LONG, DOUBLE or TIMESTAMP field lie in a shard's store: in columns,
 * by segment and ordinal. A number is written as its {@link Terms#sortable sortable} long, which
 * orders like the values, so that a range is a comparison of longs.
 *
 * <pre>
 * COLUMNS   key    u16 field position | u32 segment | u8 0: a run of rows, 1: a row that was changed in place
 *                  | u32 ordinal of the first row (11 bytes, big-endian)
 *           value  u8 1 | u8 flags: bit 0 with nulls | u8 width: 0..8 | u16 rows - 1 | i64 least
 *                  | with nulls: one bit a row, set where it is null, from the lowest bit of the first byte on [(rows + 7) / 8]
 *                  | {number - least, the lowest w bytes}[rows], of a null 0 (little-endian)
 * </pre>
 *
 * <p>A run holds rows that were appended one after the other in one batch; a row that is in no run
 * is null. Changed rows lie behind all runs of their segment and stand for what the run says.
 *
 * <p>Thread-safe: no state.
 */
final class ColumnFormat {
    /** Rows of a run: a value has at most 8 KiB and a little. */
    static final int MAX_RUN_ROWS = 1024;

    /** Rows of a run in which all rows have the same number. */
    static final int MAX_CONSTANT_ROWS = 1 << Short.SIZE;

    private static final byte RUN = 0;
    private static final byte CHANGED = 1;
    private static final int WITH_NULLS = 1;
    private static final int HEAD_BYTES = 13;
    private static final int KIND_AT = 6;

    private ColumnFormat() {}

    /** Whether the values of a field are numbers that lie in columns; other values are posted. */
    static boolean columnar(Field field) {
        return field.indexed() && ofNumbers(field.type());
    }

    private static boolean ofNumbers(FieldType type) {
        return type == FieldType.LONG || type == FieldType.DOUBLE || type == FieldType.TIMESTAMP;
    }

    static byte[] runKey(int field, int segment, int firstOrdinal) {
        return key(field, segment, RUN, firstOrdinal);
    }

    static byte[] changedKey(int field, int segment, int ordinal) {
        return key(field, segment, CHANGED, ordinal);
    }

    private static byte[] key(int field, int segment, byte kind, int ordinal) {
        return ByteBuffer.allocate(11)
                .putShort((short) field)
                .putInt(segment)
                .put(kind)
                .putInt(ordinal)
                .array();
    }

    /** What the keys of a field's column in a segment start with. */
    static byte[] prefix(int field, int segment) {
        return ByteBuffer.allocate(KIND_AT).putShort((short) field).putInt(segment).array();
    }

    /** The first row of a run, or the changed row. */
    static int ordinalOf(byte[] key) {
        return ByteBuffer.wrap(key).getInt(KIND_AT + 1);
    }

    /** A run of rows that all have this number. */
    static byte[] constant(long number, int rows) {
        return head(new byte[HEAD_BYTES], 0, 0, rows, number).array();
    }

    /**
     * A run of rows.
     *
     * @param numbers of the rows from the first on; not looked at where the row is null
     * @param isNull one a row
     */
    static byte[] run(long[] numbers, boolean[] isNull, int rows) {
        long least = Long.MAX_VALUE;
        long greatest = Long.MIN_VALUE;
        int nulls = 0;
        for (int row = 0; row < rows; row++) {
            if (isNull[row]) {
                nulls++;
            } else {
                least = Math.min(least, numbers[row]);
                greatest = Math.max(greatest, numbers[row]);
            }
        }
        if (nulls == rows) {
            least = 0;
            greatest = 0;
        }
        int width = (Long.SIZE - Long.numberOfLeadingZeros(greatest - least) + 7) / Byte.SIZE;
        int nullBytes = nulls == 0 ? 0 : nullBytes(rows);
        byte[] value = new byte[HEAD_BYTES + nullBytes + rows * width];
        ByteBuffer out = head(value, nulls == 0 ? 0 : WITH_NULLS, width, rows, least);
        int at = HEAD_BYTES + nullBytes;
        for (int row = 0; row < rows; row++, at += width) {
            if (isNull[row]) {
                value[HEAD_BYTES + (row >>> 3)] |= (byte) (1 << (row & 7));
            } else {
                put(out, at, width, numbers[row] - least);
            }
        }
        return value;
    }

    private static ByteBuffer head(byte[] value, int flags, int width, int rows, long least) {
        return ByteBuffer.wrap(value)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MetadataFormat.VERSION)
                .put((byte) flags)
                .put((byte) width)
                .putShort((short) (rows - 1))
                .putLong(least);
    }

    private static int nullBytes(int rows) {
        return (rows + 7) >>> 3;
    }

    private static void put(ByteBuffer out, int at, int width, long number) {
        if (width == Long.BYTES) {
            out.putLong(at, number);
            return;
        }
        for (int i = 0; i < width; i++) {
            out.put(at + i, (byte) (number >>> (Byte.SIZE * i)));
        }
    }

    private static long get(ByteBuffer in, int at, int width, long mask) {
        if (at + Long.BYTES <= in.limit()) {
            return in.getLong(at) & mask;
        }
        long number = 0;
        for (int i = width - 1; i >= 0; i--) {
            number = (number << Byte.SIZE) | (in.get(at + i) & 0xff);
        }
        return number;
    }

    /**
     * Sets the numbers of a run, or of a changed row, and which of them are null.
     *
     * @param first the ordinal of its first row
     * @param end rows from here on are left out
     * @param nulls one bit a row
     * @throws ArbalestException STORE_FAILED, UNSUPPORTED_FORMAT_VERSION
     */
    static void read(byte[] value, int first, int end, long[] numbers, long[] nulls) {
        ByteBuffer in = MetadataFormat.open(value, HEAD_BYTES, "a column");
        boolean withNulls = (in.get() & WITH_NULLS) != 0;
        int width = in.get();
        int rows = Short.toUnsignedInt(in.getShort()) + 1;
        long least = in.getLong();
        int at = HEAD_BYTES + (withNulls ? nullBytes(rows) : 0);
        if (width < 0 || width > Long.BYTES || value.length != at + rows * width) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "a column in the store has "
                            + value.length
                            + " bytes for "
                            + rows
                            + " rows of "
                            + width,
                    ArbalestException.REFILL);
        }
        long mask = width == Long.BYTES ? -1L : (1L << (Byte.SIZE * width)) - 1;
        for (int row = 0; row < rows && first + row < end; row++, at += width) {
            int ordinal = first + row;
            long bit = 1L << (ordinal & 63);
            if (withNulls && (value[HEAD_BYTES + (row >>> 3)] >>> (row & 7) & 1) != 0) {
                nulls[ordinal >>> 6] |= bit;
            } else {
                numbers[ordinal] = least + (width == 0 ? 0 : get(in, at, width, mask));
                nulls[ordinal >>> 6] &= ~bit;
            }
        }
    }
}
