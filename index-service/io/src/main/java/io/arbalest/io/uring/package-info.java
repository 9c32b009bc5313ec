/**
 * io_uring from Java through the foreign function interface: no native library, three system calls
 * and two mapped rings.
 *
 * <p><b>Knows</b> the kernel's interface (io_uring_setup(2), io_uring_enter(2),
 * io_uring_register(2)), errno values, why a kernel or a container refuses. <b>Does not know</b>
 * the log.
 *
 * <p><b>Start at</b> {@link io.arbalest.io.uring.UringDisk}, then {@code Ring}; {@link
 * io.arbalest.io.uring.DiskSelection} chooses between it and FileChannel.
 *
 * <p><b>Threads:</b> starts none. A ring belongs to the thread that made it: another one gets
 * EEXIST from the kernel, so a writer's ring is made by {@code attach} on the thread that will
 * write.
 *
 * <p><b>Owns:</b> ring descriptors and mappings, the native descriptors of the files written
 * through a ring.
 */
@NullMarked
package io.arbalest.io.uring;

import org.jspecify.annotations.NullMarked;
