package io.arbalest.engine;

/**
 * How one segment was searched, summed over the queries of a call.
 *
 * @param segment number of the segment in its shard
 * @param sealed whether its files never change; else rows are still appended to it, or it waits to
 *     be sealed
 * @param codes what the walk of a sealed segment scores by: none, bytes, nibbles or signs; empty:
 *     it is not sealed
 * @param plan what was chosen; for a search without a filter, POST: every row passes
 * @param rows rows of the segment, dead ones included
 * @param linked rows in its graph
 * @param matching rows that the filter accepts, dead ones included; without a filter, live rows
 * @param visited rows that walks went through, scored or not
 * @param scored distances computed in graphs
 * @param scanned distances computed one by one
 * @param fallbacks queries whose walk found too little, or gave up, and that were answered exactly
 * @param filterNanos time to find the matching rows
 * @param searchNanos time of all searches
 */
public record SegmentPlan(
        int segment,
        boolean sealed,
        String codes,
        FilterPlan plan,
        long rows,
        long linked,
        long matching,
        long visited,
        long scored,
        long scanned,
        long fallbacks,
        long filterNanos,
        long searchNanos) {}
