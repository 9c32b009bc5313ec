/**
 * What the adaptive stop of searches saves, and what recall it costs.
 *
 * <p><b>Knows</b> the engine, as a node runs it. <b>Start at</b> {@link
 * io.arbalest.benchmarks.adaptive.AdaptiveBench}.
 *
 * <p><b>Threads:</b> the engine's, and one that searches. <b>Owns</b> a temporary directory.
 */
@NullMarked
package io.arbalest.benchmarks.adaptive;

import org.jspecify.annotations.NullMarked;
