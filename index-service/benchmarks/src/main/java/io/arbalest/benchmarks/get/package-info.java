/**
 * Points by key from a node over loopback: one key a call beside many.
 *
 * <p><b>Knows</b> the client, and the launcher that starts a node. <b>Start at</b> {@link
 * io.arbalest.benchmarks.get.GetBench}.
 *
 * <p><b>Threads:</b> the client's. <b>Owns</b> a node in a process of its own and a temporary
 * directory.
 */
@NullMarked
package io.arbalest.benchmarks.get;

import org.jspecify.annotations.NullMarked;
