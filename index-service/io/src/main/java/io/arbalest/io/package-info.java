/**
 * Block files and the disk they lie on: over FileChannel here, through io_uring in {@code
 * io.arbalest.io.uring}, simulated in testkit; one contract test holds all three.
 *
 * <p><b>Knows</b> files, alignment, durability, native memory. <b>Does not know</b> what is in the
 * blocks. The only room that may name {@code java.lang.foreign.Linker}, {@code FileChannel} or
 * {@code java.io.File*}.
 *
 * <p><b>Start at</b> {@link io.arbalest.io.Disk}, {@link io.arbalest.io.BlockFile}, {@link
 * io.arbalest.io.BlockWriter}; for memory, {@link io.arbalest.io.NativeMemory}; for the few
 * instructions that Java has no words for, {@link io.arbalest.io.MachineCode} and {@link
 * io.arbalest.io.Processor}.
 *
 * <p><b>Threads:</b> starts none. A disk may be used by many threads, a block file is written by
 * one at a time, and a thread inside a transfer must not be interrupted.
 *
 * <p><b>Owns:</b> the open channels of the block files and locks it has handed out, until they are
 * closed.
 *
 * <p><b>Sources:</b> open(2), fsync(2), the measurements cited in the classes.
 */
@NullMarked
package io.arbalest.io;

import org.jspecify.annotations.NullMarked;
