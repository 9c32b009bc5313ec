package io.arbalest.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A file of whole blocks of {@link #BLOCK_BYTES}, written and read at aligned positions from
 * aligned native memory.
 *
 * <p>Confined to one writing thread at a time; reads may run beside it on blocks that were written
 * before.
 */
public interface BlockFile extends AutoCloseable {
    /** Alignment of addresses, offsets and lengths. */
    int BLOCK_BYTES = 4096;

    /** Length in bytes; a multiple of {@link #BLOCK_BYTES}. */
    long size();

    /**
     * Writes all of {@code source} at {@code offset}. When this returns, the bytes are on stable
     * storage (O_DSYNC). After any exception their state is unknown and the caller must not write
     * to this file again.
     */
    void write(long offset, MemorySegment source) throws IOException;

    /**
     * Makes stable what anyone has written to this file before, also a process that was killed
     * while it wrote: its last bytes may be readable and not be on stable storage yet.
     */
    void sync() throws IOException;

    /** Fills {@code target} from {@code offset}; the whole range must lie inside the file. */
    void read(long offset, MemorySegment target) throws IOException;

    @Override
    void close() throws IOException;
}
