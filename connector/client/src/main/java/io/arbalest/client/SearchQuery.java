package io.arbalest.client;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;

/**
 * What to search for, apart from the vectors. Immutable; {@code with...} methods return changed
 * copies.
 *
 * @param ef candidates kept; 0: the collection's default
 * @param exact score every matching point
 * @param skipTail leave out rows that the graph has not linked yet
 * @param filter text of the filter language, or null
 * @param minScore rows below are left out, or null
 * @param fields which metadata to return; null: all
 * @param token wait until this write is visible, or null
 */
public record SearchQuery(
        int k,
        int ef,
        boolean exact,
        boolean skipTail,
        @Nullable String filter,
        @Nullable Double minScore,
        @Nullable List<String> fields,
        boolean includeVector,
        @Nullable Token token,
        Duration timeout) {

    /** The k nearest, with all metadata, within 10 seconds. */
    public static SearchQuery nearest(int k) {
        return new SearchQuery(
                k, 0, false, false, null, null, null, false, null, Duration.ofSeconds(10));
    }

    public SearchQuery withEf(int newEf) {
        return new SearchQuery(
                k, newEf, exact, skipTail, filter, minScore, fields, includeVector, token, timeout);
    }

    public SearchQuery withExact(boolean newExact) {
        return new SearchQuery(
                k, ef, newExact, skipTail, filter, minScore, fields, includeVector, token, timeout);
    }

    public SearchQuery withSkipTail(boolean newSkipTail) {
        return new SearchQuery(
                k, ef, exact, newSkipTail, filter, minScore, fields, includeVector, token, timeout);
    }

    public SearchQuery withFilter(@Nullable String newFilter) {
        return new SearchQuery(
                k, ef, exact, skipTail, newFilter, minScore, fields, includeVector, token, timeout);
    }

    public SearchQuery withMinScore(@Nullable Double newMinScore) {
        return new SearchQuery(
                k, ef, exact, skipTail, filter, newMinScore, fields, includeVector, token, timeout);
    }

    public SearchQuery withFields(@Nullable List<String> newFields) {
        return new SearchQuery(
                k, ef, exact, skipTail, filter, minScore, newFields, includeVector, token, timeout);
    }

    public SearchQuery withIncludeVector(boolean newIncludeVector) {
        return new SearchQuery(
                k, ef, exact, skipTail, filter, minScore, fields, newIncludeVector, token, timeout);
    }

    public SearchQuery withToken(@Nullable Token newToken) {
        return new SearchQuery(
                k, ef, exact, skipTail, filter, minScore, fields, includeVector, newToken, timeout);
    }

    public SearchQuery withTimeout(Duration newTimeout) {
        return new SearchQuery(
                k, ef, exact, skipTail, filter, minScore, fields, includeVector, token, newTimeout);
    }
}
