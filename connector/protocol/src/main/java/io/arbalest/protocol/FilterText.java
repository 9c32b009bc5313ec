package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.protocol.filter.FilterGrammarLexer;
import io.arbalest.protocol.filter.FilterGrammarParser;

import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * The one textual syntax of filters, a part of SQL's:
 *
 * <pre>
 *   section = 'net' and not (installed_kb between 1 and 120 or essential = true)
 *   = != &lt;&gt; &lt; &lt;= &gt; &gt;=     [not] between 1 and 9     [not] in ('a', 'b')     is [not] null
 *   name [not] like 'lib%'             starts with lib; the one % stands at the end
 *   name like '100!%%' escape '!'      starts with 100%
 *   tags [not] contains 'x'            the array has the element x
 *   and, or, not, parentheses; not binds closest, then and, then or
 * </pre>
 *
 * <p>Keywords in any case. Strings in single quotes, a quote inside is doubled; numbers, {@code
 * true}, {@code false}; timestamps are ISO 8601 strings. A field whose name is a keyword stands in
 * double quotes. Three-valued logic as in SQL: see {@link Filter}. The grammar is {@code
 * FilterGrammar.g4}.
 *
 * <p>Limits: {@link WireLimits#MAX_FILTER_CHARACTERS}, {@link WireLimits#MAX_FILTER_DEPTH}, {@link
 * WireLimits#MAX_FILTER_TERMS} and {@link WireLimits#MAX_FILTER_LIST}.
 *
 * <p>Thread-safe: no state.
 */
public final class FilterText {
    private FilterText() {}

    /**
     * The filter with literals as they are written: String, Long, Double or Boolean. Refused with
     * {@link ErrorCode#FILTER_SYNTAX} or {@link ErrorCode#LIMIT_EXCEEDED}; the message says at
     * which character.
     */
    public static Filter parse(String text) {
        return read(text, null);
    }

    /**
     * The filter with fields and literals checked against the collection as {@link
     * FilterCheck#bind} does, every error with its place in the text.
     *
     * @throws ArbalestException FILTER_SYNTAX, LIMIT_EXCEEDED, UNKNOWN_FIELD, FIELD_NOT_INDEXED or
     *     FILTER_TYPE_MISMATCH
     */
    public static Filter parseFor(CollectionDefinition definition, String text) {
        return read(text, definition);
    }

    private static Filter read(String text, @Nullable CollectionDefinition definition) {
        if (text.length() > WireLimits.MAX_FILTER_CHARACTERS) {
            throw FilterErrors.limit(
                    "the filter has " + text.length() + " characters",
                    WireLimits.MAX_FILTER_CHARACTERS);
        }
        FilterErrors errors = new FilterErrors(text);
        FilterGrammarLexer lexer = new FilterGrammarLexer(CharStreams.fromString(text));
        lexer.removeErrorListeners();
        lexer.addErrorListener(errors);
        CommonTokenStream tokens = new CommonTokenStream(lexer);
        tokens.fill();
        checkDepth(tokens.getTokens());
        FilterGrammarParser parser = new FilterGrammarParser(tokens);
        parser.removeErrorListeners();
        parser.addErrorListener(errors);
        return new FilterReader(text, definition).visit(parser.filter());
    }

    /**
     * Refuses a text that is longer than any filter may be, before it is sent or read.
     *
     * @throws ArbalestException LIMIT_EXCEEDED
     */
    public static void checkLength(String text) {
        if (text.length() > WireLimits.MAX_FILTER_CHARACTERS) {
            throw FilterErrors.limit(
                    "the filter has " + text.length() + " characters",
                    WireLimits.MAX_FILTER_CHARACTERS);
        }
    }

    /**
     * As {@link #checkLength}; refuses also a text without a condition, which on the wire would
     * mean that there is no filter.
     *
     * @throws ArbalestException LIMIT_EXCEEDED, FILTER_SYNTAX
     */
    public static void checkSome(String text) {
        checkLength(text);
        if (text.isBlank()) {
            parse(text); // says what was expected
        }
    }

    /**
     * Text that parses to the same condition. Timestamps become strings. Refused with {@link
     * ErrorCode#LIMIT_EXCEEDED} if it nests deeper than a text may.
     */
    public static String format(Filter filter) {
        return FilterWriter.text(filter);
    }

    /** Parentheses and negations nest the parser's calls, so they are counted before it runs. */
    private static void checkDepth(List<Token> tokens) {
        int open = 0;
        int negations = 0;
        for (Token token : tokens) {
            String text = token.getText();
            open += "(".equals(text) ? 1 : ")".equals(text) ? -1 : 0;
            negations = token.getType() == FilterGrammarLexer.NOT ? negations + 1 : 0;
            if (open + negations > WireLimits.MAX_FILTER_DEPTH) {
                throw FilterErrors.limit(
                        "the filter opens "
                                + (open + negations)
                                + " parentheses and negations at once, at character "
                                + (token.getStartIndex() + 1),
                        WireLimits.MAX_FILTER_DEPTH);
            }
        }
    }
}
