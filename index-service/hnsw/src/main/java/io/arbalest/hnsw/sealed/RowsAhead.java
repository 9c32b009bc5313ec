package io.arbalest.hnsw.sealed;

/**
 * Told which vectors will be read, before any of them is, so that those which are not in memory are
 * fetched all at once instead of one after the other.
 *
 * <p>Called by searching threads, several at a time.
 */
@FunctionalInterface
public interface RowsAhead {
    /** For vectors that stay in memory. */
    RowsAhead NONE = (_, _) -> {};

    /**
     * Starts to read a vector and returns at once.
     *
     * @param offset in {@link SealedSection#VECTORS}, in bytes
     */
    void expect(long offset, long bytes);
}
