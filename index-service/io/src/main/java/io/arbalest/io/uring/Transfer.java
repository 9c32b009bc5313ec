package io.arbalest.io.uring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** What a ring does for a file. Confined to the thread that made the ring. */
@FunctionalInterface
interface Transfer {
    /**
     * One request that moves bytes between a file and memory; a write is on stable storage when it
     * has returned (RWF_DSYNC). Waits for it.
     *
     * @param registered whether {@code file} is a slot of the table, not a descriptor
     * @return bytes moved, or a negative error number
     * @throws IOException if the ring itself has failed and the request's fate is unknown
     */
    int move(byte operation, int file, boolean registered, long offset, MemorySegment memory)
            throws IOException;
}
