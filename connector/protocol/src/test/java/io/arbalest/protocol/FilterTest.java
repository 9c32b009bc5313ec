package io.arbalest.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class FilterTest {
    private static final CollectionDefinition DEFINITION =
            Definitions.of(KeyType.STRING, Metric.IP, 4);

    @Test
    void equalitiesAndConjunctions() {
        assertThat(FilterText.parse("section = 'net'"))
                .isEqualTo(new Filter.Equal("section", "net"));
        assertThat(FilterText.parse("(a=1 AND (b = -2.5e3)) and\n c=TRUE and d = 'it''s'"))
                .isEqualTo(
                        new Filter.And(
                                List.of(
                                        new Filter.Equal("a", 1L),
                                        new Filter.Equal("b", -2500.0),
                                        new Filter.Equal("c", true),
                                        new Filter.Equal("d", "it's"))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "section =          | character 10 | a literal      | the end",
                "a = 1 or           | character 9  | a field name   | the end",
                "a between 1 or 2   | character 13 | 'and'          | or",
                "a in ()            | character 7  | a literal      | )",
                "a in (1, 2         | character 11 | ')'            | the end",
                "a not = 1          | character 7  | 'between'      | =",
                "a is 1             | character 6  | 'null'         | 1",
                "a like 1           | character 8  | a string       | 1",
                "a like '%b'        | character 8  | a % at its end | '%b'",
                "a like 'b_'        | character 8  | a % at its end | 'b_'",
                "a like 'b' escape 'xy' | character 19 | one escape | 'xy'",
                "a = null           | character 5  | a literal      | null",
                "a = NaN            | character 5  | a literal      | NaN",
                "in = 1             | character 1  | a field name   | in",
                "= 'net'            | character 1  | a field name   | =",
                "section 'net'      | character 9  | '='            | 'net'",
                "a = 1 b = 2        | character 7  | 'and'          | b",
                "a = 'open          | character 5  | closing quote  | the end",
                "a = 1 and          | character 10 | a field name   | the end",
                "(a = 1             | character 7  | ')'            | the end",
                "a = 1 %            | character 7  | a field name   | '%'",
                "a = 99999999999999999999 | character 5 | 64 bits    | 99999999999999999999",
                "a = 1e999          | character 5  | range          | 1e999"
            })
    void anErrorSaysWhereAndWhat(String text, String where, String expected, String got) {
        assertThatThrownBy(() -> FilterText.parse(text))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.FILTER_SYNTAX))
                .hasMessageContaining(where + ":")
                .hasMessageContaining(expected)
                .hasMessageContaining("got " + got);
    }

    @Test
    void anErrorSaysHowItIsWritten() {
        assertThatThrownBy(() -> FilterText.parse("a = null"))
                .hasMessageContaining("got null")
                .hasMessageContaining("is null, or is not null");
        assertThatThrownBy(() -> FilterText.parse("a = \"red\""))
                .hasMessageContaining("single quotes");
    }

    @Test
    void limitsHold() {
        assertRefused(
                "a = '" + "x".repeat(WireLimits.MAX_FILTER_CHARACTERS) + "'",
                ErrorCode.LIMIT_EXCEEDED);
        assertRefused("(".repeat(30_000) + "a = 1" + ")".repeat(30_000), ErrorCode.LIMIT_EXCEEDED);
        assertRefused(
                "a=1" + " and a=1".repeat(WireLimits.MAX_FILTER_TERMS), ErrorCode.LIMIT_EXCEEDED);
        assertRefused("not ".repeat(10_000) + "a = 1", ErrorCode.LIMIT_EXCEEDED);
        assertRefused(
                "a in (1" + ", 1".repeat(WireLimits.MAX_FILTER_LIST) + ")",
                ErrorCode.LIMIT_EXCEEDED);
        assertThat(FilterText.parse("(".repeat(64) + "a = 1" + ")".repeat(64)))
                .isEqualTo(new Filter.Equal("a", 1L));
    }

    private static void assertRefused(String text, ErrorCode code) {
        assertThatThrownBy(() -> FilterText.parse(text))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void whatIsFormattedParsesToTheSame() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            Filter filter = filter(random, random.nextInt(5));
            assertThat(FilterText.parse(FilterText.format(filter)))
                    .as("seed %d: %s", seed, FilterText.format(filter))
                    .isEqualTo(filter);
        }
    }

    private static Filter filter(Random random, int depth) {
        if (depth == 0) {
            return leaf(random);
        }
        return switch (random.nextInt(3)) {
            case 0 -> new Filter.Not(filter(random, depth - 1));
            case 1 -> new Filter.And(operands(random, depth));
            default -> new Filter.Or(operands(random, depth));
        };
    }

    private static List<Filter> operands(Random random, int depth) {
        List<Filter> operands = new ArrayList<>();
        for (int count = 2 + random.nextInt(2); count > 0; count--) {
            operands.add(filter(random, random.nextInt(depth)));
        }
        return operands;
    }

    private static Filter leaf(Random random) {
        String field = random.nextInt(8) == 0 ? "in" : "f" + random.nextInt(100);
        return switch (random.nextInt(7)) {
            case 0 -> new Filter.Equal(field, literal(random));
            case 1 -> {
                Filter.Order[] orders = Filter.Order.values();
                yield new Filter.Compare(
                        field, orders[random.nextInt(orders.length)], literal(random));
            }
            case 2 -> new Filter.Between(field, literal(random), literal(random));
            case 3 -> new Filter.In(field, List.of(literal(random), literal(random)));
            case 4 -> new Filter.IsNull(field);
            case 5 -> new Filter.StartsWith(field, text(random));
            default -> new Filter.Contains(field, literal(random));
        };
    }

    private static Object literal(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> {
                double number = Double.longBitsToDouble(random.nextLong());
                yield Double.isFinite(number) ? number : 0.5;
            }
            case 2 -> random.nextBoolean();
            default -> text(random);
        };
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(8); length > 0; length--) {
            text.append("a'\n \"\\ü%)_!".charAt(random.nextInt(11)));
        }
        return text.toString();
    }

    @Test
    void theWholeLanguage() {
        assertThat(FilterText.parse("a != 1 or b <> 2 and not c <= 3"))
                .isEqualTo(
                        new Filter.Or(
                                List.of(
                                        new Filter.Not(new Filter.Equal("a", 1L)),
                                        new Filter.And(
                                                List.of(
                                                        new Filter.Not(new Filter.Equal("b", 2L)),
                                                        new Filter.Not(
                                                                new Filter.Compare(
                                                                        "c",
                                                                        Filter.Order.AT_MOST,
                                                                        3L)))))));
        assertThat(FilterText.parse("a NOT BETWEEN 1 AND 2 AND b = 3"))
                .isEqualTo(
                        new Filter.And(
                                List.of(
                                        new Filter.Not(new Filter.Between("a", 1L, 2L)),
                                        new Filter.Equal("b", 3L))));
        assertThat(FilterText.parse("a not in ('x', 'y')"))
                .isEqualTo(new Filter.Not(new Filter.In("a", List.of("x", "y"))));
        assertThat(FilterText.parse("a is not null"))
                .isEqualTo(new Filter.Not(new Filter.IsNull("a")));
        assertThat(FilterText.parse("a like 'lib%'")).isEqualTo(new Filter.StartsWith("a", "lib"));
        assertThat(FilterText.parse("a like '100!%%' escape '!'"))
                .isEqualTo(new Filter.StartsWith("a", "100%"));
        assertThat(FilterText.parse("a like 'lib'")).isEqualTo(new Filter.Equal("a", "lib"));
        assertThat(FilterText.parse("\"contains\" contains 'x'"))
                .isEqualTo(new Filter.Contains("contains", "x"));
    }

    @Test
    void aNumberThatEqualsNothingIsNoLiteral() {
        for (double number : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> new Filter.Equal("a", number))
                    .hasMessageContaining("ARB-1203")
                    .hasMessageContaining("finite number");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "section = 'a' and installed_kb > 'b' | ARB-1203 | character 34: | is LONG",
                "section = 'a' or (nope = 1)          | ARB-1201 | character 19: | nope",
                "weight in (1, true)                  | ARB-1203 | character 15: | is DOUBLE",
                "installed_kb like 'a%'               | ARB-1203 | character 19: | expected STRING",
                "section contains 'a'                 | ARB-1203 | character 18: | expected an"
                        + " array",
                "tags contains 1                      | ARB-1203 | character 15: | STRING_ARRAY",
                "updated between '2026-01-01' and '2026-01-02T00:00:00Z' | ARB-1203 | character 17:"
                        + " | TIMESTAMP"
            })
    void aTypeErrorSaysWhere(String text, String code, String where, String what) {
        assertThatThrownBy(() -> FilterText.parseFor(DEFINITION, text))
                .hasMessageContaining(code)
                .hasMessageContaining(where)
                .hasMessageContaining(what);
    }

    @Test
    void literalsTakeTheTypeOfTheirField() {
        assertThat(bind("weight = 2")).isEqualTo(new Filter.Equal("weight", 2.0));
        assertThat(bind("updated = '2026-01-31T13:00:00.5+01:00'"))
                .isEqualTo(new Filter.Equal("updated", Instant.parse("2026-01-31T12:00:00.500Z")));
        assertThat(bind("section='net' and essential = false"))
                .isEqualTo(
                        new Filter.And(
                                List.of(
                                        new Filter.Equal("section", "net"),
                                        new Filter.Equal("essential", false))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "section = 1",
                "installed_kb = 1.5",
                "essential = 'true'",
                "updated = 'yesterday'",
                "tags = 'a'"
            })
    void anotherTypeIsRefused(String text) {
        assertThatThrownBy(() -> bind(text)).hasMessageContaining("ARB-1203");
    }

    @Test
    void anUnknownOrUnindexedFieldIsRefusedAndTheOthersAreNamed() {
        assertThatThrownBy(() -> bind("nope = 1"))
                .hasMessageContaining("ARB-1201")
                .hasMessageContaining("section");
        assertThatThrownBy(() -> bind("note = 'x'"))
                .hasMessageContaining("ARB-1201")
                .hasMessageContaining("not indexed");
    }

    private static Filter bind(String text) {
        return FilterCheck.bind(FilterText.parse(text), DEFINITION);
    }
}
