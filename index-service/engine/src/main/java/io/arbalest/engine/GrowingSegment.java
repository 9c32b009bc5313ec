package io.arbalest.engine;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.AcceptedPoints;
import io.arbalest.hnsw.ExactScan;
import io.arbalest.hnsw.GraphSearcher;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.PreparedQuery;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.hnsw.sealed.GrowingCodes;
import io.arbalest.metadata.MatchingRows;
import io.arbalest.model.CollectionDefinition;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;

/**
 * A segment that takes rows until it is full: vectors, the graph over them, and their stamps.
 * Ordinals are given in the order in which rows are applied and never reused.
 *
 * <p>The applier appends rows and stamps, then publishes the row count; readers see every row below
 * the count that they read. The linker moves {@link #linked} along behind. Other methods are
 * thread-safe.
 */
final class GrowingSegment implements Segment {
    private final RowStamps stamps;
    private final VectorTable vectors;
    private final GrowingGraph graph;
    private final SearcherPool<GraphSearcher> searchers;
    private final ConcurrentLinkedQueue<Runnable> freed = new ConcurrentLinkedQueue<>();

    /** Rows appended, published or not; applier only. */
    private int appended;

    private boolean closedForRows; // applier only

    private volatile int linked;

    GrowingSegment(int id, int capacity, int shardNumber, CollectionDefinition definition) {
        this.stamps = new RowStamps(id, capacity);
        this.vectors = new VectorTable(definition.dimension(), definition.metric(), capacity);
        this.graph =
                new GrowingGraph(
                        vectors,
                        definition.hnsw().m(),
                        definition.hnsw().efConstruction(),
                        levelSeed(definition.incarnation(), shardNumber, id),
                        capacity,
                        GrowingCodes.SOURCE);
        this.searchers = new SearcherPool<>(graph::newSearcher);
    }

    /** The same in every replica and after every restart. */
    private static long levelSeed(UUID incarnation, int shardNumber, int segment) {
        long seed =
                incarnation.getMostSignificantBits()
                        ^ Long.rotateLeft(incarnation.getLeastSignificantBits(), 17);
        return seed * 31 + (((long) shardNumber << 32) | segment);
    }

    @Override
    public int id() {
        return stamps.segment();
    }

    VectorTable vectors() {
        return vectors;
    }

    GrowingGraph graph() {
        return graph;
    }

    RowStamps stamps() {
        return stamps;
    }

    /** Whether no row can be appended; applier only. */
    boolean full() {
        return closedForRows || appended == stamps.capacity();
    }

    /** Whether no row was appended; applier only. */
    boolean empty() {
        return appended == 0;
    }

    /** Lets no further row be appended; applier only. */
    void closeForRows() {
        closedForRows = true;
    }

    /** Appends a row that becomes visible at a stamp, and returns its ordinal; applier only. */
    int append(MemorySegment source, long byteOffset, long stamp) {
        int ordinal = appended;
        vectors.set(ordinal, source, byteOffset);
        stamps.begin(ordinal, stamp);
        appended++;
        return ordinal;
    }

    /**
     * Makes what was appended and ended readable; applier only.
     *
     * @param liveChange rows that became live minus rows that ended since the last time
     */
    void publish(int liveChange) {
        stamps.publish(appended, liveChange);
    }

    @Override
    public int rows() {
        return stamps.rows();
    }

    @Override
    public int live() {
        return stamps.live();
    }

    @Override
    public int linked() {
        return linked;
    }

    @Override
    public int linkedPoints() {
        return graph.linkedCount();
    }

    /** Moves the watermark; linker only. */
    void linked(int watermark) {
        linked = watermark;
    }

    @Override
    public List<RowStamps> origins() {
        return List.of(stamps);
    }

    @Override
    public long name(int ordinal) {
        return RowName.of(id(), ordinal);
    }

    @Override
    public int ordinal(long name) {
        return RowName.segment(name) == id() ? RowName.ordinal(name) : -1;
    }

    @Override
    public boolean visible(int ordinal, long snapshot) {
        return stamps.visible(ordinal, snapshot);
    }

    /** Whether no reader of this or a later snapshot sees the row any more. */
    boolean ended(int ordinal, long snapshot) {
        return stamps.ended(ordinal, snapshot);
    }

    @Override
    public MatchingRows translate(IntFunction<MatchingRows> byOrigin) {
        return byOrigin.apply(id());
    }

    @Override
    public Probe probe(float[] query) {
        return new TableProbe(vectors.prepare(query));
    }

    private final class TableProbe implements Probe {
        private final PreparedQuery query;

        TableProbe(PreparedQuery query) {
            this.query = query;
        }

        @Override
        public Walked walk(SearchLimits limits, OrdinalSet accept, NeighborQueue results) {
            GraphSearcher searcher = searchers.acquire();
            try {
                searcher.search(query, limits, accept, results);
                long scored = searcher.scored();
                return new Walked(scored, scored, true, true, searcher.expired());
            } finally {
                searchers.release(searcher);
            }
        }

        @Override
        public Walked walkAccepted(
                SearchLimits limits, AcceptedPoints accepted, long limit, NeighborQueue results) {
            GraphSearcher searcher = searchers.acquire();
            try {
                boolean ended = searcher.searchAccepted(query, limits, accepted, limit, results);
                return new Walked(
                        searcher.scored(),
                        searcher.visited(),
                        ended,
                        searcher.walkedAll(),
                        searcher.expired());
            } finally {
                searchers.release(searcher);
            }
        }

        @Override
        public long scan(
                int from, int to, OrdinalSet accept, float minScore, NeighborQueue results) {
            return ExactScan.scan(vectors, query, from, to, accept, minScore, results);
        }
    }

    @Override
    public void exactScores(int[] rows, int count, float[] query, double[] scores) {
        vectors.exactScores(rows, count, query, scores);
    }

    @Override
    public void read(int ordinal, short[] target) {
        vectors.read(ordinal, target);
    }

    @Override
    public void whenFreed(Runnable task) {
        freed.add(task);
    }

    @Override
    public void close() {
        searchers.clear();
        graph.close();
        vectors.close();
        freed.forEach(Runnable::run);
    }
}
