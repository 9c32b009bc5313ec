package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.protocol.filter.FilterGrammarLexer;
import io.arbalest.protocol.filter.FilterGrammarParser;

import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The one textual syntax of filters: {@code section = 'net' and installed_kb = 120}. Keywords in
 * any case; strings in single quotes, a quote inside is doubled; numbers, {@code true}, {@code
 * false}; timestamps are ISO 8601 strings. The grammar is {@code FilterGrammar.g4}.
 *
 * <p>A literal becomes String, Long, Double or Boolean; {@link FilterCheck} turns it into the
 * field's type.
 *
 * <p>Thread-safe: no state.
 */
public final class FilterText {
    private FilterText() {}

    /** Refused with {@link ErrorCode#FILTER_SYNTAX} or {@link ErrorCode#LIMIT_EXCEEDED}. */
    public static Filter parse(String text) {
        if (text.length() > WireLimits.MAX_FILTER_CHARACTERS) {
            throw limit(
                    "the filter has " + text.length() + " characters",
                    WireLimits.MAX_FILTER_CHARACTERS);
        }
        CodedErrors errors = new CodedErrors(text);
        FilterGrammarLexer lexer = new FilterGrammarLexer(CharStreams.fromString(text));
        lexer.removeErrorListeners();
        lexer.addErrorListener(errors);
        CommonTokenStream tokens = new CommonTokenStream(lexer);
        tokens.fill();
        checkDepth(tokens.getTokens());
        FilterGrammarParser parser = new FilterGrammarParser(tokens);
        parser.removeErrorListeners();
        parser.addErrorListener(errors);
        List<Filter> terms = new ArrayList<>();
        collect(parser.filter().conjunction(), terms, text);
        if (terms.size() > WireLimits.MAX_FILTER_TERMS) {
            throw limit(
                    "the filter has " + terms.size() + " comparisons", WireLimits.MAX_FILTER_TERMS);
        }
        return terms.size() == 1 ? terms.get(0) : new Filter.And(terms);
    }

    /** Text that parses to the same condition. Timestamps become strings. */
    public static String format(Filter filter) {
        if (filter instanceof Filter.Equal equal) {
            return equal.field() + " = " + literal(equal.value());
        }
        return ((Filter.And) filter)
                .operands().stream().map(FilterText::format).collect(Collectors.joining(" and "));
    }

    private static String literal(Object value) {
        if (value instanceof String || value instanceof Instant) {
            return "'" + value.toString().replace("'", "''") + "'";
        }
        if (value instanceof Double number && !Double.isFinite(number)) {
            throw new ArbalestException(
                    ErrorCode.FILTER_TYPE_MISMATCH,
                    number + " is not a literal of the filter language",
                    "use a finite number");
        }
        return value.toString();
    }

    /** Parentheses do not change the meaning of a conjunction, so nested ones are flattened. */
    private static void collect(
            FilterGrammarParser.ConjunctionContext conjunction, List<Filter> into, String text) {
        for (FilterGrammarParser.TermContext term : conjunction.term()) {
            if (term instanceof FilterGrammarParser.ParenthesisedContext inner) {
                collect(inner.conjunction(), into, text);
            } else {
                FilterGrammarParser.EqualityContext equality =
                        (FilterGrammarParser.EqualityContext) term;
                into.add(
                        new Filter.Equal(
                                equality.NAME().getText(), value(equality.literal(), text)));
            }
        }
    }

    private static Object value(FilterGrammarParser.LiteralContext literal, String text) {
        String source = literal.getText();
        if (literal instanceof FilterGrammarParser.StringLiteralContext) {
            return source.substring(1, source.length() - 1).replace("''", "'");
        }
        if (literal instanceof FilterGrammarParser.TrueLiteralContext) {
            return true;
        }
        if (literal instanceof FilterGrammarParser.FalseLiteralContext) {
            return false;
        }
        if (literal instanceof FilterGrammarParser.DecimalLiteralContext) {
            double number = Double.parseDouble(source);
            if (Double.isInfinite(number)) {
                throw syntax(
                        text,
                        literal.getStart().getStartIndex(),
                        "a number within the range of a double",
                        source);
            }
            return number;
        }
        try {
            return Long.parseLong(source);
        } catch (NumberFormatException e) {
            throw syntax(text, literal.getStart().getStartIndex(), "an integer of 64 bits", source);
        }
    }

