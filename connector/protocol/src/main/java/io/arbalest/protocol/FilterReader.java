package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Filter;
import io.arbalest.protocol.filter.FilterGrammarBaseVisitor;
import io.arbalest.protocol.filter.FilterGrammarParser;

import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Turns a parse tree into a filter. With a collection, it checks fields and literals on the way,
 * where their places in the text are known.
 *
 * <p>Confined to one call.
 */
final class FilterReader extends FilterGrammarBaseVisitor<Filter> {
    private final String text;
    private final @Nullable CollectionDefinition definition;
    private int terms;

    FilterReader(String text, @Nullable CollectionDefinition definition) {
        this.text = text;
        this.definition = definition;
    }

    @Override
    public Filter visitFilter(FilterGrammarParser.FilterContext context) {
        return visit(context.disjunction());
    }

    @Override
    public Filter visitDisjunction(FilterGrammarParser.DisjunctionContext context) {
        List<Filter> operands = visitAll(context.conjunction());
        return operands.size() == 1 ? operands.get(0) : new Filter.Or(operands);
    }

    @Override
    public Filter visitConjunction(FilterGrammarParser.ConjunctionContext context) {
        List<Filter> operands = visitAll(context.negation());
        return operands.size() == 1 ? operands.get(0) : new Filter.And(operands);
    }

    private List<Filter> visitAll(List<? extends ParserRuleContext> contexts) {
        List<Filter> filters = new ArrayList<>(contexts.size());
        contexts.forEach(context -> filters.add(visit(context)));
        return filters;
    }

    @Override
    public Filter visitNegated(FilterGrammarParser.NegatedContext context) {
        return new Filter.Not(visit(context.negation()));
    }

    @Override
    public Filter visitPlain(FilterGrammarParser.PlainContext context) {
        return visit(context.primary());
    }

    @Override
    public Filter visitParenthesised(FilterGrammarParser.ParenthesisedContext context) {
        return visit(context.disjunction());
    }

    @Override
    public Filter visitCondition(FilterGrammarParser.ConditionContext context) {
        String source = context.field().getText();
        String name = source.startsWith("\"") ? source.substring(1, source.length() - 1) : source;
        int place = context.getStart().getStartIndex();
        Subject subject = new Subject(name, place, declared(name, place));
        FilterGrammarParser.PredicateContext predicate = context.predicate();
        if (predicate instanceof FilterGrammarParser.NullContext isNull) {
            count(1);
            return negate(isNull.NOT() != null, new Filter.IsNull(name));
        }
        if (predicate instanceof FilterGrammarParser.MemberContext member) {
            return negate(member.NOT() != null, member(subject, member.membership()));
        }
        FilterGrammarParser.ComparingContext comparing =
                (FilterGrammarParser.ComparingContext) predicate;
        String sign = comparing.comparison().getText();
        Object value = literal(subject, FilterCheck.Use.COMPARED, comparing.literal());
        return switch (sign) {
            case "=" -> new Filter.Equal(name, value);
            case "!=", "<>" -> new Filter.Not(new Filter.Equal(name, value));
            case "<" -> new Filter.Compare(name, Filter.Order.LESS, value);
            case "<=" -> new Filter.Compare(name, Filter.Order.AT_MOST, value);
            case ">" -> new Filter.Compare(name, Filter.Order.GREATER, value);
            default -> new Filter.Compare(name, Filter.Order.AT_LEAST, value);
        };
    }

    /** The field that a condition is about; {@code declared} is null without a collection. */
    private record Subject(String name, int place, @Nullable Field declared) {}

    private @Nullable Field declared(String name, int place) {
        CollectionDefinition known = definition;
        return known == null ? null : at(place, () -> FilterCheck.requireIndexed(name, known));
    }

    private static Filter negate(boolean negated, Filter filter) {
        return negated ? new Filter.Not(filter) : filter;
    }

