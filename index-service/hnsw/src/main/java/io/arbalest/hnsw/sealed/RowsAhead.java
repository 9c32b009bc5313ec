package io.arbalest.hnsw.sealed;

/**
 * Told which vectors will be read, before any of them is, so that those which are not in memory are
 * fetched all at once instead of one after the other.
 *
 * <p>Called by searching threads, several at a time.
 */
public interface RowsAhead {
    /** For vectors that stay in memory. */
    RowsAhead NONE =
            new RowsAhead() {
                @Override
                public boolean begin() {
                    return false;
                }

                @Override
                public void expect(long offset, long bytes) {}
            };

    /** Asked once a search, on its thread: whether it should announce what it will read. */
    boolean begin();

    /**
     * Starts to read a vector and returns at once.
     *
     * @param offset in {@link SealedSection#VECTORS}, in bytes
     */
    void expect(long offset, long bytes);
}
