/**
 * Searches of a sealed graph whose vectors do not fit into memory.
 *
 * <p><b>Knows</b> the packed graph, section files, and the memory controller of cgroups. <b>Start
 * at</b> {@link io.arbalest.benchmarks.disk.DiskBench}.
 *
 * <p><b>Threads:</b> the caller's; building takes more if asked. <b>Owns</b> a control group while
 * it runs.
 */
@NullMarked
package io.arbalest.benchmarks.disk;

import org.jspecify.annotations.NullMarked;
