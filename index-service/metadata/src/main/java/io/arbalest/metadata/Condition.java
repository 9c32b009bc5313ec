package io.arbalest.metadata;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A filter with its fields found, its literals turned into terms and its negations moved down to
 * the leaves, where "not" means: not null, and not true. With three values, that is the same
 * filter.
 *
 * <p>Immutable.
 */
sealed interface Condition {
    /** Whether the condition is true of a row's values. */
    boolean test(@Nullable Object[] values);

    /** All are true. */
    record All(List<Condition> operands) implements Condition {
        @Override
        public boolean test(@Nullable Object[] values) {
            for (Condition operand : operands) {
                if (!operand.test(values)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Some is true. */
    record Any(List<Condition> operands) implements Condition {
        @Override
        public boolean test(@Nullable Object[] values) {
            for (Condition operand : operands) {
                if (operand.test(values)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** The field is null, or is not. */
    record Null(FieldPosition field, boolean negated) implements Condition {
        @Override
        public boolean test(@Nullable Object[] values) {
            return (field.value(values) == null) != negated;
        }
    }

    /** A condition on a value that is not null. */
    sealed interface OnValue extends Condition {
        FieldPosition field();

        /** Whether the row passes if the condition is false. */
        boolean negated();

        /** Whether the condition, without negation, is true of a value. */
        boolean holds(Object value);

        @Override
        default boolean test(@Nullable Object[] values) {
            Object value = field().value(values);
            return value != null && holds(value) != negated();
        }
    }

    /** The value, or an element of the array, has one of these terms. */
    record HasTerm(FieldPosition field, boolean negated, Set<ByteBuffer> terms) implements OnValue {
        static HasTerm of(FieldPosition field, boolean negated, List<byte[]> terms) {
            Set<ByteBuffer> distinct = new HashSet<>();
            terms.forEach(term -> distinct.add(ByteBuffer.wrap(term)));
            return new HasTerm(field, negated, Set.copyOf(distinct));
        }

        @Override
        public boolean holds(Object value) {
            return value instanceof List<?> elements
                    ? elements.stream().anyMatch(this::holdsScalar)
                    : holdsScalar(value);
        }

        private boolean holdsScalar(Object value) {
            byte[] term = Terms.ofValue(field.field(), value);
            return term != null && terms.contains(ByteBuffer.wrap(term));
        }
    }

    /** The number is within a range of {@link Terms#sortable sortable} values, ends included. */
    record InRange(FieldPosition field, boolean negated, long low, long high) implements OnValue {
        @Override
        public boolean holds(Object value) {
            long number = Terms.sortable(field.field(), value);
            return number >= low && number <= high;
        }
    }

    /**
     * The number is one of these.
     *
     * @param numbers {@link Terms#sortable sortable}, ascending, each once
     */
    record IsNumber(FieldPosition field, boolean negated, long[] numbers) implements OnValue {
        @Override
        public boolean holds(Object value) {
            return Arrays.binarySearch(numbers, Terms.sortable(field.field(), value)) >= 0;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof IsNumber is
                    && is.field.equals(field)
                    && is.negated == negated
                    && Arrays.equals(is.numbers, numbers);
        }

        @Override
        public int hashCode() {
            return 31 * field.hashCode() + Arrays.hashCode(numbers);
        }
    }

    /**
     * The text is within a range of UTF-8 bytes.
     *
     * @param low first that passes
     * @param high first that does not pass any more; null: all above the low end pass
     */
    record InTextRange(FieldPosition field, boolean negated, byte[] low, byte @Nullable [] high)
            implements OnValue {
        @Override
        public boolean holds(Object value) {
            return holdsBytes(((String) value).getBytes(StandardCharsets.UTF_8));
        }

        private boolean holdsBytes(byte[] utf8) {
            byte[] end = high;
            return Arrays.compareUnsigned(utf8, low) >= 0
                    && (end == null || Arrays.compareUnsigned(utf8, end) < 0);
        }

        /**
         * What a term alone says: 1 inside, -1 outside, 0 it is a long text whose head decides
         * nothing.
         */
        int holdsTerm(byte[] term) {
            if (!Terms.cut(term)) {
                return holdsBytes(term) ? 1 : -1;
            }
            byte[] head = Arrays.copyOf(term, Terms.LONG_TEXT_HEAD_BYTES);
            byte[] end = high;
            if (startsWith(low, head) || (end != null && startsWith(end, head))) {
                return 0;
            }
            return holdsBytes(head) ? 1 : -1;
        }

        private static boolean startsWith(byte[] bytes, byte[] head) {
            return bytes.length >= head.length
                    && Arrays.equals(bytes, 0, head.length, head, 0, head.length);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof InTextRange range
                    && range.field.equals(field)
                    && range.negated == negated
                    && Arrays.equals(range.low, low)
                    && Arrays.equals(range.high, high);
        }

        @Override
        public int hashCode() {
            return 31 * field.hashCode() + Arrays.hashCode(low);
        }
    }
}
