package io.arbalest.client;

import io.arbalest.model.Filter;
import io.arbalest.protocol.FilterText;

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
 * @param explain say how each segment was searched
 * @param adaptiveStop end walks of a graph early, once the best k have settled: worth it for large
 *     k and ef, where it saves a fifth of the distances and more for less than half a point of
 *     recall; refused together with {@code exact}
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
        Duration timeout,
        boolean explain,
        boolean adaptiveStop) {

    /** The k nearest, with all metadata, within 10 seconds. */
    public static SearchQuery nearest(int k) {
        return new SearchQuery(
                k,
                0,
                false,
                false,
                null,
                null,
                null,
                false,
                null,
                Duration.ofSeconds(10),
                false,
                false);
    }

    public SearchQuery withEf(int newEf) {
        return new SearchQuery(
                k,
                newEf,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                token,
                timeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withExact(boolean newExact) {
        return new SearchQuery(
                k,
                ef,
                newExact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                token,
                timeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withSkipTail(boolean newSkipTail) {
        return new SearchQuery(
                k,
                ef,
                exact,
                newSkipTail,
                filter,
                minScore,
                fields,
                includeVector,
                token,
                timeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withFilter(@Nullable String newFilter) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                newFilter,
                minScore,
                fields,
                includeVector,
                token,
                timeout,
                explain,
                adaptiveStop);
    }

    /** With a condition on metadata, for example from {@link Conditions}. */
    public SearchQuery where(Filter condition) {
        return withFilter(FilterText.format(condition));
    }

    public SearchQuery withMinScore(@Nullable Double newMinScore) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                filter,
                newMinScore,
                fields,
                includeVector,
                token,
                timeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withFields(@Nullable List<String> newFields) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                newFields,
                includeVector,
                token,
                timeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withIncludeVector(boolean newIncludeVector) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                newIncludeVector,
                token,
                timeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withToken(@Nullable Token newToken) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                newToken,
                timeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withTimeout(Duration newTimeout) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                token,
                newTimeout,
                explain,
                adaptiveStop);
    }

    public SearchQuery withExplain(boolean newExplain) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                token,
                timeout,
                newExplain,
                adaptiveStop);
    }

    public SearchQuery withAdaptiveStop(boolean newAdaptiveStop) {
        return new SearchQuery(
                k,
                ef,
                exact,
                skipTail,
                filter,
                minScore,
                fields,
                includeVector,
                token,
                timeout,
                explain,
                newAdaptiveStop);
    }
}
