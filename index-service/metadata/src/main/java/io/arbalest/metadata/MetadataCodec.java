package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;

import org.jspecify.annotations.Nullable;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The bytes of a row's metadata, in the log and in the store. Little-endian:
 *
 * <pre>
 *   u8      format version: 1, or 2 for a patch that sets fields to null
 *   u16     n, number of fields that this row was written with
 *   u8[(n+7)/8]  null bits: bit (i % 8) of byte (i / 8) is set if field i is null; unused bits are 0
 *   u8[(n+7)/8]  in version 2 only, in the same form: field i is set to null; its null bit is set too
 *   then the value of each field that is not null, in the order of the fields:
 *     STRING     varint byte length, UTF-8 bytes
 *     LONG       i64
 *     DOUBLE     the 64 bits of IEEE 754 binary64
 *     BOOLEAN    u8, 0 or 1
 *     TIMESTAMP  i64, microseconds since 1970-01-01T00:00:00Z, rounded down
 *     X_ARRAY    varint element count, then the elements as above
 *     JSON       as STRING
 * </pre>
 *
 * <p>A varint is unsigned LEB128 of at most 5 bytes. Fields are told apart by position, so a
 * collection may get more fields at the end: rows written before have those fields' defaults. In a
 * patch, which is in the log only, a null bit without more leaves a field as it is, and so do
 * fields that it was written without. There is no checksum: what carries these bytes (log record,
 * store block) has one.
 *
 * <p>Limits: {@value #MAX_BYTES} bytes a row, {@value #MAX_ARRAY_LENGTH} elements an array. Text
 * that is not valid Unicode (lone surrogates) is stored with {@code ?} in their place.
 *
 * <p>Thread-safe: no state.
 */
public final class MetadataCodec {
    /** The version that is written. */
    public static final int FORMAT_VERSION = 1;

    /** The version of a patch that sets fields to null. */
    static final int NULLING_VERSION = 2;

    /** Most bytes of one row's encoded metadata. */
    public static final int MAX_BYTES = 1 << 20;

    /** Most elements of one array. */
    public static final int MAX_ARRAY_LENGTH = 65_535;

    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final int NANOS_PER_MICRO = 1_000;
    private static final int MAX_VARINT_BYTES = 5;

    private MetadataCodec() {}

    /**
     * The values of a row as it is stored: a default where none is given, null where the row says
     * so.
     *
     * @param given null: no value is given; {@link ExplicitNull#NULL}: null; what is missing at the
     *     end is not given
     * @throws ArbalestException SCHEMA_MISMATCH if there are more than fields
     */
    public static @Nullable Object[] resolve(List<Field> fields, @Nullable Object[] given) {
        @Nullable Object[] values = padded(fields, given);
        for (int i = 0; i < values.length; i++) {
            if (values[i] == null) {
                values[i] = fields.get(i).defaultValue();
            } else if (values[i] == ExplicitNull.NULL) {
                values[i] = null;
            }
        }
        return values;
    }

    /** A copy with one value a field; what is missing at the end is null. */
    private static @Nullable Object[] padded(List<Field> fields, @Nullable Object[] given) {
        if (given.length > fields.size()) {
            throw arity(fields, given.length);
        }
        return Arrays.copyOf(given, fields.size());
    }

    /** As {@link #resolve}, of a row that was complete when fewer fields were known. */
    static @Nullable Object[] withDefaults(List<Field> fields, @Nullable Object[] values) {
        if (values.length == fields.size()) {
            return values;
        }
        @Nullable Object[] more = padded(fields, values);
        for (int i = values.length; i < more.length; i++) {
            more[i] = fields.get(i).defaultValue();
        }
        return more;
    }

    /**
     * Encodes a patch.
     *
     * @param given as for {@link #resolve}; null leaves the field as it is
     * @throws ArbalestException as {@link #encode}
     */
    public static byte[] encodePatch(List<Field> fields, @Nullable Object[] given) {
        @Nullable Object[] values = padded(fields, given);
        BitSet nulled = new BitSet(values.length);
        for (int i = 0; i < values.length; i++) {
            if (values[i] == ExplicitNull.NULL) {
                values[i] = null;
                nulled.set(i);
            }
        }
        return encode(fields, values, nulled);
    }

    private static ArbalestException arity(List<Field> fields, int got) {
        return new ArbalestException(
                ErrorCode.SCHEMA_MISMATCH,
                "a row has "
                        + got
                        + " metadata values, the collection "
                        + fields.size()
                        + " fields",
                "send one value, or null, for each field");
    }

    /**
     * Encodes a row.
     *
     * @param values one a field, in the order of the fields; null for null
     * @throws ArbalestException VALUE_TYPE_MISMATCH naming the field, LIMIT_EXCEEDED
     */
    public static byte[] encode(List<Field> fields, @Nullable Object[] values) {
        return encode(fields, values, new BitSet());
    }

    private static byte[] encode(List<Field> fields, @Nullable Object[] values, BitSet nulled) {
        if (values.length != fields.size()) {
            throw arity(fields, values.length);
        }
        Writer out = new Writer();
        out.u8(nulled.isEmpty() ? FORMAT_VERSION : NULLING_VERSION);
        out.u8(fields.size());
        out.u8(fields.size() >>> 8);
        for (int first = 0; first < values.length; first += 8) {
            int bits = 0;
            for (int i = first; i < Math.min(first + 8, values.length); i++) {
                bits |= values[i] == null ? 1 << (i - first) : 0;
            }
            out.u8(bits);
        }
        if (!nulled.isEmpty()) {
            byte[] bits = Arrays.copyOf(nulled.toByteArray(), (values.length + 7) / 8);
            out.bytes(bits);
        }
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            if (value != null) {
                encodeValue(fields.get(i), value, out);
            }
        }
        if (out.size > MAX_BYTES) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "a row's metadata has "
                            + out.size
                            + " bytes, at most "
                            + MAX_BYTES
                            + " are allowed",
                    "store the long text elsewhere and keep a reference to it");
        }
        return Arrays.copyOf(out.bytes, out.size);
    }

    private static void encodeValue(Field field, Object value, Writer out) {
        if (!field.type().isArray()) {
            encodeScalar(field, value, out);
            return;
        }
        if (!(value instanceof List<?> elements)) {
            throw mismatch(field, value);
        }
        if (elements.size() > MAX_ARRAY_LENGTH) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "field '"
                            + field.name()
                            + "' has "
                            + elements.size()
                            + " elements, at most "
                            + MAX_ARRAY_LENGTH
                            + " are allowed",
                    "send fewer elements");
        }
        out.varint(elements.size());
        for (Object element : elements) {
            encodeScalar(field, element, out);
        }
    }

    private static void encodeScalar(Field field, @Nullable Object value, Writer out) {
        if (!field.type().elementClass().isInstance(value)) {
            throw mismatch(field, value);
        }
        switch (value) {
            case String text -> {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                out.varint(utf8.length);
                out.bytes(utf8);
            }
            case Long number -> out.i64(number);
            case Double number -> out.i64(Double.doubleToRawLongBits(number));
            case Boolean flag -> out.u8(flag ? 1 : 0);
            case Instant instant -> out.i64(micros(field.name(), instant));
            case null, default -> throw mismatch(field, value);
        }
    }

    /** Microseconds since the epoch, rounded down. */
    static long micros(String field, Instant instant) {
        try {
            return Math.addExact(
                    Math.multiplyExact(instant.getEpochSecond(), MICROS_PER_SECOND),
                    instant.getNano() / NANOS_PER_MICRO);
        } catch (ArithmeticException e) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "field '" + field + "': " + instant + " does not fit int64 microseconds",
                    "use a timestamp between the years -290307 and 294246",
                    e);
        }
    }

    private static ArbalestException mismatch(Field field, @Nullable Object value) {
        String got =
                value == null
                        ? "null inside the array"
                        : value.getClass().getSimpleName() + " '" + brief(value) + "'";
        return new ArbalestException(
                ErrorCode.VALUE_TYPE_MISMATCH,
                "field '" + field.name() + "' is " + field.type() + ", got " + got,
                "send the column as " + field.type());
    }

    static String brief(Object value) {
        String text = value.toString();
        return text.length() <= 64 ? text : text.substring(0, 64) + "...";
    }

    /**
     * Decodes a row. Fields that the row was written without have their defaults.
     *
     * @throws ArbalestException UNSUPPORTED_FORMAT_VERSION, or STORE_FAILED if the bytes are
     *     damaged
     */
    public static @Nullable Object[] decode(List<Field> fields, byte[] encoded) {
        return decode(fields, encoded, 0, null);
    }

    /**
     * Decodes a patch: null for a field that it leaves as it is, {@link ExplicitNull#NULL} for one
     * that it sets to null.
     *
     * @throws ArbalestException as {@link #decode(List, byte[])}
     */
    public static @Nullable Object[] decodePatch(List<Field> fields, byte[] encoded) {
        ByteBuffer in = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
        try {
            boolean nulling = in.get(0) == NULLING_VERSION;
            checkVersion(in, nulling ? NULLING_VERSION : FORMAT_VERSION);
            int count = Math.min(Short.toUnsignedInt(in.getShort(1)), fields.size());
            @Nullable Object[] values = decodeFields(fields, in, null, nulling);
            for (int i = count; i < values.length; i++) {
                values[i] = null;
            }
            return values;
        } catch (BufferUnderflowException
                | IndexOutOfBoundsException
                | IllegalArgumentException
                | DateTimeException e) {
            throw damaged("they end early or hold an impossible value", e);
        }
    }

    private static void checkVersion(ByteBuffer in, int expected) {
        int version = in.get();
        if (version != expected) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "metadata of format version " + version + ", this release reads " + expected,
                    "run the release that wrote it, or a later one");
        }
    }

    /**
     * As {@link #decode(List, byte[])}, from an offset to the end.
     *
     * @param wanted positions of the fields to decode, the others are skipped and null; null: all
     */
    static @Nullable Object[] decode(
            List<Field> fields, byte[] encoded, int offset, @Nullable BitSet wanted) {
        ByteBuffer in =
                ByteBuffer.wrap(encoded, offset, encoded.length - offset)
                        .order(ByteOrder.LITTLE_ENDIAN);
        try {
            checkVersion(in, FORMAT_VERSION);
            return decodeFields(fields, in, wanted, false);
        } catch (BufferUnderflowException | IllegalArgumentException | DateTimeException e) {
            throw damaged("they end early or hold an impossible value", e);
        }
    }

    private static @Nullable Object[] decodeFields(
            List<Field> fields, ByteBuffer in, @Nullable BitSet wanted, boolean nulling) {
        int count = Short.toUnsignedInt(in.getShort());
        if (count > fields.size()) {
            throw damaged(
                    "they have " + count + " fields, the collection has " + fields.size(), null);
        }
        byte[] nulls = new byte[(count + 7) / 8];
        in.get(nulls);
        byte[] nulled = new byte[nulling ? nulls.length : 0];
        in.get(nulled);
        @Nullable Object[] values = new @Nullable Object[fields.size()];
        for (int i = count; i < values.length; i++) {
            values[i] = wanted == null || wanted.get(i) ? fields.get(i).defaultValue() : null;
        }
        for (int i = 0; i < count; i++) {
            if (((nulls[i >>> 3] >>> (i & 7)) & 1) == 0) {
                if (wanted == null || wanted.get(i)) {
                    values[i] = decodeValue(fields.get(i).type(), in);
                } else if (i < wanted.length()) {
                    skipValue(fields.get(i).type(), in);
                } else {
                    return values; // nothing of what is left is wanted
                }
            } else if (nulling && ((nulled[i >>> 3] >>> (i & 7)) & 1) != 0) {
                values[i] = ExplicitNull.NULL;
            }
        }
        if (in.hasRemaining()) {
            throw damaged(in.remaining() + " bytes are left over", null);
        }
        return values;
    }

    private static Object decodeValue(FieldType type, ByteBuffer in) {
        return switch (type) {
            case STRING, JSON -> text(in);
            case LONG -> in.getLong();
            case DOUBLE -> in.getDouble();
            case BOOLEAN -> in.get() != 0;
            case TIMESTAMP -> instant(in.getLong());
            case STRING_ARRAY -> array(FieldType.STRING, in);
            case LONG_ARRAY -> array(FieldType.LONG, in);
            case DOUBLE_ARRAY -> array(FieldType.DOUBLE, in);
            case BOOLEAN_ARRAY -> array(FieldType.BOOLEAN, in);
            case TIMESTAMP_ARRAY -> array(FieldType.TIMESTAMP, in);
        };
    }

    private static void skipValue(FieldType type, ByteBuffer in) {
        int bytes =
                switch (type) {
                    case LONG, DOUBLE, TIMESTAMP -> Long.BYTES;
                    case BOOLEAN -> 1;
                    case STRING, JSON -> varint(in);
                    case LONG_ARRAY, DOUBLE_ARRAY, TIMESTAMP_ARRAY -> varint(in) * Long.BYTES;
                    case BOOLEAN_ARRAY -> varint(in);
                    case STRING_ARRAY -> {
                        for (int left = varint(in); left > 0; left--) {
                            int length = varint(in);
                            in.position(in.position() + length);
                        }
                        yield 0;
                    }
                };
        in.position(in.position() + bytes);
    }

    private static List<Object> array(FieldType element, ByteBuffer in) {
        int count = varint(in);
        if (count > Math.min(MAX_ARRAY_LENGTH, in.remaining())) {
            throw damaged("an array has " + count + " elements", null);
        }
        List<Object> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(decodeValue(element, in));
        }
        return values;
    }

    private static String text(ByteBuffer in) {
        int length = varint(in);
        if (length > in.remaining()) {
            throw damaged("a text has " + length + " bytes, " + in.remaining() + " are left", null);
        }
        String text =
                new String(
                        in.array(),
                        in.arrayOffset() + in.position(),
                        length,
                        StandardCharsets.UTF_8);
        in.position(in.position() + length);
        return text;
    }

    private static Instant instant(long micros) {
        return Instant.ofEpochSecond(
                Math.floorDiv(micros, MICROS_PER_SECOND),
                Math.floorMod(micros, MICROS_PER_SECOND) * NANOS_PER_MICRO);
    }

    private static int varint(ByteBuffer in) {
        long value = 0;
        for (int i = 0; i < MAX_VARINT_BYTES; i++) {
            byte next = in.get();
            value |= (long) (next & 0x7f) << (7 * i);
            if (next >= 0) {
                if (value > Integer.MAX_VALUE) {
                    throw damaged("a length of " + value, null);
                }
                return (int) value;
            }
        }
        throw damaged("a length with more than " + MAX_VARINT_BYTES + " bytes", null);
    }

    private static ArbalestException damaged(String what, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.STORE_FAILED,
                "the bytes of a row's metadata are damaged: " + what,
                ArbalestException.REFILL,
                cause);
    }

    /** A growing byte array. */
    private static final class Writer {
        private byte[] bytes = new byte[256];
        private int size;

        void u8(int value) {
            reserve(1);
            bytes[size++] = (byte) value;
        }

        void i64(long value) {
            reserve(Long.BYTES);
            for (int i = 0; i < Long.BYTES; i++) {
                bytes[size++] = (byte) (value >>> (8 * i));
            }
        }

        void varint(int value) {
            int rest = value;
            while (rest > 0x7f) {
                u8((rest & 0x7f) | 0x80);
                rest >>>= 7;
            }
            u8(rest);
        }

        void bytes(byte[] source) {
            reserve(source.length);
            System.arraycopy(source, 0, bytes, size, source.length);
            size += source.length;
        }

        private void reserve(int more) {
            if (more > bytes.length - size) {
                bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
            }
        }
    }
}
