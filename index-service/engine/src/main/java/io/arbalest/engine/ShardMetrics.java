package io.arbalest.engine;

import io.arbalest.common.Metrics;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.ShardId;

import java.util.Arrays;
import java.util.function.DoubleSupplier;

/** The metrics of one shard, labelled with collection and shard number. Thread-safe. */
final class ShardMetrics {
    private static final String LABEL = "shard_id";

    private final Metrics registry;
    private final ShardId id;
    private final String[] labels;

    final Metrics.Counter rows;
    final Metrics.Counter updatedRows;
    final Metrics.Counter vectorBytes;
    final Metrics.Counter staleRows;
    final Metrics.Counter duplicateRows;
    final Metrics.Counter rejectedRows;
    final Metrics.Counter conflictingRows;
    final Metrics.Counter tooOldRows;
    final Metrics.Counter purgedTombstones;
    final Metrics.Counter refusedBatches;
    final Metrics.Counter heldBatches;
    final Metrics.Counter sealedSegments;
    final Metrics.Counter merges;
    final Metrics.Counter scrubbedSegments;
    final Metrics.Counter queries;
    final Metrics.Counter scored;
    final Metrics.Counter tailScored;
    final Metrics.Histogram searchSeconds;
    final Metrics.Histogram writeSeconds;

    ShardMetrics(Metrics registry, ShardId id, CollectionDefinition definition) {
        this.registry = registry;
        this.id = id;
        this.labels = labels(id, definition);
        rows = counter("rows_applied_total", "Rows applied, replay included");
        updatedRows =
                counter(
                        "rows_updated_in_place_total",
                        "Rows that changed metadata only: no vector stored, no graph touched");
        vectorBytes = counter("vector_bytes_total", "Bytes of vectors stored in segments");
        staleRows =
                counter(
                        "rows_stale_total",
                        "Rows dropped: their key had a higher version; replay included");
        duplicateRows =
                counter("rows_duplicate_total", "Rows dropped: already there; replay included");
        conflictingRows =
                counter(
                        "rows_conflicting_total",
                        "Rows dropped: their key had the same version with another content");
        tooOldRows =
                counter(
                        "rows_too_old_total",
                        "Upserts of unknown keys refused: not above the tombstone horizon");
        purgedTombstones =
                counter("tombstones_purged_total", "Deletes forgotten after their retention");
        rejectedRows = counter("rows_rejected_total", "Rows refused by a check");
        refusedBatches = counter("batches_refused_total", "Batches refused for lack of room");
        heldBatches = counter("batches_held_total", "Batches that had to wait for the index");
        sealedSegments = counter("segments_sealed_total", "Full segments sealed to files");
        merges = counter("segment_merges_total", "Times that sealed segments were merged");
        scrubbedSegments =
                counter(
                        "segments_scrubbed_total",
                        "Times that a sealed file was compared with its checksums, and was whole");
        queries = counter("queries_total", "Query vectors searched");
        scored = counter("scored_total", "Distances computed in graphs");
        tailScored = counter("tail_scored_total", "Distances computed in exact scans");
        searchSeconds =
                registry.histogram(
                        "arbalest_engine_search_seconds", "Time of a search call", labels);
        writeSeconds =
                registry.histogram(
                        "arbalest_engine_write_seconds",
                        "Time from a batch to its acknowledgement",
                        labels);
    }

    /** What every series about a shard carries. */
    static String[] labels(ShardId id, CollectionDefinition definition) {
        return new String[] {
            "collection",
            definition.name(),
            "shard",
            Integer.toString(id.number()),
            LABEL,
            id.toString()
        };
    }

    private Metrics.Counter counter(String name, String help) {
        return registry.counter("arbalest_engine_" + name, help, labels);
    }

    /** Shows the shard's counts at every scrape. */
    void watch(Shard shard) {
        gauge(
                "live_points",
                "Points that a search can find",
                () -> shard.statistics().livePoints());
        gauge(
                "linked_points",
                "Points in graphs, dead ones included",
                () -> shard.statistics().linkedPoints());
        gauge(
                "tail_rows",
                "Rows applied and not linked yet",
                () -> shard.statistics().tailPoints());
        gauge(
                "tombstones",
                "Deleted keys that are remembered",
                () -> shard.statistics().tombstones());
        gauge(
                "applied_rows",
                "Sequence number applied",
                () -> shard.statistics().appliedSequenceNumber());
        gauge("wal_bytes", "Bytes of the log's files", () -> shard.statistics().walBytes());
        gauge(
                "state",
                "0 recovering, 1 serving, 2 read only, 3 failed",
                () -> number(shard.statistics().state()));
    }

    /** Shows what is done to the shard's segments, at every scrape. */
    void watch(SegmentKeeper keeper) {
        gauge("sealing", "1 while a segment is sealed", () -> keeper.sealing() ? 1 : 0);
        gauge("merging", "1 while segments are merged", () -> keeper.merging() ? 1 : 0);
        gauge("unsealed_segments", "Full segments that are not sealed yet", keeper::unsealed);
        for (IndexCodes.Kind codes : IndexCodes.Kind.values()) {
            if (codes != IndexCodes.Kind.AUTO) {
                String[] more = Arrays.copyOf(labels, labels.length + 2);
                more[labels.length] = "codes";
                more[labels.length + 1] = codes.label();
                registry.gauge(
                        "arbalest_engine_sealed_points",
                        "Points in sealed segments, dead ones included, by what walks score by",
                        () -> keeper.sealedPoints(codes),
                        more);
            }
        }
    }

    private static int number(ShardState state) {
        return switch (state) {
            case RECOVERING -> 0;
            case SERVING -> 1;
            case READ_ONLY -> 2;
            case FAILED -> 3;
        };
    }

    private void gauge(String name, String help, DoubleSupplier value) {
        registry.gauge("arbalest_engine_" + name, help, value, labels);
    }

    /** Takes the shard's series away. */
    void close() {
        registry.remove(LABEL, id.toString());
    }
}
