package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;

/**
 * The bytes under which a value is posted: they sort, as unsigned bytes, like the values.
 *
 * <pre>
 *   STRING     UTF-8; above {@value #MAX_TEXT_BYTES} bytes: the first {@value #LONG_TEXT_HEAD_BYTES} and the SHA-256 of all of them, which
 *              together are one byte longer than any short text, so the two are never confused; texts that share such a head
 *              do not sort among each other
 *   LONG       8 bytes, big-endian, sign bit flipped
 *   TIMESTAMP  microseconds as LONG
 *   DOUBLE     8 bytes, big-endian; sign bit flipped if positive, all bits if negative; -0.0 as 0.0
 *   BOOLEAN    1 byte, 0 or 1
 * </pre>
 *
 * <p>Two long texts are taken as equal if head and SHA-256 are. A NaN is not posted: it equals
 * nothing.
 *
 * <p>Thread-safe: no state.
 */
final class Terms {
    static final int MAX_TEXT_BYTES = 256;
    static final int LONG_TEXT_HEAD_BYTES = 225;

    private Terms() {}

    /** The term of a stored value, or of an element of an array; null if it matches nothing. */
    static byte @Nullable [] ofValue(Field field, Object value) {
        return switch (value) {
            case String text -> ofText(text);
            case Long number -> ofLong(number);
            case Double number -> number.isNaN() ? null : ofDouble(number);
            case Boolean flag -> new byte[] {(byte) (flag ? 1 : 0)};
            case Instant instant -> ofLong(MetadataCodec.micros(field.name(), instant));
            default ->
                    throw new IllegalArgumentException(
                            "field " + field.name() + ": " + value.getClass());
        };
    }

    /**
     * The term that an equality with this literal asks for; null if no value can be equal.
     *
     * @throws ArbalestException FILTER_TYPE_MISMATCH
     */
    static byte @Nullable [] ofLiteral(Field field, Object literal) {
        Object value = literal;
        if (literal instanceof Long number && field.type() == FieldType.DOUBLE) {
            double widened = number.doubleValue();
            if (Double.compare(widened, 0x1p63) == 0 || (long) widened != number) {
                return null; // no double is equal to it
            }
            value = widened;
        }
        if (!field.type().elementClass().isInstance(value)) {
            throw mismatch(field, literal);
        }
        return ofValue(field, value);
    }

    static ArbalestException mismatch(Field field, Object literal) {
        return new ArbalestException(
                ErrorCode.FILTER_TYPE_MISMATCH,
                "field '"
                        + field.name()
                        + "' is "
                        + field.type()
                        + ", the filter compares it with "
                        + literal.getClass().getSimpleName()
                        + " '"
                        + MetadataCodec.brief(literal)
                        + "'",
                "compare it with a " + field.type() + " literal");
    }

    /** Whether this is the term of a text that is longer than its term. */
    static boolean cut(byte[] term) {
        return term.length > MAX_TEXT_BYTES;
    }

    /**
     * A number that sorts, as a signed one, like the values of a field that is neither text nor
     * array; a long literal of a double field counts as the nearest double.
     */
    static long sortable(Field field, Object value) {
        return switch (value) {
            case Long number ->
                    field.type().elementClass() == Double.class
                            ? sortable(number.doubleValue())
                            : number;
            case Double number -> sortable(number.doubleValue());
            case Boolean flag -> flag ? 1 : 0;
            case Instant instant -> MetadataCodec.micros(field.name(), instant);
            default ->
                    throw new IllegalArgumentException(
                            "field " + field.name() + ": " + value.getClass());
        };
    }

    private static long sortable(double value) {
        long bits = Double.doubleToLongBits(value + 0.0); // turns -0.0 into 0.0
        return bits < 0 ? bits ^ Long.MAX_VALUE : bits;
    }

    /** The {@link #sortable} of the value that a term of such a field stands for. */
    static long sortable(byte[] term) {
        return term.length == 1 ? term[0] : ByteBuffer.wrap(term).getLong() ^ Long.MIN_VALUE;
    }

    private static byte[] ofText(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (utf8.length <= MAX_TEXT_BYTES) {
            return utf8;
        }
        byte[] digest = sha256(utf8);
        byte[] term = Arrays.copyOf(utf8, LONG_TEXT_HEAD_BYTES + digest.length);
        System.arraycopy(digest, 0, term, LONG_TEXT_HEAD_BYTES, digest.length);
        return term;
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static byte[] ofLong(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value ^ Long.MIN_VALUE).array();
    }

    private static byte[] ofDouble(double value) {
        return ofLong(sortable(value));
    }
}
