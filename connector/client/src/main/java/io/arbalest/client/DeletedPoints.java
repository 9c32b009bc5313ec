package io.arbalest.client;

import io.arbalest.model.ArbalestException;

import java.util.List;
import java.util.Map;

/**
 * What a delete by filter did.
 *
 * @param deleted points that are gone, also in shards that failed afterwards; of a dry run, points
 *     that match
 * @param changed points that matched and were written again before they could be deleted: they stay
 * @param unfinished shards in which time ran out: call again
 * @param missing why shards did not answer or did not finish; some of their points may be deleted
 * @param token a search with it sees the deletes
 */
public record DeletedPoints(
        long deleted,
        long changed,
        List<Integer> unfinished,
        Map<Integer, ArbalestException> missing,
        Token token) {
    public DeletedPoints {
        unfinished = List.copyOf(unfinished);
        missing = Map.copyOf(missing);
    }

    /** Whether every shard has looked at all its points. */
    public boolean finished() {
        return unfinished.isEmpty() && missing.isEmpty();
    }
}
