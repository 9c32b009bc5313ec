package io.arbalest.model;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A condition on metadata, with SQL's three-valued logic: a row passes only if the condition is
 * true, and a comparison with a null value is unknown, not true; so is its negation.
 *
 * <p>{@code !=} is {@link Not} of {@link Equal}, {@code is not null} is {@link Not} of {@link
 * IsNull}, and so on: with three values they mean the same. Strings compare in the order of their
 * UTF-8 bytes, timestamps in microseconds.
 *
 * <p>A literal is a String, Long, Double, Boolean or {@link Instant}. A NaN or infinite one is
 * refused with {@link ErrorCode#FILTER_TYPE_MISMATCH}: it equals nothing that can be stored.
 *
 * <p>Immutable.
 */
public sealed interface Filter {
    /** The field has exactly this value. */
    record Equal(String field, Object value) implements Filter {
        public Equal {
            checkLiteral(field, value);
        }
    }

    /** How a value stands to a literal. */
    enum Order {
        LESS("<"),
        AT_MOST("<="),
        GREATER(">"),
        AT_LEAST(">=");

        private final String symbol;

        Order(String symbol) {
            this.symbol = symbol;
        }

        /** As SQL writes it. */
        public String symbol() {
            return symbol;
        }
    }

    /** The field's value stands in this order to the literal. */
    record Compare(String field, Order order, Object value) implements Filter {
        public Compare {
            checkLiteral(field, value);
        }
    }

    /** The field's value is within the two, both included; never true if {@code low > high}. */
    record Between(String field, Object low, Object high) implements Filter {
        public Between {
            checkLiteral(field, low);
            checkLiteral(field, high);
        }
    }

    /** The field has one of these values; at least one. */
    record In(String field, List<Object> values) implements Filter {
        public In {
            values = List.copyOf(values);
            requireOperands(values, 1, "a list");
            values.forEach(value -> checkLiteral(field, value));
        }
    }

    /** The field has no value. Never unknown. */
    record IsNull(String field) implements Filter {}

    /** The field's text starts with this one, byte by byte. */
    record StartsWith(String field, String prefix) implements Filter {}

    /** The field's array has this element; unknown if the array is null, false if it is empty. */
    record Contains(String field, Object element) implements Filter {
        public Contains {
            checkLiteral(field, element);
        }
    }

    /** All operands are true; at least two. Nested conjunctions become one. */
    record And(List<Filter> operands) implements Filter {
        public And {
            List<Filter> flat = new ArrayList<>();
            for (Filter operand : operands) {
                if (operand instanceof And inner) {
                    flat.addAll(inner.operands());
                } else {
                    flat.add(operand);
                }
            }
            operands = List.copyOf(flat);
            requireOperands(operands, 2, "and");
        }
    }

    /** Some operand is true; at least two. Nested disjunctions become one. */
    record Or(List<Filter> operands) implements Filter {
        public Or {
            List<Filter> flat = new ArrayList<>();
            for (Filter operand : operands) {
                if (operand instanceof Or inner) {
                    flat.addAll(inner.operands());
                } else {
                    flat.add(operand);
                }
            }
            operands = List.copyOf(flat);
            requireOperands(operands, 2, "or");
        }
    }

    /** The operand is false; unknown stays unknown. */
    record Not(Filter operand) implements Filter {}

    private static void requireOperands(List<?> operands, int least, String what) {
        if (operands.size() < least) {
            throw new ArbalestException(
                    ErrorCode.FILTER_SYNTAX,
                    what + " in a filter has " + operands.size() + " operands, expected " + least,
                    "leave it out, or give it more");
        }
    }

    private static void checkLiteral(String field, Object value) {
        boolean known =
                value instanceof String
                        || value instanceof Long
                        || value instanceof Double
                        || value instanceof Boolean
                        || value instanceof Instant;
        if (!known || (value instanceof Double number && !Double.isFinite(number))) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "the filter compares field '"
                            + field
                            + "' with "
                            + value.getClass().getSimpleName()
                            + " "
                            + value
                            + ", expected a string, a finite number, a boolean or a timestamp",
                    "compare it with a literal of the field's type");
        }
    }
}
