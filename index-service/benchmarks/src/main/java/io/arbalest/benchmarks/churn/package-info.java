/**
 * Whether recall rots while all points are replaced, merge by merge.
 *
 * <p><b>Knows</b> the growing and the packed graph, and how they are merged. <b>Start at</b> {@link
 * io.arbalest.benchmarks.churn.ChurnBench}.
 *
 * <p><b>Threads:</b> the caller's. <b>Owns</b> the graphs while it runs.
 */
@NullMarked
package io.arbalest.benchmarks.churn;

import org.jspecify.annotations.NullMarked;
