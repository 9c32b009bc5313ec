/**
 * What all benchmarks share: where they write, the form of their rows, percentiles.
 *
 * <p><b>Knows</b> nothing of what is measured. <b>Start at</b> {@link
 * io.arbalest.benchmarks.report.ResultWriter}.
 *
 * <p><b>Threads:</b> none. <b>Owns</b> nothing.
 */
@NullMarked
package io.arbalest.benchmarks.report;

import org.jspecify.annotations.NullMarked;
