/**
 * What writing and merging cost searches, and what searches cost writing.
 *
 * <p><b>Knows</b> the engine, as a node runs it. <b>Start at</b> {@link
 * io.arbalest.benchmarks.load.LoadBench}.
 *
 * <p><b>Threads:</b> the engine's, one that writes and one that searches. <b>Owns</b> a temporary
 * directory.
 */
@NullMarked
package io.arbalest.benchmarks.load;

import org.jspecify.annotations.NullMarked;
