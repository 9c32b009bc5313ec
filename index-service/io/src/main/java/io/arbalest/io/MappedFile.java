package io.arbalest.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A file that nobody writes any more, mapped read-only.
 *
 * <p>A read error of the device under {@link #bytes} ends the process (mmap(2), SIGBUS), so check a
 * file through {@link #read} once before its bytes are used; that also brings it into the page
 * cache.
 *
 * <p>Thread-safe. Closing while somebody reads the bytes fails that reader.
 */
public interface MappedFile extends AutoCloseable {
    /** The whole file. */
    MemorySegment bytes();

    /** Fills {@code target} from {@code offset} through read(2), so that errors are exceptions. */
    void read(long offset, MemorySegment target) throws IOException;

    /** Unmaps the file. */
    @Override
    void close();
}
