package io.arbalest.client;

/**
 * How one segment of a shard was searched, summed over the queries of a call.
 *
 * @param plan {@code exact}: every matching row was scored; {@code walk}: the graph was walked
 *     among matching rows; {@code post}: the whole graph was walked
 * @param rows rows of the segment, dead ones included
 * @param linked rows in its graph
 * @param matching rows that the filter accepts, dead ones included; without a filter, live rows
 * @param visited rows that walks went through, scored or not
 * @param scored distances computed in graphs
 * @param scanned distances computed one by one
 * @param fallbacks queries answered exactly after a walk that found too little, or gave up
 * @param filterNanos time to find the matching rows
 * @param searchNanos time of all searches
 * @param codes what the walk of a sealed segment scores by: none, bytes, nibbles or signs; empty:
 *     it is not sealed
 */
public record PlanReport(
        int shard,
        int segment,
        String plan,
        long rows,
        long linked,
        long matching,
        long visited,
        long scored,
        long scanned,
        long fallbacks,
        long filterNanos,
        long searchNanos,
        String codes) {}
