package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.Filter;
import io.arbalest.protocol.filter.FilterGrammarLexer;

import org.antlr.v4.runtime.CharStreams;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes a filter as text that parses to the same filter.
 *
 * <p>Thread-safe: no state.
 */
final class FilterWriter {
    /** A negation before each parenthesis that a text may open. */
    private static final int MAX_NESTED = 2 * WireLimits.MAX_FILTER_DEPTH;

    private FilterWriter() {}

    /**
     * The text of a filter.
     *
     * @throws ArbalestException LIMIT_EXCEEDED if it nests deeper than any text may
     */
    static String text(Filter filter) {
        checkDepth(filter);
        return write(filter);
    }

    private record Nested(Filter filter, int depth) {}

    /** Without recursion: the caller may have nested thousands. */
    private static void checkDepth(Filter filter) {
        Deque<Nested> open = new ArrayDeque<>();
        open.add(new Nested(filter, 0));
        while (!open.isEmpty()) {
            Nested next = open.removeLast();
            if (next.depth > MAX_NESTED) {
                throw FilterErrors.limit(
                        "the filter nests more than " + MAX_NESTED + " conditions", MAX_NESTED);
            }
            for (Filter operand : operands(next.filter)) {
                open.add(new Nested(operand, next.depth + 1));
            }
        }
    }

    private static List<Filter> operands(Filter filter) {
        if (filter instanceof Filter.And and) {
            return and.operands();
        }
        if (filter instanceof Filter.Or or) {
            return or.operands();
        }
        return filter instanceof Filter.Not not ? List.of(not.operand()) : List.of();
    }

    private static String write(Filter filter) {
        return switch (kind(filter)) {
            case AND -> joined(((Filter.And) filter).operands(), " and ");
            case OR -> joined(((Filter.Or) filter).operands(), " or ");
            case NOT -> negated(((Filter.Not) filter).operand());
            case LEAF -> leaf(filter, "");
        };
    }

    private enum Kind {
        AND,
        OR,
        NOT,
        LEAF
    }

    private static Kind kind(Filter filter) {
        if (filter instanceof Filter.And) {
            return Kind.AND;
        }
        if (filter instanceof Filter.Or) {
            return Kind.OR;
        }
        return filter instanceof Filter.Not ? Kind.NOT : Kind.LEAF;
    }

    /**
     * Operands that are themselves joined stand in parentheses, though and binds closer than or.
     */
    private static String joined(List<Filter> operands, String sign) {
        return operands.stream().map(FilterWriter::operand).collect(Collectors.joining(sign));
    }

    private static String operand(Filter filter) {
        boolean joined = filter instanceof Filter.And || filter instanceof Filter.Or;
        return joined ? "(" + write(filter) + ")" : write(filter);
    }

    private static String negated(Filter operand) {
        if (operand instanceof Filter.Equal equal) {
            return name(equal.field()) + " != " + literal(equal.value());
        }
        boolean comparison = operand instanceof Filter.Compare || kind(operand) != Kind.LEAF;
        return comparison ? "not " + operand(operand) : leaf(operand, "not ");
    }

    private static String leaf(Filter filter, String not) {
        if (filter instanceof Filter.Equal equal) {
            return name(equal.field()) + " = " + literal(equal.value());
        }
        if (filter instanceof Filter.Compare compare) {
            return name(compare.field())
                    + " "
                    + compare.order().symbol()
                    + " "
                    + literal(compare.value());
        }
        if (filter instanceof Filter.Between between) {
            return name(between.field())
                    + " "
                    + not
                    + "between "
                    + literal(between.low())
                    + " and "
                    + literal(between.high());
        }
        if (filter instanceof Filter.In in) {
            return in.values().stream()
                    .map(FilterWriter::literal)
                    .collect(Collectors.joining(", ", name(in.field()) + " " + not + "in (", ")"));
        }
        if (filter instanceof Filter.IsNull isNull) {
            return name(isNull.field()) + " is " + not + "null";
        }
        if (filter instanceof Filter.Contains contains) {
            return name(contains.field()) + " " + not + "contains " + literal(contains.element());
        }
        Filter.StartsWith prefix = (Filter.StartsWith) filter;
        return name(prefix.field()) + " " + not + "like " + pattern(prefix.prefix());
    }

    private static String pattern(String prefix) {
        String escaped = prefix.replace("!", "!!").replace("%", "!%").replace("_", "!_");
        boolean plain = escaped.equals(prefix);
        return literal(escaped + "%") + (plain ? "" : " escape '!'");
    }

    /** In double quotes if it would be read as a keyword. */
    private static String name(String name) {
        FilterGrammarLexer lexer = new FilterGrammarLexer(CharStreams.fromString(name));
        return lexer.nextToken().getType() == FilterGrammarLexer.NAME ? name : "\"" + name + "\"";
    }

    private static String literal(Object value) {
        if (value instanceof String || value instanceof Instant) {
            return "'" + value.toString().replace("'", "''") + "'";
        }
        return value.toString();
    }
}
