package io.arbalest.benchmarks.ann.driver;

import java.io.IOException;

/**
 * One system: its index is built or opened once, then searched.
 *
 * <p>Built, opened and closed by one thread; searchers are confined to theirs.
 */
interface Driver extends AutoCloseable {
    /** Searches from one thread. */
    @FunctionalInterface
    interface Searcher {
        /**
         * Answers one query.
         *
         * @param ef candidates kept by the search, by whatever name the system calls them
         * @param found receives the rows of the base that are nearest, best first; what there is
         *     none for is left as it was
         */
        void search(float[] query, int ef, int[] found) throws Exception;
    }

    /** Builds the index from the base, ready to be searched. */
    void build() throws Exception;

    /** Whether an index can be kept and opened again. */
    default boolean canKeep() {
        return false;
    }

    /** Keeps the index under {@link DriverOptions#index}. */
    default void keep() throws Exception {
        throw new UnsupportedOperationException("this index cannot be kept");
    }

    /** Opens the index that was kept. */
    default void open() throws Exception {
        throw new UnsupportedOperationException("this index cannot be kept");
    }

    /** Bytes of the index with its vectors, as the system lays them out to search them. */
    long bytes() throws Exception;

    /** For one searching thread. */
    Searcher newSearcher() throws Exception;

    @Override
    default void close() throws IOException {}
}
