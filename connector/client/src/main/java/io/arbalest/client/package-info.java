/**
 * The Java client: routes rows by key hash to the node that owns the shard, retries with back-off,
 * holds writers back by acknowledged bytes, fans searches out and merges the answers.
 *
 * <p><b>Knows</b> protocol, model and Arrow Flight. <b>Does not know</b> Flink, Kafka or files.
 *
 * <p><b>Start at</b> {@link io.arbalest.client.ArbalestClient}, {@link
 * io.arbalest.client.PointWriter}, {@link io.arbalest.client.SearchQuery}.
 */
@NullMarked
package io.arbalest.client;

import org.jspecify.annotations.NullMarked;
