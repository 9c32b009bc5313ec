/**
 * Recall against throughput of graph indexes: data sets with exact truth, the systems each in a
 * process of its own, and the run that asks them in turn.
 *
 * <p><b>Knows</b> data, report and the drivers by their protocol. <b>Does not know</b> how a system
 * is built or searched: its driver does.
 *
 * <p><b>Start at</b> {@link io.arbalest.benchmarks.ann.AnnCommand}.
 *
 * <p><b>Threads:</b> the main thread. <b>Owns</b> the processes that it starts, and the files that
 * it keeps for the next run.
 */
@NullMarked
package io.arbalest.benchmarks.ann;

import org.jspecify.annotations.NullMarked;
