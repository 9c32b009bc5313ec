package io.arbalest.client;

import io.arbalest.model.Filter;
import io.arbalest.protocol.FilterText;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

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
        return with(draft -> draft.ef = newEf);
    }

    public SearchQuery withExact(boolean newExact) {
        return with(draft -> draft.exact = newExact);
    }

    public SearchQuery withSkipTail(boolean newSkipTail) {
        return with(draft -> draft.skipTail = newSkipTail);
    }

    public SearchQuery withFilter(@Nullable String newFilter) {
        return with(draft -> draft.filter = newFilter);
    }

    /** With a condition on metadata, for example from {@link Conditions}. */
    public SearchQuery where(Filter condition) {
        return withFilter(FilterText.format(condition));
    }

    public SearchQuery withMinScore(@Nullable Double newMinScore) {
        return with(draft -> draft.minScore = newMinScore);
    }

    public SearchQuery withFields(@Nullable List<String> newFields) {
        return with(draft -> draft.fields = newFields);
    }

    public SearchQuery withIncludeVector(boolean newIncludeVector) {
        return with(draft -> draft.includeVector = newIncludeVector);
    }

    public SearchQuery withToken(@Nullable Token newToken) {
        return with(draft -> draft.token = newToken);
    }

    public SearchQuery withTimeout(Duration newTimeout) {
        return with(draft -> draft.timeout = newTimeout);
    }

    public SearchQuery withExplain(boolean newExplain) {
        return with(draft -> draft.explain = newExplain);
    }

    public SearchQuery withAdaptiveStop(boolean newAdaptiveStop) {
        return with(draft -> draft.adaptiveStop = newAdaptiveStop);
    }

    private SearchQuery with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.finished();
    }

    /** The components by name, to change one of them. */
    private static final class Draft {
        private int k;
        private int ef;
        private boolean exact;
        private boolean skipTail;
        private @Nullable String filter;
        private @Nullable Double minScore;
        private @Nullable List<String> fields;
        private boolean includeVector;
        private @Nullable Token token;
        private Duration timeout;
        private boolean explain;
        private boolean adaptiveStop;

        Draft(SearchQuery from) {
            k = from.k;
            ef = from.ef;
            exact = from.exact;
            skipTail = from.skipTail;
            filter = from.filter;
            minScore = from.minScore;
            fields = from.fields;
            includeVector = from.includeVector;
            token = from.token;
            timeout = from.timeout;
            explain = from.explain;
            adaptiveStop = from.adaptiveStop;
        }

        SearchQuery finished() {
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
                    adaptiveStop);
        }
    }
}
