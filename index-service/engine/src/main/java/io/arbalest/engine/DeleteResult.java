package io.arbalest.engine;

import io.arbalest.model.ArbalestException;

import org.jspecify.annotations.Nullable;

/**
 * What {@link Shard#deleteWhere} did.
 *
 * @param deleted points that are gone, or, of a dry run, that match
 * @param changed points that matched and were written again before they could be deleted
 * @param finished whether every row was looked at; if not, time ran out
 * @param sequenceNumber a search that waits for it sees the deletes; 0: there is none
 * @param failure why it ended early, after some points were deleted; null: it did not fail
 */
public record DeleteResult(
        long deleted,
        long changed,
        boolean finished,
        long sequenceNumber,
        @Nullable ArbalestException failure) {
    /** Of a delete that did not fail. */
    public DeleteResult(long deleted, long changed, boolean finished, long sequenceNumber) {
        this(deleted, changed, finished, sequenceNumber, null);
    }
}
