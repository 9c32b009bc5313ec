package io.arbalest.engine;

/**
 * What {@link Shard#deleteWhere} did.
 *
 * @param deleted points that are gone, or, of a dry run, that match
 * @param changed points that matched and were written again before they could be deleted
 * @param finished whether every row was looked at; if not, time ran out
 * @param sequenceNumber a search that waits for it sees the deletes; 0: there is none
 */
public record DeleteResult(long deleted, long changed, boolean finished, long sequenceNumber) {}
