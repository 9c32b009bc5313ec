/**
 * Measurements: JMH kernel benchmarks, and recall against throughput on data sets in the fvecs
 * form. Never deployed.
 *
 * <p><b>Knows</b> hnsw, simd, memory, engine. <b>Does not know</b> the network.
 *
 * <p><b>Start at</b> {@link io.arbalest.benchmarks.BenchCommand}; kernels: {@link
 * io.arbalest.benchmarks.HalfDotBenchmark}.
 *
 * <p><b>Threads:</b> the main thread, and those it is told to link with.
 *
 * <p><b>Owns</b> what it builds, for the run.
 */
@NullMarked
package io.arbalest.benchmarks;

import org.jspecify.annotations.NullMarked;
