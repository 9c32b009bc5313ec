package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Deletes every point that a filter accepts: finds some, all of which match, deletes them, and
 * looks again until there are none. Each search waits for the deletes before it.
 *
 * <p>A point that stops matching between the search and its delete is deleted all the same; one
 * that begins to match after the last search stays.
 *
 * <p>Confined to one call.
 */
final class FilteredDelete {
    /** Points found and deleted in one go. */
    private static final int STEP = 5_000;

    private final ArbalestClient client;
    private final CollectionDefinition definition;
    private final SearchQuery query;

    FilteredDelete(
            ArbalestClient client,
            CollectionDefinition definition,
            String filter,
            Duration timeout) {
        this.client = client;
        this.definition = definition;
        this.query =
                SearchQuery.nearest(STEP)
                        .withExact(true)
                        .withFilter(filter)
                        .withFields(List.of())
                        .withTimeout(timeout);
    }

    /**
     * Runs to the end.
     *
     * @return how many points were deleted
     * @throws ArbalestException the filter's codes, and what a shard that does not answer says
     */
    long run() {
        float[] any = new float[definition.dimension()];
        any[0] = 1; // which points are found first does not matter
        long deleted = 0;
        Token written = null;
        while (true) {
            List<Hit> hits = find(any, written);
            if (hits.isEmpty()) {
                return deleted;
            }
            List<Point> deletes = new ArrayList<>(hits.size());
            hits.forEach(hit -> deletes.add(Point.delete(hit.key(), null)));
            written = client.write(definition.name(), deletes);
            deleted += deletes.size();
        }
    }

    private List<Hit> find(float[] any, @Nullable Token after) {
        SearchResult result =
                client.search(definition.name(), List.of(any), query.withToken(after));
        if (result.partial()) {
            throw result.missing().values().iterator().next();
        }
        return result.hits().get(0);
    }
}
