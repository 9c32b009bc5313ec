package io.arbalest.client;

import io.arbalest.model.Filter;

import java.util.Arrays;
import java.util.List;

/**
 * Conditions on metadata for Java users:
 *
 * <pre>{@code
 * SearchQuery.nearest(10).where(allOf(field("section").isIn("net", "web"), field("installed_kb").isAtMost(120)))
 * }</pre>
 *
 * <p>A literal is a String, an Integer or Long, a Float or Double, a Boolean or an {@link
 * java.time.Instant}; the node checks it against the collection. Three-valued logic as in SQL, see
 * {@link Filter}.
 *
 * <p>Thread-safe: no state.
 */
public final class Conditions {
    private Conditions() {}

    /** Starts a condition on a field. */
    public static FieldCondition field(String name) {
        return new FieldCondition(name);
    }

    /** All of them are true; one stands for itself. */
    public static Filter allOf(Filter... conditions) {
        return conditions.length == 1 ? conditions[0] : new Filter.And(List.of(conditions));
    }

    /** Some of them is true; one stands for itself. */
    public static Filter anyOf(Filter... conditions) {
        return conditions.length == 1 ? conditions[0] : new Filter.Or(List.of(conditions));
    }

    /** It is false. */
    public static Filter not(Filter condition) {
        return new Filter.Not(condition);
    }

    private static Object literal(Object value) {
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        }
        return value instanceof Float number ? (Object) number.doubleValue() : value;
    }

    /** A field that waits for what is asked about it. Immutable. */
    public static final class FieldCondition {
        private final String name;

        private FieldCondition(String name) {
            this.name = name;
        }

        public Filter isEqualTo(Object value) {
            return new Filter.Equal(name, literal(value));
        }

        public Filter isNotEqualTo(Object value) {
            return not(isEqualTo(value));
        }

        public Filter isLessThan(Object value) {
            return new Filter.Compare(name, Filter.Order.LESS, literal(value));
        }

        public Filter isAtMost(Object value) {
            return new Filter.Compare(name, Filter.Order.AT_MOST, literal(value));
        }

        public Filter isGreaterThan(Object value) {
            return new Filter.Compare(name, Filter.Order.GREATER, literal(value));
        }

        public Filter isAtLeast(Object value) {
            return new Filter.Compare(name, Filter.Order.AT_LEAST, literal(value));
        }

        /** Both ends included. */
        public Filter isBetween(Object low, Object high) {
            return new Filter.Between(name, literal(low), literal(high));
        }

        public Filter isIn(Object... values) {
            return new Filter.In(name, Arrays.stream(values).map(Conditions::literal).toList());
        }

        public Filter isNull() {
            return new Filter.IsNull(name);
        }

        public Filter isNotNull() {
            return not(isNull());
        }

        /** Of a text. */
        public Filter startsWith(String prefix) {
            return new Filter.StartsWith(name, prefix);
        }

        /** Of an array. */
        public Filter contains(Object element) {
            return new Filter.Contains(name, literal(element));
        }
    }
}
