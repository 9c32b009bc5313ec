package io.arbalest.hnsw;

/**
 * A hierarchical graph to be packed: who links to whom on which level.
 *
 * <p>Any number of threads may read it, while nobody writes to the graph.
 */
public interface GraphSource {
    /** A point of the top level, or -1 if the graph has no point. */
    int entryOrdinal();

    /** The highest level of a point, or -1 if the graph does not know it. */
    int levelOf(int ordinal);

    /** The most neighbours that a list of the level holds. */
    int limit(int level);

    /**
     * Copies a list, which may be empty.
     *
     * @param target at least as long as {@link #limit} says
     * @return number of neighbours
     */
    int neighbors(int ordinal, int level, int[] target);
}
