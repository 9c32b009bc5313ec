package io.arbalest.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * One thread's way of writing block files: an aligned buffer, and whatever the back end keeps for
 * that thread (io_uring: a ring in which the buffer and the files are registered). At most one
 * write is under way; the thread may do something else meanwhile.
 *
 * <p>Confined to one thread at a time. The thread that has called {@link #attach} gets the back
 * end's fastest way; any other thread may write as well (opening and closing a log), plainly. A
 * write is awaited by the thread that has begun it.
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
     * Begins to write all of {@code source} at {@code offset} of a file of the same disk. Until
     * {@link #await} has returned, the source must not change and any part of it may be on stable
     * storage, in any order; then all of it is, as {@link BlockFile#write} says. A source inside
     * {@link #buffer} is moved without mapping its pages anew.
     *
     * @throws IOException as {@link #await}; then nothing is under way
     * @throws IllegalStateException if a write is under way
     */
    void begin(BlockFile file, long offset, MemorySegment source) throws IOException;

    /**
     * Waits until the write that was begun is on stable storage; returns at once if there is none.
     *
     * @throws IOException that of {@link BlockFile#write}: the state of the bytes is unknown
     */
    void await() throws IOException;

    /** Begins a write and waits for it; where nothing is to be done meanwhile this is cheaper. */
    default void write(BlockFile file, long offset, MemorySegment source) throws IOException {
        begin(file, offset, source);
        await();
    }

    @Override
    void close();
}
