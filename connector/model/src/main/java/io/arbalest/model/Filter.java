package io.arbalest.model;

import java.util.List;

/**
 * A condition on metadata, with SQL's three-valued logic: a row passes only if the condition is
 * true, and a comparison with a null value is unknown, not true.
 */
public sealed interface Filter {
    /** The field has exactly this value. {@code value} is of the field type's Java class. */
    record Equal(String field, Object value) implements Filter {}

    /** All operands are true; at least one operand. */
    record And(List<Filter> operands) implements Filter {
        public And {
            operands = List.copyOf(operands);
            if (operands.isEmpty()) {
                throw new IllegalArgumentException("and without operands");
            }
        }
    }
}
