/**
 * A shard as a node runs it, inside the process that measures it.
 *
 * <p><b>Knows</b> the engine and its store. <b>Start at</b> {@link
 * io.arbalest.benchmarks.shard.LocalShard}.
 *
 * <p><b>Threads:</b> the engine's. <b>Owns</b> nothing: the directory is the caller's.
 */
@NullMarked
package io.arbalest.benchmarks.shard;

import org.jspecify.annotations.NullMarked;
