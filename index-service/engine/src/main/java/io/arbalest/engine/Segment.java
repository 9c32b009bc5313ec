package io.arbalest.engine;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.AcceptedPoints;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.memory.Prefetch;
import io.arbalest.metadata.MatchingRows;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.IntFunction;

/**
 * Rows of a shard that are searched as one, by ordinals of the segment's own: a growing segment, or
 * a sealed one. Which rows count is decided by their {@link RowStamps}, which outlive the segment.
 *
 * <p>Thread-safe.
 */
interface Segment extends AutoCloseable {
    /** The segment's number in its shard; never given twice. */
    int id();

    /** Rows published, dead ones included: ordinals are below this. */
    int rows();

    /** Rows that are visible at the newest snapshot. */
    int live();

    /** Every row below this ordinal is in the graph, or was dead before it got there. */
    int linked();

    /** Points in the graph, dead ones included. */
    int linkedPoints();

    /** The stamps of this segment's rows, one for each segment to which they were appended. */
    List<RowStamps> origins();

    /** The {@link RowName} of a row. */
    long name(int ordinal);

    /**
     * Key and version of a row as they were when its file was written; null: they are not here. Who
     * asks makes sure that the row was not {@linkplain
     * io.arbalest.metadata.ShardMetadata#changedInPlace changed in place}, before asking.
     */
    default @Nullable RowHead head(int ordinal) {
        return null;
    }

    /**
     * Starts to bring what {@link #exactScores} and {@link #head} read of the first {@code count}
     * rows into the cache.
     */
    default void expect(int[] ordinals, int count, Prefetch prefetch) {}

    /** The ordinal of the row with a {@link RowName}; negative: it is not here. */
    int ordinal(long name);

    /** The rows that a reader of this snapshot sees. */
    boolean visible(int ordinal, long snapshot);

    /** Whether it is known, without looking at the rows, that every reader sees all of them. */
    default boolean allVisible() {
        return false;
    }

    /**
     * Rows by this segment's ordinals, from rows by their ordinals in the segment to which they
     * were appended, asked for by that.
     */
    MatchingRows translate(IntFunction<MatchingRows> byOrigin);

    /** Looks for rows near a query; on the calling thread. */
    Probe probe(float[] query);

    /**
     * Scores of the first {@code count} rows in their direct form, accumulated in double from the
     * stored vectors.
     */
    void exactScores(int[] ordinals, int count, float[] query, double[] scores);

    /** Reads a vector back, bit for bit as it was written. */
    void read(int ordinal, short[] target);

    /** Runs something when the memory is freed. */
    void whenFreed(Runnable task);

    /** Frees the memory; nobody may be reading. */
    @Override
    void close();

    /** One query in one segment. Confined to the thread that made it. */
    interface Probe {
        /** Offers what a walk of the graph finds: accepted rows of at least a score. */
        Walked walk(SearchLimits limits, OrdinalSet accept, NeighborQueue results);

        /**
         * As {@link #walk}, for a set that leaves many rows out: where the graph allows it, and
         * unless most rows around the query are accepted, only accepted rows are scored.
         *
         * @param limit scores after which the walk gives up
         */
        default Walked walkAccepted(
                SearchLimits limits, AcceptedPoints accepted, long limit, NeighborQueue results) {
            return walk(limits, accepted.set(), results);
        }

        /**
         * What a walk did.
         *
         * @param visited rows that it went through, scored or not
         * @param ended it came to its end; false: it gave up
         * @param all it scored rows whether accepted or not
         * @param expired the deadline cut it short
         */
        record Walked(long scored, long visited, boolean ended, boolean all, boolean expired) {}

        /**
         * Offers every accepted row of a range of ordinals that has at least a score.
         *
         * @return number of scores computed
         */
        long scan(int from, int to, OrdinalSet accept, float minScore, NeighborQueue results);

        /**
         * As {@link #scan}, where the graph has codes by these first: the best {@code ef} rows by
         * code are then scored by their vectors.
         *
         * @return number of scores computed
         */
        default long scanCodes(
                int from,
                int to,
                OrdinalSet accept,
                int ef,
                float minScore,
                NeighborQueue results) {
            return scan(from, to, accept, minScore, results);
        }
    }
}
