package io.arbalest.testkit;

import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Random schemas, rows and filters, and what a filter means: the plainest reading of SQL's
 * three-valued logic, value by value, with no index.
 *
 * <p>Thread-safe: no state.
 */
public final class FilterCases {
    private static final double NULLS = 0.15;
    private static final String[] TEXTS = {
        "", "a", "ab", "abc", "b", "B", "ü", "üx", "\u4e2d", "\ud83d\ude00", "net", "x".repeat(300)
    };

    private FilterCases() {}

    /** One to eight fields of random types, all indexed. */
    public static List<Field> fields(SplittableRandom random) {
        List<Field> fields = new ArrayList<>();
        for (int count = 1 + random.nextInt(8); count > 0; count--) {
            FieldType[] types = FieldType.values();
            fields.add(new Field("f" + fields.size(), types[random.nextInt(types.length)]));
        }
        return fields;
    }

    /** One more field for these, half of the time with a default. */
    public static Field fieldToAdd(SplittableRandom random, List<Field> fields) {
        FieldType[] types = FieldType.values();
        FieldType type = types[random.nextInt(types.length)];
        Object ofOldRows = random.nextBoolean() ? value(random, type) : null;
        return new Field("f" + fields.size(), type, true, ofOldRows);
    }

    /** A row's values, some of them null. */
    public static @Nullable Object[] values(SplittableRandom random, List<Field> fields) {
        @Nullable Object[] values = new @Nullable Object[fields.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(random, fields.get(i).type());
        }
        return values;
    }

    /** A value of a type, or null. */
    public static @Nullable Object value(SplittableRandom random, FieldType type) {
        if (random.nextDouble() < NULLS) {
            return null;
        }
        if (type == FieldType.JSON) {
            return "{\"n\":" + random.nextInt(10) + "}";
        }
        if (!type.isArray()) {
            return scalar(random, type.elementClass());
        }
        List<Object> elements = new ArrayList<>();
        for (int count = random.nextInt(4); count > 0; count--) {
            elements.add(scalar(random, type.elementClass()));
        }
        return elements;
    }

    private static Object scalar(SplittableRandom random, Class<?> type) {
        if (type == String.class) {
            String text = TEXTS[random.nextInt(TEXTS.length)];
            return random.nextInt(3) == 0 ? text + random.nextInt(3) : text;
        }
        if (type == Boolean.class) {
            return random.nextBoolean();
        }
        long number =
                switch (random.nextInt(12)) {
                    case 0 -> Long.MIN_VALUE;
                    case 1 -> Long.MAX_VALUE;
                    default -> random.nextLong(-20, 60);
                };
        if (type == Double.class) {
            return switch (random.nextInt(12)) {
                case 0 -> -0.0;
                case 1 -> Double.MAX_VALUE;
                case 2 -> Double.MIN_VALUE;
                default -> number / 4.0;
            };
        }
        return type == Long.class ? (Object) number : Instant.ofEpochSecond(number % 100, 1_000);
    }

    /** A filter over the fields, nested up to a depth. */
    public static Filter filter(SplittableRandom random, List<Field> fields, int depth) {
        if (depth == 0) {
            return leaf(random, fields.get(random.nextInt(fields.size())));
        }
        return switch (random.nextInt(4)) {
            case 0 -> new Filter.Not(filter(random, fields, depth - 1));
            case 1 -> new Filter.And(operands(random, fields, depth));
            case 2 -> new Filter.Or(operands(random, fields, depth));
            default -> filter(random, fields, depth - 1);
        };
    }

    private static List<Filter> operands(SplittableRandom random, List<Field> fields, int depth) {
        List<Filter> operands = new ArrayList<>();
        for (int count = 2 + random.nextInt(2); count > 0; count--) {
            operands.add(filter(random, fields, random.nextInt(depth)));
        }
        return operands;
    }

