/**
 * What every room of the node needs and none owns: the seams for time, randomness, threads and
 * metrics, checksums, limits and ordinal sets.
 *
 * <p><b>Knows</b> only the JDK. <b>Does not know</b> files, sockets, vectors or any third-party
 * library.
 *
 * <p><b>Start at</b> {@link io.arbalest.common.Clock}, {@link io.arbalest.common.Scheduler}, {@link
 * io.arbalest.common.Metrics}.
 *
 * <p><b>Threads:</b> this is one of the two rooms (with testkit) that may start threads or read a
 * clock; all others are handed a {@link io.arbalest.common.Scheduler} and a {@link
 * io.arbalest.common.Clock}, so that a simulation can run them on one thread.
 */
@NullMarked
package io.arbalest.common;

import org.jspecify.annotations.NullMarked;
