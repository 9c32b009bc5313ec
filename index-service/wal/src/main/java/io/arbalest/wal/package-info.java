/**
 * The write-ahead log: appends opaque operation bytes, makes them durable in groups, and after a
 * restart gives back exactly the prefix that was acknowledged.
 *
 * <p><b>Knows</b> records, files of the log, checksums, group commit, recovery. <b>Does not
 * know</b> vectors, keys or shards: a body is bytes. Imports io and common.
 *
 * <p><b>Start at</b> {@link io.arbalest.wal.WriteAheadLog}, then {@code WalFormat} (the
 * specification), then {@code WalRecovery} (the decision table).
 *
 * <p><b>Threads:</b> a log has the serial executors {@code wal-writer} (lays out, writes,
 * callbacks, marks), {@code wal-preparer} (files written with zeros ahead of their use, and their
 * names) and {@code wal-helper} (long writes of a disk whose writes block, while the next batch is
 * laid out); appenders may be many.
 *
 * <p><b>Owns:</b> everything in the log's directory, one aligned buffer of two batches, the open
 * files.
 */
@NullMarked
package io.arbalest.wal;

import org.jspecify.annotations.NullMarked;
