package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Turns a filter into a {@link Condition}.
 *
 * <p>Errors are {@link ArbalestException}: UNKNOWN_FIELD, FIELD_NOT_INDEXED, FILTER_TYPE_MISMATCH.
 *
 * <p>Thread-safe.
 */
final class FilterCompiler {
    private static final byte[] EMPTY = new byte[0];

    private final List<Field> fields;

    FilterCompiler(List<Field> fields) {
        this.fields = fields;
    }

    Condition compile(Filter filter) {
        return compile(filter, false);
    }

    private Condition compile(Filter filter, boolean negated) {
        return switch (filter) {
            case Filter.Not(Filter operand) -> compile(operand, !negated);
            case Filter.And(List<Filter> operands) -> join(operands, negated, !negated);
            case Filter.Or(List<Filter> operands) -> join(operands, negated, negated);
            case Filter.IsNull(String name) -> new Condition.Null(require(name), negated);
            case Filter.Equal(String name, Object value) ->
                    isOneOf(requireScalar(name), negated, List.of(value));
            case Filter.In(String name, List<Object> values) ->
                    isOneOf(requireScalar(name), negated, values);
            case Filter.Contains(String name, Object element) ->
                    hasTerm(requireArray(name), negated, List.of(element));
            case Filter.StartsWith(String name, String prefix) ->
                    startsWith(requireScalar(name), negated, prefix);
            case Filter.Between(String name, Object low, Object high) ->
                    between(requireScalar(name), negated, low, high);
            case Filter.Compare(String name, Filter.Order order, Object value) ->
                    compare(requireScalar(name), negated, order, value);
        };
    }

    /** De Morgan: a negated conjunction is the disjunction of the negated. */
    private Condition join(List<Filter> operands, boolean negated, boolean all) {
        List<Condition> compiled = new ArrayList<>(operands.size());
        operands.forEach(operand -> compiled.add(compile(operand, negated)));
        return all ? new Condition.All(compiled) : new Condition.Any(compiled);
    }

    private static Condition isOneOf(FieldPosition field, boolean negated, List<Object> values) {
        if (!ColumnFormat.columnar(field.field())) {
            return hasTerm(field, negated, values);
        }
        long[] numbers = new long[values.size()];
        int count = 0;
        for (Object value : values) {
            byte[] term = Terms.ofLiteral(field.field(), value);
            if (term != null) { // else no value can be equal
                numbers[count++] = Terms.sortable(term);
            }
        }
        return isNumber(field, negated, Arrays.copyOf(numbers, count));
    }

    private static Condition isNumber(FieldPosition field, boolean negated, long... numbers) {
        return new Condition.IsNumber(
                field, negated, Arrays.stream(numbers).sorted().distinct().toArray());
    }

    private static Condition hasTerm(FieldPosition field, boolean negated, List<Object> values) {
        List<byte[]> terms = new ArrayList<>(values.size());
        for (Object value : values) {
            byte[] term = Terms.ofLiteral(field.field(), value);
            if (term != null) { // else no value can be equal
                terms.add(term);
            }
        }
        return Condition.HasTerm.of(field, negated, terms);
    }

    private static Condition startsWith(FieldPosition field, boolean negated, String prefix) {
        requireType(field.field(), prefix);
        byte[] low = prefix.getBytes(StandardCharsets.UTF_8);
        return new Condition.InTextRange(field, negated, low, afterPrefix(low));
    }

    /** The first bytes that sort after all that start with the prefix; null if there are none. */
    private static byte @Nullable [] afterPrefix(byte[] prefix) {
        int length = prefix.length;
        while (length > 0 && prefix[length - 1] == (byte) 0xff) {
            length--;
        }
        if (length == 0) {
            return null;
        }
        byte[] after = Arrays.copyOf(prefix, length);
        after[length - 1]++;
        return after;
    }

    private static Condition between(
            FieldPosition field, boolean negated, Object low, Object high) {
        requireType(field.field(), low);
        requireType(field.field(), high);
        if (field.field().type() == FieldType.STRING) {
            return new Condition.InTextRange(field, negated, utf8(low), after(utf8(high)));
        }
        long from = Terms.sortable(field.field(), low);
        return new Condition.InRange(field, negated, from, Terms.sortable(field.field(), high));
    }

    private static Condition compare(
            FieldPosition field, boolean negated, Filter.Order order, Object value) {
        requireType(field.field(), value);
        if (field.field().type() == FieldType.STRING) {
            byte[] bound = utf8(value);
            return switch (order) {
                case LESS -> new Condition.InTextRange(field, negated, EMPTY, bound);
                case AT_MOST -> new Condition.InTextRange(field, negated, EMPTY, after(bound));
                case GREATER -> new Condition.InTextRange(field, negated, after(bound), null);
                case AT_LEAST -> new Condition.InTextRange(field, negated, bound, null);
            };
        }
        long bound = Terms.sortable(field.field(), value);
        return switch (order) {
            case AT_MOST -> new Condition.InRange(field, negated, Long.MIN_VALUE, bound);
            case AT_LEAST -> new Condition.InRange(field, negated, bound, Long.MAX_VALUE);
            case LESS ->
                    bound == Long.MIN_VALUE
                            ? isNumber(field, negated)
                            : new Condition.InRange(field, negated, Long.MIN_VALUE, bound - 1);
            case GREATER ->
                    bound == Long.MAX_VALUE
                            ? isNumber(field, negated)
                            : new Condition.InRange(field, negated, bound + 1, Long.MAX_VALUE);
        };
    }

    private static byte[] utf8(Object text) {
        return ((String) text).getBytes(StandardCharsets.UTF_8);
    }

    /** The first bytes that sort after these. */
    private static byte[] after(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static void requireType(Field field, Object literal) {
        boolean widened = literal instanceof Long && field.type() == FieldType.DOUBLE;
        if (!field.type().accepts(literal) && !widened) {
            throw Terms.mismatch(field, literal);
        }
    }

    private FieldPosition requireScalar(String name) {
        FieldPosition found = require(name);
        if (found.field().type() == FieldType.JSON) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "the filter compares field '" + name + "', which is JSON",
                    "JSON is asked with is null and is not null only");
        }
        if (found.field().type().isArray()) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "the filter compares field '"
                            + name
                            + "', which is an array of type "
                            + found.field().type(),
                    "arrays are asked with contains and is null");
        }
        return found;
    }

    private FieldPosition requireArray(String name) {
        FieldPosition found = require(name);
        if (!found.field().type().isArray()) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    "the filter asks what field '"
                            + name
                            + "' contains, which is of type "
                            + found.field().type(),
                    "compare it with =");
        }
        return found;
    }

    private FieldPosition require(String name) {
        int position =
                IntStream.range(0, fields.size())
                        .filter(i -> fields.get(i).name().equals(name))
                        .findFirst()
                        .orElse(-1);
        List<String> filterable = fields.stream().filter(Field::indexed).map(Field::name).toList();
        if (position < 0) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_FIELD,
                    "the filter names field '"
                            + name
                            + "', the collection has "
                            + fields.stream().map(Field::name).toList(),
                    "use one of the indexed fields " + filterable);
        }
        if (!fields.get(position).indexed()) {
            throw new ArbalestException(
                    ErrorCode.FIELD_NOT_INDEXED,
                    "the filter names field '" + name + "', which is stored but not indexed",
                    "use one of the indexed fields " + filterable);
        }
        return new FieldPosition(position, fields.get(position));
    }
}
