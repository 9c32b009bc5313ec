/**
 * What a shard knows about its rows besides their vectors: which key lives where, under which
 * version, with which metadata, and which rows have which value.
 *
 * <p><b>Knows</b> common, model, RocksDB (only {@link io.arbalest.metadata.RocksDbStore} and {@link
 * io.arbalest.metadata.RocksDbEnvironment}), Roaring bitmaps and simd's words. <b>Does not know</b>
 * the log, the graph or vectors.
 *
 * <p><b>Start at</b> {@link io.arbalest.metadata.ShardMetadata}, then {@link
 * io.arbalest.metadata.MetadataFormat} and {@link io.arbalest.metadata.ColumnFormat} (what lies in
 * the store) and {@link io.arbalest.metadata.KeyValueStore} (the seam under it).
 *
 * <p><b>Threads:</b> one {@code applier} a shard writes through {@link
 * io.arbalest.metadata.MetadataBatch}; any thread reads.
 *
 * <p><b>Owns</b> the store of a shard, from opening to closing; native memory through {@link
 * io.arbalest.metadata.RocksDbEnvironment}, one a node.
 */
@NullMarked
package io.arbalest.metadata;

import org.jspecify.annotations.NullMarked;
