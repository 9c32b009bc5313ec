/**
 * What a filter costs, every plan beside every other and beside no filter in one run, and what it
 * costs to write the fields that filters ask about.
 *
 * <p><b>Knows</b> the engine, as a node runs it. <b>Start at</b> {@link
 * io.arbalest.benchmarks.filters.FilterBench}.
 *
 * <p><b>Threads:</b> the engine's, and one that writes if asked. <b>Owns</b> a temporary directory.
 */
@NullMarked
package io.arbalest.benchmarks.filters;

import org.jspecify.annotations.NullMarked;
