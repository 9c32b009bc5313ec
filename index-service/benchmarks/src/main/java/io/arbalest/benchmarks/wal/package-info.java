/**
 * {@code bench wal}: how fast the log makes records durable, beside what fio reaches on the same
 * directory in the same run.
 *
 * <p><b>Knows</b> wal, io. <b>Does not know</b> the engine.
 *
 * <p><b>Start at</b> {@link io.arbalest.benchmarks.wal.WalCommand}.
 *
 * <p><b>Threads:</b> one an appender, and the log's own.
 *
 * <p><b>Owns</b> the directory that it makes and removes.
 */
@NullMarked
package io.arbalest.benchmarks.wal;

import org.jspecify.annotations.NullMarked;
