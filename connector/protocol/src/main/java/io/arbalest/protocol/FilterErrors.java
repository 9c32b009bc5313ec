package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.filter.FilterGrammarParser;

import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

import java.util.Comparator;
import java.util.HexFormat;
import java.util.stream.Collectors;

/**
 * Turns the first error of lexer or parser into a coded one that says where, what was expected and
 * what came.
 *
 * <p>Confined to one call.
 */
final class FilterErrors extends BaseErrorListener {
    /** Characters of the text shown on either side of an error. */
    private static final int EXCERPT = 24;

    /** Characters of a filter that a message quotes. */
    private static final int MAX_QUOTED = 80;

    private static final String END = "the end";

    private final String text;

    FilterErrors(String text) {
        this.text = text;
    }

    static ArbalestException limit(String what, int limit) {
        return new ArbalestException(
                ErrorCode.LIMIT_EXCEEDED,
                what + ", at most " + limit + " are allowed",
                "use a shorter filter");
    }

    /** What came from outside, short enough for a message, control characters written out. */
    static String brief(String got) {
        int end = Math.min(got.length(), MAX_QUOTED);
        StringBuilder printable = new StringBuilder();
        for (int i = 0; i < end; i++) {
            char character = got.charAt(i);
            if (Character.isISOControl(character)) {
                printable.append("\\u").append(HexFormat.of().toHexDigits(character));
            } else {
                printable.append(character);
            }
        }
        return got.length() > end
                ? printable + "... (" + got.length() + " characters)"
                : printable.toString();
    }

    static ArbalestException syntax(String text, int place, String expected, String got) {
        int from = Math.max(0, place - EXCERPT);
        String excerpt = text.substring(from, Math.min(text.length(), place + EXCERPT));
        return new ArbalestException(
                ErrorCode.FILTER_SYNTAX,
                "filter at character "
                        + (place + 1)
                        + ": expected "
                        + expected
                        + ", got "
                        + brief(got)
                        + ", near \""
                        + brief(excerpt)
                        + "\"",
                remedy(got));
    }

    private static String remedy(String got) {
        if (got.equalsIgnoreCase("null")) {
            return "ask for missing values with: is null, or is not null";
        }
        return got.startsWith("\"")
                ? "put strings into single quotes; double quotes are for names of fields"
                : "write conditions like: section = 'net' and installed_kb <= 120";
    }

    @Override
    public void syntaxError(
            Recognizer<?, ?> recognizer,
            @Nullable Object offending,
            int line,
            int charPositionInLine,
            String message,
            @Nullable RecognitionException error) {
        if (recognizer instanceof FilterGrammarParser parser && offending instanceof Token token) {
            boolean end = token.getType() == Token.EOF;
            String expected =
                    parser.getExpectedTokens().toList().stream()
                            .sorted(Comparator.reverseOrder()) // the end last
                            .map(FilterErrors::describe)
                            .distinct()
                            .collect(Collectors.joining(" or "));
            if (expected.equals(END)) { // the parser has left its loops, but the writer may go on
                expected = "'and' or 'or' or " + END;
            }
            throw syntax(
                    text,
                    end ? text.length() : token.getStartIndex(),
                    expected,
                    end ? END : token.getText());
        }
        int place = offset(line, charPositionInLine);
        String got = place < text.length() ? "'" + text.charAt(place) + "'" : END;
        boolean quote = got.equals("'''");
        throw syntax(
                text,
                place,
                quote ? "a closing quote" : "a field name, a literal, =, and, or a parenthesis",
                quote ? END : got);
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
            case FilterGrammarParser.NAME, FilterGrammarParser.QUOTED -> "a field name";
            case FilterGrammarParser.STRING -> "a string";
            case FilterGrammarParser.INTEGER,
                    FilterGrammarParser.DECIMAL,
                    FilterGrammarParser.TRUE,
                    FilterGrammarParser.FALSE ->
                    "a literal";
            case Token.EOF -> END;
            default -> {
                String literal = FilterGrammarParser.VOCABULARY.getLiteralName(tokenType);
                yield literal != null
                        ? literal
                        : "'"
                                + FilterGrammarParser.VOCABULARY
                                        .getSymbolicName(tokenType)
                                        .toLowerCase(java.util.Locale.ROOT)
                                + "'";
            }
        };
    }
}
