/**
 * {@code bench restart}: how soon a node answers that was killed, and how well while it puts its
 * index together again.
 *
 * <p><b>Knows</b> the Java client and a node as a process. <b>Start at</b> {@link
 * io.arbalest.benchmarks.restart.RestartBench}.
 *
 * <p><b>Threads:</b> none of its own. <b>Owns</b> the node process, and the directory that it fills
 * unless one is given.
 */
@NullMarked
package io.arbalest.benchmarks.restart;

import org.jspecify.annotations.NullMarked;
