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
    void limitsHold() {
        assertRefused(
                "a = '" + "x".repeat(WireLimits.MAX_FILTER_CHARACTERS) + "'",
                ErrorCode.LIMIT_EXCEEDED);
        assertRefused("(".repeat(30_000) + "a = 1" + ")".repeat(30_000), ErrorCode.LIMIT_EXCEEDED);
        assertRefused(
                "a=1" + " and a=1".repeat(WireLimits.MAX_FILTER_TERMS), ErrorCode.LIMIT_EXCEEDED);
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
            List<Filter> terms = new ArrayList<>();
            for (int term = 0; term <= random.nextInt(4); term++) {
                terms.add(new Filter.Equal("f" + random.nextInt(100), literal(random)));
            }
            Filter filter = terms.size() == 1 ? terms.get(0) : new Filter.And(terms);
            assertThat(FilterText.parse(FilterText.format(filter)))
                    .as("seed %d", seed)
                    .isEqualTo(filter);
        }
    }

    private static Object literal(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> {
                double number = Double.longBitsToDouble(random.nextLong());
                yield Double.isFinite(number) ? number : 0.5;
            }
            case 2 -> random.nextBoolean();
            default -> {
                StringBuilder text = new StringBuilder();
                for (int length = random.nextInt(8); length > 0; length--) {
                    text.append("a'\n \"\\ü%)".charAt(random.nextInt(9)));
                }
                yield text.toString();
            }
        };
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
