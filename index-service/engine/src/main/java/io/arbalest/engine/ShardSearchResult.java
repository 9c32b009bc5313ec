package io.arbalest.engine;

import java.util.List;

/**
 * A shard's answer to a batch of queries.
 *
 * @param rows one list a query, best first
 * @param scored distances computed in graphs, summed over the queries
 * @param tailScored distances computed in exact scans
 * @param plans how each segment was searched, largest first
 * @param deadlineReached what is here was found in time; there may be better
 */
public record ShardSearchResult(
        List<List<FoundRow>> rows,
        long scored,
        long tailScored,
        long linkedPoints,
        long tailPoints,
        long livePoints,
        boolean deadlineReached,
        List<SegmentPlan> plans) {
    /** Without saying how. */
    public ShardSearchResult(
            List<List<FoundRow>> rows,
            long scored,
            long tailScored,
            long linkedPoints,
            long tailPoints,
            long livePoints,
            boolean deadlineReached) {
        this(
                rows,
                scored,
                tailScored,
                linkedPoints,
                tailPoints,
                livePoints,
                deadlineReached,
                List.of());
    }
}