    private static void checkDepth(List<Token> tokens) {
        int depth = 0;
        for (Token token : tokens) {
            depth += "(".equals(token.getText()) ? 1 : ")".equals(token.getText()) ? -1 : 0;
            if (depth > WireLimits.MAX_FILTER_DEPTH) {
                throw limit(
                        "the filter opens " + depth + " parentheses at once",
                        WireLimits.MAX_FILTER_DEPTH);
            }
        }
    }

    private static ArbalestException limit(String what, int limit) {
        return new ArbalestException(
                ErrorCode.LIMIT_EXCEEDED,
                what + ", at most " + limit + " are allowed",
                "use a shorter filter");
    }

    private static ArbalestException syntax(
            String text, int position, String expected, String got) {
        int from = Math.max(0, position - EXCERPT);
        String excerpt = text.substring(from, Math.min(text.length(), position + EXCERPT));
        return new ArbalestException(
                ErrorCode.FILTER_SYNTAX,
                "filter at character "
                        + (position + 1)
                        + ": expected "
                        + expected
                        + ", got "
                        + got
                        + ", near \""
                        + excerpt
                        + "\"",
                "write conditions like: section = 'net' and installed_kb = 120");
    }

    /** Characters of the text shown on either side of an error. */
    private static final int EXCERPT = 24;

    /** Turns the first error of lexer or parser into a coded one. */
    private static final class CodedErrors extends BaseErrorListener {
        private static final String END = "the end";

        private final String text;

        CodedErrors(String text) {
            this.text = text;
        }

        @Override
        public void syntaxError(
                Recognizer<?, ?> recognizer,
                @Nullable Object offending,
                int line,
                int charPositionInLine,
                String message,
                @Nullable RecognitionException error) {
            if (recognizer instanceof FilterGrammarParser parser
                    && offending instanceof Token token) {
                boolean end = token.getType() == Token.EOF;
                String expected =
                        parser.getExpectedTokens().toList().stream()
                                .sorted(Comparator.reverseOrder()) // the end last
                                .map(CodedErrors::describe)
                                .distinct()
                                .collect(Collectors.joining(" or "));
                if (expected.equals(END)) {
                    expected =
                            "'and' or " + END; // the grammar has left its loop, but the writer may
                    // still go on
                }
                throw syntax(
                        text,
                        end ? text.length() : token.getStartIndex(),
                        expected,
                        end ? "the end" : token.getText());
            }
            int position = offset(line, charPositionInLine);
            String got = position < text.length() ? "'" + text.charAt(position) + "'" : "the end";
            boolean quote = got.equals("'''");
            throw syntax(
                    text,
                    position,
                    quote ? "a closing quote" : "a field name, a literal, =, and, or a parenthesis",
                    quote ? "the end" : got);
        }

        private int offset(int line, int charPositionInLine) {
            int start = 0;
            for (int passed = 1; passed < line; passed++) {
                start = text.indexOf('\n', start) + 1;
            }
            return start + charPositionInLine;
        }

        private static String describe(int tokenType) {
            return switch (tokenType) {
                case FilterGrammarParser.NAME -> "a field name";
                case FilterGrammarParser.STRING,
                        FilterGrammarParser.INTEGER,
                        FilterGrammarParser.DECIMAL,
                        FilterGrammarParser.TRUE,
                        FilterGrammarParser.FALSE ->
                        "a literal";
                case FilterGrammarParser.AND -> "'and'";
                case Token.EOF -> END;
                default -> FilterGrammarParser.VOCABULARY.getDisplayName(tokenType);
            };
        }
    }
}
