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

    /**
     * The same of memory in consecutive parts, which may be under way together; returns when all
     * have ended.
     *
     * @param partBytes of each part but the last
     * @return the results in the order of the parts
     */
    default int[] moveParts(
            byte operation,
            int file,
            boolean registered,
            long offset,
            MemorySegment memory,
            long partBytes)
            throws IOException {
        int[] results = new int[Math.toIntExact((memory.byteSize() + partBytes - 1) / partBytes)];
        for (int i = 0; i < results.length; i++) {
            results[i] =
                    move(
                            operation,
                            file,
                            registered,
                            offset + i * partBytes,
                            part(memory, i, partBytes));
        }
        return results;
    }

    /** Part {@code i} of the memory. */
    static MemorySegment part(MemorySegment memory, int i, long partBytes) {
        long from = i * partBytes;
        return memory.asSlice(from, Math.min(partBytes, memory.byteSize() - from));
    }
}
