package io.arbalest.jobs.demo;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ArbalestClient.ShardReport;

import java.util.List;

/**
 * How far the shards are, summed.
 *
 * @param live rows that a search can find
 * @param tail of them, not yet linked into a graph
 * @param applied rows written since the collection was created, replaced ones included
 *     <p>Immutable.
 */
record Progress(int shards, long live, long linked, long tail, long applied, long logBytes) {
    static Progress of(ArbalestClient client, String collection) {
        List<ShardReport> reports = client.shardReports(collection);
        return new Progress(
                reports.size(),
                reports.stream().mapToLong(ShardReport::livePoints).sum(),
                reports.stream().mapToLong(ShardReport::linkedPoints).sum(),
                reports.stream().mapToLong(ShardReport::tailPoints).sum(),
                reports.stream().mapToLong(ShardReport::appliedSequenceNumber).sum(),
                reports.stream().mapToLong(ShardReport::walBytes).sum());
    }

    /** The share of the live rows that the graph can find. */
    double linkedShare() {
        return live == 0 ? 0 : Math.max(0, live - tail) / (double) live;
    }
}
