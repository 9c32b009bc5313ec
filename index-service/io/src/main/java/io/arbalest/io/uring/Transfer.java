package io.arbalest.io.uring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** What a ring does for a file. Confined to the thread that made the ring. */
interface Transfer {
    /**
     * Puts one request into the queue that moves bytes between a file and memory; a write is on
     * stable storage when it has completed (RWF_DSYNC).
     *
     * @param registered whether {@code file} is a slot of the table, not a descriptor
     */
    void prepare(byte operation, int file, boolean registered, long offset, MemorySegment memory);

    /** Hands the request to the kernel and does not wait for it. */
    void start();

    /**
     * Waits for the request that was prepared; starts it before that if need be, in one call.
     *
     * @return bytes moved, or a negative error number
     * @throws IOException if the ring itself has failed and the request's fate is unknown
     */
    int complete() throws IOException;

    /** Makes a request and waits for it. */
    default int move(
            byte operation, int file, boolean registered, long offset, MemorySegment memory)
            throws IOException {
        prepare(operation, file, registered, offset, memory);
        return complete();
    }
}