    private Filter member(Subject subject, FilterGrammarParser.MembershipContext membership) {
        String name = subject.name;
        if (membership instanceof FilterGrammarParser.BetweenContext between) {
            return new Filter.Between(
                    name,
                    literal(subject, FilterCheck.Use.COMPARED, between.literal(0)),
                    literal(subject, FilterCheck.Use.COMPARED, between.literal(1)));
        }
        if (membership instanceof FilterGrammarParser.InContext in) {
            if (in.literal().size() > WireLimits.MAX_FILTER_LIST) {
                throw FilterErrors.limit(
                        "the list at character "
                                + (in.getStart().getStartIndex() + 1)
                                + " of the filter has "
                                + in.literal().size()
                                + " elements",
                        WireLimits.MAX_FILTER_LIST);
            }
            List<Object> values = new ArrayList<>();
            in.literal()
                    .forEach(
                            value -> values.add(literal(subject, FilterCheck.Use.COMPARED, value)));
            return new Filter.In(name, values);
        }
        if (membership instanceof FilterGrammarParser.ContainsContext contains) {
            return new Filter.Contains(
                    name, literal(subject, FilterCheck.Use.CONTAINED, contains.literal()));
        }
        return like(subject, (FilterGrammarParser.LikeContext) membership);
    }

    private Filter like(Subject subject, FilterGrammarParser.LikeContext like) {
        count(1);
        Field declared = subject.declared;
        Token escape = like.escape;
        int escapeCharacter = -1;
        if (escape != null) {
            String characters = unquoted(escape.getText());
            if (characters.length() != 1) {
                throw FilterErrors.syntax(
                        text,
                        escape.getStartIndex(),
                        "one escape character in quotes",
                        escape.getText());
            }
            escapeCharacter = characters.charAt(0);
        }
        StringBuilder prefix = new StringBuilder();
        boolean open = pattern(like.pattern, escapeCharacter, prefix);
        if (declared != null) {
            at(
                    like.pattern.getStartIndex(),
                    () -> FilterCheck.literal(declared, FilterCheck.Use.PREFIX, prefix.toString()));
        }
        return open
                ? new Filter.StartsWith(subject.name, prefix.toString())
                : new Filter.Equal(subject.name, prefix.toString());
    }

    /** Collects what a pattern starts with; whether it goes on with a %. */
    private boolean pattern(Token token, int escape, StringBuilder prefix) {
        String pattern = unquoted(token.getText());
        for (int index = 0; index < pattern.length(); index++) {
            char character = pattern.charAt(index);
            if (character == escape && index + 1 < pattern.length()) {
                prefix.append(pattern.charAt(++index));
            } else if (character == '%' && index == pattern.length() - 1) {
                return true;
            } else if (character == '%' || character == '_' || character == escape) {
                throw FilterErrors.syntax(
                        text,
                        token.getStartIndex(),
                        "a pattern whose one wildcard is a % at its end, like 'abc%'",
                        token.getText());
            } else {
                prefix.append(character);
            }
        }
        return false;
    }

    private static String unquoted(String source) {
        return source.substring(1, source.length() - 1).replace("''", "'");
    }

    private void count(int more) {
        terms += more;
        if (terms > WireLimits.MAX_FILTER_TERMS) {
            throw FilterErrors.limit(
                    "the filter has more comparisons", WireLimits.MAX_FILTER_TERMS);
        }
    }

    private Object literal(
            Subject subject, FilterCheck.Use use, FilterGrammarParser.LiteralContext literal) {
        count(1);
        Object value = value(literal);
        Field declared = subject.declared;
        int place = literal.getStart().getStartIndex();
        return declared == null
                ? value
                : at(place, () -> FilterCheck.literal(declared, use, value));
    }

    private Object value(FilterGrammarParser.LiteralContext literal) {
        String source = literal.getText();
        int place = literal.getStart().getStartIndex();
        if (literal instanceof FilterGrammarParser.StringLiteralContext) {
            return unquoted(source);
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
                throw FilterErrors.syntax(
                        text, place, "a number within the range of a double", source);
            }
            return number;
        }
        try {
            return Long.parseLong(source);
        } catch (NumberFormatException e) {
            throw FilterErrors.syntax(text, place, "an integer of 64 bits", source);
        }
    }

    /** A step of a check. */
    @FunctionalInterface
    private interface Check<T> {
        T run();
    }

    /** Runs a check; its error says where in the text. */
    private static <T> T at(int place, Check<T> check) {
        try {
            return check.run();
        } catch (ArbalestException e) {
            ErrorCode code = e.code();
            String where = "filter at character " + (place + 1) + ": ";
            throw new ArbalestException(code, where + e.detail(), e.fix(), e);
        }
    }
}
