/**
 * Collections, shards and segments: joins the log, the graph and the metadata into one promise. A
 * row that was acknowledged is durable, searchable and versioned; after a restart it is again.
 *
 * <p><b>Knows</b> wal, hnsw, metadata, memory, simd, io, common, model. <b>Does not know</b> Arrow,
 * Flight, Ratis or Prometheus.
 *
 * <p><b>Start at</b> {@link io.arbalest.engine.Engine}, {@link io.arbalest.engine.Shard}, then
 * {@code RowFormat} (what a log record's body holds), {@code ShardRecovery} and {@code
 * SegmentKeeper} (what is on disk, and how it gets there).
 *
 * <p><b>Threads:</b> {@code applier} (one a shard, applies durable records in sequence order),
 * {@code indexer} (links applied rows into the graph), {@code merger} (seals and merges segments),
 * {@code disk-reserve} (one a node, looks how full the disk is), callers of search (read only).
 */
@NullMarked
package io.arbalest.engine;

import org.jspecify.annotations.NullMarked;
