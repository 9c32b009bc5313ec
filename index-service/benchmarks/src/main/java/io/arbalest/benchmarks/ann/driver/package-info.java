/**
 * The processes that {@link io.arbalest.benchmarks.ann.AnnCommand} measures: one JVM a system, one
 * class a system, asked over standard input.
 *
 * <p><b>Start at</b> {@link io.arbalest.benchmarks.ann.driver.DriverMain}; the conversation is
 * specified in {@link io.arbalest.benchmarks.ann.DriverProtocol}.
 */
@NullMarked
package io.arbalest.benchmarks.ann.driver;

import org.jspecify.annotations.NullMarked;