    private static Filter leaf(SplittableRandom random, Field field) {
        String name = field.name();
        Class<?> type = field.type().elementClass();
        if (random.nextInt(6) == 0 || field.type() == FieldType.JSON) {
            return new Filter.IsNull(name);
        }
        if (field.type().isArray()) {
            return new Filter.Contains(name, scalar(random, type));
        }
        Filter.Order[] orders = Filter.Order.values();
        return switch (random.nextInt(type == String.class ? 6 : 5)) {
            case 0 -> new Filter.Equal(name, scalar(random, type));
            case 1 -> new Filter.Between(name, scalar(random, type), scalar(random, type));
            case 2 -> new Filter.In(name, List.of(scalar(random, type), scalar(random, type)));
            case 3, 4 ->
                    new Filter.Compare(
                            name, orders[random.nextInt(orders.length)], scalar(random, type));
            default -> {
                String text = (String) scalar(random, type);
                int end = text.isEmpty() ? 0 : text.codePointCount(0, text.length());
                yield new Filter.StartsWith(
                        name,
                        text.substring(0, text.offsetByCodePoints(0, random.nextInt(end + 1))));
            }
        };
    }

    /** Whether the filter is true of a row; null: unknown. */
    public static @Nullable Boolean holds(
            Filter filter, List<Field> fields, @Nullable Object[] values) {
        return switch (filter) {
            case Filter.And(List<Filter> operands) -> all(operands, fields, values);
            case Filter.Or(List<Filter> operands) -> {
                Boolean none =
                        all(
                                operands.stream().<Filter>map(Filter.Not::new).toList(),
                                fields,
                                values);
                yield none == null ? null : !none;
            }
            case Filter.Not(Filter operand) -> {
                Boolean one = holds(operand, fields, values);
                yield one == null ? null : !one;
            }
            case Filter.IsNull(String name) -> value(name, fields, values) == null;
            case Filter.Equal(String name, Object literal) ->
                    compared(value(name, fields, values), literal, 0, 0);
            case Filter.In(String name, List<Object> literals) -> {
                Object value = value(name, fields, values);
                yield value == null
                        ? null
                        : literals.stream().anyMatch(literal -> compare(value, literal) == 0);
            }
            case Filter.Between(String name, Object low, Object high) -> {
                Object value = value(name, fields, values);
                yield value == null ? null : compare(value, low) >= 0 && compare(value, high) <= 0;
            }
            case Filter.Compare(String name, Filter.Order order, Object literal) -> {
                Object value = value(name, fields, values);
                yield switch (order) {
                    case LESS -> compared(value, literal, -1, -1);
                    case AT_MOST -> compared(value, literal, -1, 0);
                    case GREATER -> compared(value, literal, 1, 1);
                    case AT_LEAST -> compared(value, literal, 0, 1);
                };
            }
            case Filter.StartsWith(String name, String prefix) -> {
                Object value = value(name, fields, values);
                yield value == null ? null : ((String) value).startsWith(prefix);
            }
            case Filter.Contains(String name, Object element) -> {
                Object value = value(name, fields, values);
                yield value == null
                        ? null
                        : ((List<?>) value).stream().anyMatch(e -> compare(e, element) == 0);
            }
        };
    }

    private static @Nullable Boolean all(
            List<Filter> operands, List<Field> fields, @Nullable Object[] values) {
        boolean unknown = false;
        for (Filter operand : operands) {
            Boolean one = holds(operand, fields, values);
            if (one == null) {
                unknown = true;
            } else if (!one) {
                return false;
            }
        }
        return unknown ? null : true;
    }

    private static @Nullable Object value(
            String name, List<Field> fields, @Nullable Object[] values) {
        for (int i = 0; i < values.length; i++) {
            if (fields.get(i).name().equals(name)) {
                return values[i];
            }
        }
        throw new IllegalArgumentException("no field " + name);
    }

    private static @Nullable Boolean compared(
            @Nullable Object value, Object literal, int least, int most) {
        if (value == null) {
            return null;
        }
        int sign = Integer.signum(compare(value, literal));
        return sign >= least && sign <= most;
    }

    private static int compare(Object value, Object literal) {
        if (value instanceof String text) {
            return Arrays.compareUnsigned(
                    text.getBytes(StandardCharsets.UTF_8),
                    ((String) literal).getBytes(StandardCharsets.UTF_8));
        }
        if (value instanceof Long number) {
            return Long.compare(number, (Long) literal);
        }
        if (value instanceof Boolean flag) {
            return Boolean.compare(flag, (Boolean) literal);
        }
        if (value instanceof Double number) {
            double other = (Double) literal;
            return number < other ? -1 : number > other ? 1 : 0; // -0.0 equals 0.0
        }
        return ((Instant) value).compareTo((Instant) literal);
    }
}
