package io.arbalest.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * One thread's way of writing block files: an aligned buffer, and whatever the back end keeps for
 * that thread (io_uring: a ring in which the buffer and the files are registered).
 *
 * <p>Confined to one thread at a time. The thread that has called {@link #attach} gets the back
 * end's fastest way; any other thread may write as well (opening and closing a log), plainly.
 */
public interface BlockWriter extends AutoCloseable {
    /** Aligned memory of the length that was asked for; valid until {@link #close}. */
    MemorySegment buffer();

    /**
     * Says that the calling thread is the one that will write most. Called once; a back end whose
     * queues belong to a thread makes them here.
     *
     * @throws IOException if the back end cannot make them; writing plainly still works
     */
    void attach() throws IOException;

    /**
     * Writes all of {@code source} at {@code offset} of a file of the same disk. The contract is
     * that of {@link BlockFile#write}; a source inside {@link #buffer} is moved without mapping its
     * pages anew.
     */
    void write(BlockFile file, long offset, MemorySegment source) throws IOException;

    @Override
    void close();
}
